"""One attempt and what is around it: ``with_retry → circuit → the attempt``; the timeout is the runner's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from interlace.run.circuit import is_connection_failure
from interlace.run.retry import pause, predicate_of, with_retry

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.contracts.connection import Connection
    from interlace.run.circuit import Circuits
    from interlace.run.recording import Done, Recording, Started
    from interlace.run.runner import Worker
    from interlace.run.sessions import Sessions
    from interlace.run.task import Sent, Task

__all__ = ["Trying"]

T = TypeVar("T")


class Trying:
    """Tries what a worker does until it succeeds or is given up.

    Args:
        sessions: gives a worker's session, and drops one that is lost.
        recording: records each failure that is followed by another attempt.
        circuits: of the run's connections.
        root: the project's folder, where the predicates of its models may lie.
    """

    def __init__(self, sessions: Sessions, recording: Recording, circuits: Circuits, root: Path) -> None:
        self._sessions = sessions
        self._recording = recording
        self._circuits = circuits
        self._root = root
        self._marked: dict[str, tuple[Done, Started]] = {}

    def sending(self, task: Task, worker: Worker, act: Callable[[], Sent]) -> Sent:
        """Do one export as often as the model's ``retry`` says; the model is published, whatever becomes of it."""
        return self._again(task, worker, act, self._recording.retrying_export)

    def until(self, task: Task, worker: Worker, act: Callable[[], tuple[Done, Started]]) -> tuple[Done, Started]:
        """Do one load, check or export as often as the model's ``retry`` says."""

        def attempt() -> tuple[Done, Started]:
            with self.guard(task.connection, worker):
                found = self._committed(task, worker) or act()
            # Not before: what fails once the marker is left, the guard's own end too, leaves it to the next look.
            self._marked.pop(task.name, None)
            return found

        return self._again(task, worker, attempt, self._recording.retrying)

    def _again(
        self, task: Task, worker: Worker, act: Callable[[], T], said: Callable[[Task, Exception, int, float], None]
    ) -> T:
        def failed(error: Exception, number: int, delay: float) -> None:
            if worker.left or worker.why is not None:
                raise error  # it was stopped, which is why it failed
            said(task, error, number, delay)

        return with_retry(
            task.model.retry,
            act,
            sleep=lambda seconds: pause(worker, seconds),
            failed=failed,
            predicate=predicate_of(task.model, self._root),
        )

    @contextmanager
    def guard(self, connection: Connection, worker: Worker) -> Iterator[None]:
        """Around what a worker does on a connection: its circuit, and a new session after a lost one."""
        with self._circuits.guard(connection):
            try:
                yield
            except Exception as error:
                if is_connection_failure(error):
                    self._sessions.discard(connection, worker)
                raise

    def marked(self, done: Done, started: Started) -> None:
        """A load has left its marker and is about to commit."""
        self._marked[done.task.name] = done, started
        self._recording.committing(done.task)

    def _committed(self, task: Task, worker: Worker) -> tuple[Done, Started] | None:
        """The load that failed while it committed or after, if its marker is there (`loading.md` 10)."""
        if task.name not in self._marked:
            return None
        markers = self._sessions.of(task.connection, worker).markers()
        done, started = self._marked[task.name]
        if all(m.attempt != done.record.id for m in markers):
            del self._marked[task.name]
            return None
        self._recording.restore(done)
        return done, started
