"""Building one task: its rows or its query, its transaction, its marker, its exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from interlace.contracts.connection import Marker
from interlace.contracts.load import LoadCounts, LoadPlan, Publish
from interlace.contracts.relation import Relation, RelationInfo
from interlace.errors import Cancelled, Location, QueryFailed
from interlace.model.definition import SqlBody
from interlace.run.attempt import Built, audit_relation, build, located
from interlace.run.exporting import due_exports, write_exports
from interlace.run.lanes import Lane, Lanes, lanes_of
from interlace.run.pace import Pace
from interlace.run.parts import drop_taken, query_of

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.state import AttemptRecord
    from interlace.run.attempt import Audit, Rows
    from interlace.run.compute import Compute
    from interlace.run.recording import Done, Recording, Started
    from interlace.run.runner import Worker
    from interlace.run.sessions import Sessions
    from interlace.run.task import Portion, Sent, Task
    from interlace.run.trying import Trying

__all__ = ["Building"]


class Building:
    """Builds, checks and exports one task at a time.  Knows no threads.

    Args:
        run: the run's id.
        sessions: gives a worker's session.
        compute: gives a model's rows or query.
        recording: see below.
        trying: tries again what failed.
        audit: runs checks.
        allow_empty: what replacing rows by none does.
        intend: keeps an attempt's intended record before a load that is not idempotent commits, once all that came
            before is recorded where it is told so; None where nothing is published and no marker is left (``--hold``).
        beside: makes one like it, for a thread that loads portions of the same task beside this one's.
        lanes: how many portions of a task may be loaded at once, where its strategy and its connection allow that.

    Attributes:
        recording: makes the records.
    """

    def __init__(
        self,
        *,
        run: str,
        sessions: Sessions,
        compute: Compute,
        recording: Recording,
        trying: Trying,
        audit: Audit,
        allow_empty: str,
        intend: Callable[[AttemptRecord, bool], None] | None,
        beside: Callable[[], Building] | None = None,
        lanes: int = 1,
    ) -> None:
        self._run = run
        self._beside = beside
        self._lanes = lanes
        self._sessions = sessions
        self._compute = compute
        self.recording = recording
        self._trying = trying
        self._audit = audit
        self._allow_empty = allow_empty
        self._intend = intend

    def member(self, task: Task, worker: Worker, reads: int | None) -> Done:
        """Build a SQL model inside the open transaction of the worker's session, as a member of a group."""
        started = self.recording.start(task)
        session = self._sessions.of(task.connection, worker, reads)
        query = self._compute.query(task.model, session)
        (portion,) = task.portions
        built = build(task, session, query, portion, self._audit, self._allow_empty)
        self._attach(task, session, built)
        return self.recording.succeeded(task, "build", started, built)

    def members(self, tasks: Sequence[Task], worker: Worker, reads: int | None) -> list[Done]:
        """Build several members of a group, which `joins` let wait, by few messages."""
        from interlace.run.together import built_of, publication

        started = [self.recording.start(task) for task in tasks]
        session = self._sessions.of(tasks[0].connection, worker, reads)
        steps = [publication(task, session, self._compute.query(task.model, session)) for task in tasks]
        done = []
        for task, start, published in zip(tasks, started, session.publish_together(steps), strict=True):
            start.took(published.seconds)
            built = built_of(task, session, published, self._audit, self._allow_empty)
            self._attach(task, session, built)
            done.append(self.recording.succeeded(task, "build", start, built))
        return done

    def alone(self, task: Task, worker: Worker) -> Done:
        """Build a model portion by portion, each in a transaction of its own, then write its exports."""
        first, *rest = task.portions
        done, started = self.portion(task, first, worker)
        if len(rest) > 1 and (lanes := min(lanes_of(task, self._lanes), len(rest))) > 1:
            self.recording.part(done, 1)
            done, started = self._at_once(_after(task, done), rest, lanes, worker)
            return self.export(done, started, worker)
        pace = Pace()
        for number, portion in enumerate(rest, start=1):
            self.recording.part(done, number)
            done, started = self.portion(_after(task, done, pace.after(done)), portion, worker)
        return self.export(done, started, worker)

    def _at_once(self, task: Task, portions: Sequence[Portion], lanes: int, worker: Worker) -> tuple[Done, Started]:
        from interlace.run.runner import Worker as Thread

        assert self._beside is not None  # noqa: S101  there are no lanes without
        # Nobody knows the number of rows while several loads add to them.
        task.state = replace(task.state, rows=None)
        task.certain = False
        beside = [self._beside() for _ in range(lanes)]
        made = [Lane(one.portion, Thread(), one.recording) for one in beside]
        return Lanes(task, worker, self.recording, 1).load(portions, made, self._sessions.release)

    def check(self, task: Task, worker: Worker) -> Done:
        """Check the published relation again."""
        done, started = self._trying.until(task, worker, lambda: self._checked(task, worker))
        return self.export(done, started, worker)

    def _checked(self, task: Task, worker: Worker) -> tuple[Done, Started]:
        started = self.recording.start(task)
        self._provide(task, worker)
        session = self._sessions.of(task.connection, worker)
        columns = session.columns(task.relation) if task.relation is not None else ()
        built = Built(LoadCounts(), columns=columns, moved=False)
        if task.state.fingerprint is not None and task.state.fingerprint.attached != task.model.fingerprint.attached:
            with session.transaction():
                self._attach(task, session, built)
        with located(task):
            audit_relation(task, session, built, self._audit)
        return self.recording.unchanged(task, "check", started, built), started

    def attach(self, task: Task, worker: Worker) -> Done:
        """Attach to the published relation what is declared."""
        done, started = self._trying.until(task, worker, lambda: self._attached(task, worker))
        return self.export(done, started, worker)

    def _attached(self, task: Task, worker: Worker) -> tuple[Done, Started]:
        started = self.recording.start(task)
        session = self._sessions.of(task.connection, worker)
        with session.transaction():
            columns = session.columns(task.relation) if task.relation is not None else ()
            self._attach(task, session, Built(LoadCounts(), columns=columns, moved=False))
        return self.recording.unchanged(task, "attach", started), started

    def _attach(self, task: Task, session: Session, built: Built) -> None:
        """Inside the open transaction; not to what is held back (``--hold``): it is not the model's relation."""
        before, model = task.state.fingerprint, task.model
        keys = model.fingerprint.attached or (before is not None and before.attached)
        described = model.description or any(column.description for column in model.columns)
        if self._intend is None or not (keys or described):
            return
        from interlace.run.attaching import attach

        with located(task):
            attach(task, session, built.columns or ())

    def export(self, done: Done, started: Started, worker: Worker) -> Done:
        """Write the exports that are due."""
        due = due_exports(done)
        if not due:
            return done
        session = self._sessions.of(done.task.connection, worker)

        def retried(act: Callable[[], Sent]) -> Sent:
            return self._trying.sending(done.task, worker, act)

        written, errors, events = write_exports(done, due, session, run=self._run, retried=retried)
        return self.recording.exported(done, started, written, errors, events)

    def export_again(self, task: Task, worker: Worker) -> Done:
        """Write the exports of what stands."""
        started = self.recording.start(task)
        return self.export(self.recording.unchanged(task, "export", started), started, worker)

    # --- one portion ------------------------------------------------------------------------------------------

    def portion(self, task: Task, portion: Portion, worker: Worker) -> tuple[Done, Started]:
        """Load one portion, in a transaction of its own."""
        return self._trying.until(task, worker, lambda: self._attempt(task, portion, worker))

    def _attempt(self, task: Task, portion: Portion, worker: Worker) -> tuple[Done, Started]:
        started = self.recording.start(task, portion)
        self._provide(task, worker)
        if isinstance(task.model.body, SqlBody) and task.relation is not None:
            session = self._sessions.of(task.connection, worker, task.reads)
            rows = lambda: query_of(task, portion, session, self._compute)  # noqa: E731
            return self._load(task, session, started, rows, portion, worker), started
        return self._python(task, started, portion, worker), started

    def _provide(self, task: Task, worker: Worker) -> None:
        """Copy what the task reads on other connections, before its own transaction begins."""
        if task.needs:
            with located(task):
                self._compute.provide(task.needs, worker)

    def _python(self, task: Task, started: Started, portion: Portion, worker: Worker) -> Done:
        """Python gets sessions of its own, which ibis may configure, and which end with the attempt."""
        with self._compute.attempt(task, started.id, worker, portion) as attempt:
            if task.relation is None:
                attempt.perform()
                return self.recording.succeeded(task, "build", started, Built(LoadCounts(), moved=True))
            with located(task):
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
            with located(task):
                given = source()
            built = build(task, session, given, portion, self._audit, self._allow_empty)
            if portion.files is not None:
                drop_taken(portion.files, session)
            if portion is task.portions[0]:
                self._attach(task, session, built)
            self._perform(task, "post", task.model.post, session)
            done = self.recording.succeeded(task, "build", started, built)
            if self._intend is not None and _needs_marker(task, portion):
                self._intend(done.record, _settles(task, portion))
                session.mark(Marker(str(task.relation), started.id, self._run, portion.label))
                self._trying.marked(done, started)
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


def _settles(task: Task, portion: Portion) -> bool:
    """Whether all that came before must be recorded before this portion commits (see `Recorder.settle`).

    What comes before a later portion are the earlier ones, which have markers and intended records of their own; only
    what their checks found is nowhere else.
    """
    return portion is task.portions[0] or bool(task.model.checks)


def _after(task: Task, done: Done, reads: int | None = None) -> Task:
    """The task as it is once a portion of it is published; the next is taken to read so many rows."""
    state = done.record.state
    standing, known = task.standing, task.relation is not None and state.columns is not None
    if task.relation is not None and state.columns is not None:
        standing = RelationInfo(task.relation, task.materialiser.kind or "table", state.columns)
    return replace(task, state=state, standing=standing, copied_from=None, reads=reads, certain=known)


def _refuse(worker: Worker) -> None:
    """The last look before a commit: an attempt that was given up does not publish."""
    if worker.left or worker.why is not None:
        raise Cancelled("the attempt was given up before it committed")
