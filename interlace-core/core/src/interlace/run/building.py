"""Building one task: its rows or its query, its transaction, its marker, its exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from interlace.contracts.connection import Marker
from interlace.contracts.load import LoadCounts, LoadPlan, Publish
from interlace.contracts.relation import Relation, RelationInfo
from interlace.errors import Cancelled, Location, QueryFailed
from interlace.model.definition import SqlBody
from interlace.run.attempt import Built, audit_relation, build, located
from interlace.run.exporting import due_exports, write_exports

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.state import AttemptRecord
    from interlace.run.attempt import Audit, Rows
    from interlace.run.compute import Compute
    from interlace.run.recording import Done, Recording, Started
    from interlace.run.runner import Worker
    from interlace.run.sessions import Sessions
    from interlace.run.task import Portion, Task

__all__ = ["Building"]


class Building:
    """Builds, checks and exports one task at a time.  Knows no threads.

    Args:
        run: the run's id.
        sessions: gives a worker's session.
        compute: gives a model's rows or query.
        recording: makes the records.
        audit: runs checks.
        allow_empty: what replacing rows by none does.
        intend: keeps an attempt's intended record before a load that is not idempotent commits; None where nothing
            is published and no marker is left (``--hold``).
    """

    def __init__(
        self,
        *,
        run: str,
        sessions: Sessions,
        compute: Compute,
        recording: Recording,
        audit: Audit,
        allow_empty: str,
        intend: Callable[[AttemptRecord], None] | None,
    ) -> None:
        self._run = run
        self._sessions = sessions
        self._compute = compute
        self._recording = recording
        self._audit = audit
        self._allow_empty = allow_empty
        self._intend = intend

    def member(self, task: Task, worker: Worker, reads: int | None) -> Done:
        """Build a SQL model inside the open transaction of the worker's session, as a member of a group."""
        started = self._recording.start(task)
        session = self._sessions.of(task.connection, worker, reads)
        query = self._compute.query(task.model, session)
        (portion,) = task.portions
        built = build(task, session, query, portion, self._audit, self._allow_empty)
        return self._recording.succeeded(task, "build", started, built)

    def alone(self, task: Task, worker: Worker) -> Done:
        """Build a model portion by portion, each in a transaction of its own, then write its exports."""
        first, *rest = task.portions
        done, started = self._portion(task, first, worker)
        for portion in rest:
            self._recording.part(done)
            done, started = self._portion(_after(task, done), portion, worker)
        return self.export(done, started, worker)

    def check(self, task: Task, worker: Worker) -> Done:
        """Check the published relation again."""
        started = self._recording.start(task)
        session = self._sessions.of(task.connection, worker)
        columns = session.columns(task.relation) if task.relation is not None else ()
        built = Built(LoadCounts(), columns=columns, moved=False)
        with located(task):
            audit_relation(task, session, built, self._audit)
        done = self._recording.unchanged(task, "check", started, built)
        return self.export(done, started, worker)

    def export(self, done: Done, started: Started, worker: Worker) -> Done:
        """Write the exports that are due."""
        due = due_exports(done)
        if not due:
            return done
        session = self._sessions.of(done.task.connection, worker)
        compute = self._compute
        written, errors, events = write_exports(
            done, due, session, run=self._run, root=compute.root, environment=compute.environment
        )
        return self._recording.exported(done, started, written, errors, events)

    def export_again(self, task: Task, worker: Worker) -> Done:
        """Write the exports of what stands."""
        started = self._recording.start(task)
        return self.export(self._recording.unchanged(task, "export", started), started, worker)

    # --- one portion ------------------------------------------------------------------------------------------

    def _portion(self, task: Task, portion: Portion, worker: Worker) -> tuple[Done, Started]:
        started = self._recording.start(task)
        if isinstance(task.model.body, SqlBody) and task.relation is not None:
            session = self._sessions.of(task.connection, worker)
            rows = lambda: self._compute.query(task.model, session)  # noqa: E731
            return self._load(task, session, started, rows, portion, worker), started
        return self._python(task, started, portion, worker), started

    def _python(self, task: Task, started: Started, portion: Portion, worker: Worker) -> Done:
        """Python gets sessions of its own, which ibis may configure, and which end with the attempt."""
        with self._compute.attempt(task, started.id, worker) as attempt:
            if task.relation is None:
                attempt.perform()
                return self._recording.succeeded(task, "build", started, Built(LoadCounts(), moved=True))
            source = attempt.source(attempt.evaluate())
            session = attempt.session
            if not isinstance(source, str):
                # Rows that are pulled from this session's own streams must be loaded by another one.
                session = self._sessions.of(task.connection, worker)
                attempt.sessions.append(session)
                worker.interrupt = attempt.interrupt
            return self._load(task, session, started, lambda: source, portion, worker)

    def _load(
        self,
        task: Task,
        session: Session,
        started: Started,
        source: Callable[[], str | Rows],
        portion: Portion,
        worker: Worker,
    ) -> Done:
        with session.transaction():
            if task.copied_from is not None:
                session.apply(LoadPlan((Publish(_target(task), task.copied_from),), idempotent=True))
            self._perform(task, "pre", task.model.pre, session)
            built = build(task, session, source(), portion, self._audit, self._allow_empty)
            self._perform(task, "post", task.model.post, session)
            done = self._recording.succeeded(task, "build", started, built)
            if self._intend is not None and _needs_marker(task, portion):
                self._intend(done.record)
                session.mark(Marker(str(task.relation), started.id, self._run, portion.label))
            _refuse(worker)
        return done

    def _perform(self, task: Task, key: str, statements: Iterable[str], session: Session) -> None:
        """Run the statements of ``pre`` or ``post``."""
        for statement in statements:
            try:
                session.execute(self._compute.statement(task.model, statement, session))
            except QueryFailed as error:
                error.message = f"{key!r}: {error.message}"
                error.model = task.name
                error.where = error.where or Location(task.model.file, task.model.line)
                raise


def _target(task: Task) -> Relation:
    assert task.relation is not None  # noqa: S101  what is copied has one
    return task.relation


def _needs_marker(task: Task, portion: Portion) -> bool:
    """Whether the load may not simply be run again after a crash (`loading.md` 10)."""
    if not task.materialiser.uses_strategy or not task.strategy.writes:
        return False
    return not task.strategy.groupable or portion.partial or portion.interval is not None


def _after(task: Task, done: Done) -> Task:
    """The task as it is once a portion of it is published."""
    state = done.record.state
    standing = task.standing
    if task.relation is not None and state.columns is not None:
        standing = RelationInfo(task.relation, task.materialiser.kind or "table", state.columns)
    return replace(task, state=state, standing=standing, copied_from=None)


def _refuse(worker: Worker) -> None:
    """The last look before a commit: an attempt that was given up does not publish."""
    if worker.left or worker.why is not None:
        raise Cancelled("the attempt was given up before it committed")
