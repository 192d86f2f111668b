"""The work on a run's tasks, as its runner asks for it: building, recording, announcing.  Knows no threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from interlace.run.building import Building
from interlace.run.recording import Done, Recording
from interlace.run.sessions import Sessions
from interlace.run.since import is_spared
from interlace.run.together import joins
from interlace.run.trying import Trying

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.contracts.state import AttemptRecord, DefinitionRecord
    from interlace.model.definition import Model
    from interlace.plan.versions import Versions
    from interlace.run.attempt import Audit
    from interlace.run.circuit import Circuits
    from interlace.run.compute import Compute
    from interlace.run.dead_letters import DeadLetters
    from interlace.run.extent import Extent
    from interlace.run.recorder import Recorder
    from interlace.run.result import Outcome
    from interlace.run.runner import Worker
    from interlace.run.task import Task

__all__ = ["Done", "Work"]

SMALL = 200_000
"""Rows that a model may read in a group when it never ran before."""


class Work:
    """Builds, checks and exports.

    Args:
        run: the run's id.
        recorder: takes attempts and events.
        versions: the data versions, moved as models are built.
        compute: gives a model's rows or query.
        audit: runs checks.
        allow_empty: what replacing rows by none does.
        intend: keeps an attempt's intended record before a load that is not idempotent commits; None under ``--hold``.
        keep: takes what succeeded in place of the recorder, under ``--hold``.
        extent: how many rows a model reads.
        define: gives what a model is built from, with the columns that it is published with; see `record_of`.
        circuits: of the run's connections.
        letters: keep what failed for good.
        lanes: how many intervals of one model may be loaded at once.
    """

    def __init__(
        self,
        *,
        run: str,
        recorder: Recorder,
        versions: Versions,
        compute: Compute,
        audit: Audit,
        allow_empty: str,
        intend: Callable[[AttemptRecord, bool], None] | None,
        extent: Extent,
        define: Callable[[Model, Iterable[Column] | None], DefinitionRecord],
        circuits: Circuits,
        letters: DeadLetters,
        keep: Callable[[Done], None] | None = None,
        lanes: int = 1,
    ) -> None:
        self._versions = versions
        self._extent = extent
        self._compute = compute
        self._sessions = Sessions()
        self._recording = Recording(run, recorder, versions, extent, define, keep, letters)
        self._trying = Trying(self._sessions, self._recording, circuits, compute.root)
        shared: dict[str, Any] = {
            "run": run,
            "sessions": self._sessions,
            "compute": compute,
            "audit": audit,
            "allow_empty": allow_empty,
            "intend": intend,
        }

        def beside() -> Building:
            recording = Recording(run, recorder, versions, extent, define, keep, letters)
            trying = Trying(self._sessions, recording, circuits, compute.root)
            return Building(recording=recording, trying=trying, **shared)

        self._building = Building(recording=self._recording, trying=self._trying, beside=beside, lanes=lanes, **shared)

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """Of the tasks that ended, by model."""
        return self._recording.outcomes

    # --- in a worker's thread ---------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, task: Task, worker: Worker) -> Iterator[None]:
        """A transaction on the worker's session of the task's connection."""
        with (
            self._trying.guard(task.connection, worker),
            self._sessions.of(task.connection, worker, self._reads(task)).transaction(),
        ):
            yield

    def build(self, task: Task, worker: Worker) -> Done:
        """Build a SQL model inside the open transaction of the worker's session."""
        return self._building.member(task, worker, self._reads(task))

    def joins(self, task: Task) -> bool:
        """Whether a member of a group may wait for others, to be built by one message with them."""
        return joins(task) and not self._compute.asks(task.model)

    def build_together(self, tasks: Sequence[Task], worker: Worker) -> list[Done]:
        """Build what waited, inside the open transaction of the worker's session."""
        if len(tasks) == 1:
            return [self.build(tasks[0], worker)]
        known = [reads for task in tasks if (reads := self._reads(task)) is not None]
        return self._building.members(tasks, worker, max(known) if len(known) == len(tasks) else None)

    def single(self, task: Task, worker: Worker) -> Done:
        """Do one task by itself, from its transaction to its exports."""
        match task.step.action:
            case "check":
                return self._building.check(task, worker)
            case "attach":
                return self._building.attach(task, worker)
            case "export":
                return self._building.export_again(task, worker)
            case _:
                return self._building.alone(task, worker)

    def parents_moved(self, task: Task) -> bool:
        """Whether a parent's rows are others than those of the last success."""
        read, now = task.state.parents, self._versions.read_by(task.name)
        moved = [parent for parent in {*read, *now} if read.get(parent) != now.get(parent)]
        return any(not is_spared(task, parent, self._versions) for parent in moved)

    def small(self, task: Task) -> bool:
        """Whether a task is likely to be done at once, so that it may share a transaction.

        One that ran before was measured.  Of a new one what it reads decides: few rows, and nothing unknown.
        """
        if task.step.seconds is not None:
            return True
        reads = self._extent.read_by(task.model)
        return reads is not None and reads <= SMALL

    def release(self, worker: Worker) -> None:
        """Close the sessions of a worker that ends."""
        self._sessions.release(worker)

    def skipped(self, task: Task) -> Done:
        """A task that need not run after all: no parent's rows moved."""
        return self._recording.skipped(task)

    # --- with the runner's lock held --------------------------------------------------------------------------

    def announce(self, done: Done) -> None:
        """What is committed is recorded and told."""
        self._recording.announce(done)

    def undo(self, names: Iterable[str]) -> None:
        """Rolled back: the versions are what they were."""
        self._recording.undo(names)

    def failed(self, task: Task, error: Exception, seconds: float) -> None:
        """Record and announce a failure; yesterday's relation stands."""
        self._recording.failed(task, error, seconds)

    def not_run(self, task: Task, status: Literal["skipped", "blocked", "cancelled"], reason: str) -> None:
        """Record and announce that a task did not begin."""
        self._recording.not_run(task, status, reason)

    # --- inside -----------------------------------------------------------------------------------------------

    def _reads(self, task: Task) -> int | None:
        return self._extent.read_by(task.model) or None
