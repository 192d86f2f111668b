"""Several intervals of one model at once, on a server, where its strategy allows that."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from interlace.errors import Cancelled
from interlace.model.definition import SqlBody

if TYPE_CHECKING:
    from interlace.run.recording import Done, Recording, Started
    from interlace.run.runner import Worker
    from interlace.run.task import Portion, Task

__all__ = ["Lane", "Lanes", "lanes_of"]


class Lane(NamedTuple):
    """One of several threads that load portions of a task.

    Attributes:
        load: loads one portion.
        worker: what the thread is to the sessions.
        recording: its own, which knows the attempt that is under way.
    """

    load: Callable[[Task, Portion, Worker], tuple[Done, Started]]
    worker: Worker
    recording: Recording


def lanes_of(task: Task, wanted: int) -> int:
    """How many portions of a task may be loaded at once, of so many that are wanted."""
    able = task.connection.capabilities
    if able.embedded or task.strategy.history or not task.strategy.concurrent_intervals:
        return 1
    if task.copied_from is not None or not isinstance(task.model.body, SqlBody):
        return 1
    return min(wanted, able.max_sessions or wanted)


class Lanes:
    """Loads portions in threads of its own.

    Args:
        task: as it is once its first portion is published.
        worker: whose interruption interrupts all of them.
        recording: hears of each portion that is committed, but of the last: that is the end of the task.
        done: how many portions were loaded before.
    """

    def __init__(self, task: Task, worker: Worker, recording: Recording, done: int) -> None:
        self._task = task
        self._worker = worker
        self._recording = recording
        self._number = done
        self._lock = threading.Lock()
        self._last: tuple[Done, Started] | None = None
        self._error: Exception | None = None
        self._failed: Lane | None = None

    def load(
        self, portions: Sequence[Portion], lanes: Sequence[Lane], release: Callable[[Worker], None]
    ) -> tuple[Done, Started]:
        """Load all; gives the one that ended last, which is not recorded yet.

        Raises:
            Exception: the first failure; what was under way beside it is finished, and recorded.
        """
        waiting = deque(portions)
        threads = [
            threading.Thread(target=self._serve, args=(waiting, lane, release), daemon=True, name="interlace-lane")
            for lane in lanes
        ]
        self._worker.interrupt = lambda: self._interrupt([lane.worker for lane in lanes])
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._error is not None:
            self._hand_over()
            if self._failed is not None:
                self._recording.goes_on(self._failed.recording, self._task)
            raise self._error
        if self._last is None:
            raise Cancelled("the attempt was given up before it committed")
        self._recording.restore(self._last[0])
        return self._last

    def _serve(self, waiting: deque[Portion], lane: Lane, release: Callable[[Worker], None]) -> None:
        try:
            while self._error is None and lane.worker.why is None:
                try:
                    portion = waiting.popleft()
                except IndexError:
                    return
                ended = lane.load(self._task, portion, lane.worker)
                with self._lock:
                    self._hand_over()
                    self._last = ended
        except Exception as error:  # noqa: BLE001  raised again by `load`
            with self._lock:
                if self._error is None:
                    self._error, self._failed = error, lane
        finally:
            release(lane.worker)

    def _hand_over(self) -> None:
        """Record the one that ended before: the task goes on, or ends with a failure."""
        if self._last is not None:
            self._number += 1
            self._recording.part(self._last[0], self._number)
            self._last = None

    def _interrupt(self, workers: Sequence[Worker]) -> None:
        for worker in workers:
            worker.why = self._worker.why or Cancelled
            if worker.interrupt is not None:
                worker.interrupt()
