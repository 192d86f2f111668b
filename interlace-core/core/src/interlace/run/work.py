"""The work on one task: sessions, transactions, what is recorded and announced.  Knows no threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from interlace.contracts.connection import Marker
from interlace.contracts.load import LoadCounts
from interlace.contracts.state import AttemptRecord, ModelState
from interlace.errors import Cancelled, ExportFailed, InterlaceError, Location, QueryFailed
from interlace.model.definition import Fingerprint, SqlBody
from interlace.run.attempt import Built, audit_relation, build, located
from interlace.run.result import Failed, NotRun, Outcome, Succeeded
from interlace.state.ids import new_id
from interlace.telemetry.events import ChecksFinished, ExportFinished, ModelFinished, ModelStarted

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.plan.steps import Action
    from interlace.plan.versions import Versions
    from interlace.run.attempt import Audit, Rows
    from interlace.run.compute import Compute
    from interlace.run.extent import Extent
    from interlace.run.recorder import Recorder
    from interlace.run.runner import Worker
    from interlace.run.task import Export, Task
    from interlace.telemetry.events import Event

__all__ = ["Done", "Work"]

SMALL = 200_000
"""Rows that a model may read in a group when it never ran before."""


@dataclass(slots=True)
class Done:
    """A task that is committed, or about to be: what to announce once it is."""

    task: Task
    outcome: Outcome
    record: AttemptRecord
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Started:
    """An attempt under way."""

    id: str
    at: datetime
    clock: float

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return time.monotonic() - self.clock


class Work:
    """Builds, checks and exports.

    Args:
        run: the run's id.
        at: the run's execution time, UTC.
        recorder: takes attempts and events.
        versions: the data versions, moved as models are built.
        compute: gives a model's rows or query.
        audit: runs checks.
        allow_empty: what replacing rows by none does.
        intend: keeps an attempt's intended record before a load that is not idempotent commits.
        extent: how many rows a model reads.
    """

    def __init__(
        self,
        *,
        run: str,
        at: datetime,
        recorder: Recorder,
        versions: Versions,
        compute: Compute,
        audit: Audit,
        allow_empty: str,
        intend: Callable[[AttemptRecord], None],
        extent: Extent,
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._run = run
        self._at = at
        self._recorder = recorder
        self._versions = versions
        self._compute = compute
        self._audit = audit
        self._allow_empty = allow_empty
        self._intend = intend
        self._extent = extent
        self._sessions: dict[tuple[int, str], Session] = {}
        self._before: dict[str, str] = {}
        self._started: dict[str, Started] = {}

    # --- in a worker's thread ---------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, task: Task, worker: Worker) -> Iterator[None]:
        """A transaction on the worker's session of the task's connection."""
        with self._session(task.connection, worker, self._extent.read_by(task.model) or None).transaction():
            yield

    def build(self, task: Task, worker: Worker) -> Done:
        """Build a SQL model inside the open transaction of the worker's session."""
        started = self._start(task)
        session = self._session(task.connection, worker, self._extent.read_by(task.model) or None)
        query = self._compute.query(task.model, session)
        built = build(task, session, query, self._at, self._audit, self._allow_empty)
        return self._succeeded(task, "build", started, built)

    def single(self, task: Task, worker: Worker) -> Done:
        """Do one task by itself, from its transaction to its exports."""
        match task.step.action:
            case "check":
                return self._check(task, worker)
            case "export":
                started = self._start(task)
                return self._export(self._unchanged(task, "export", started), started, worker)
            case _:
                return self._build_alone(task, worker)

    def parents_moved(self, task: Task) -> bool:
        """Whether a parent's rows are others than those of the last success."""
        return dict(task.state.parents) != self._versions.read_by(task.name)

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
        for key in [k for k in list(self._sessions) if k[0] == id(worker)]:
            self._sessions.pop(key).close()

    # --- with the runner's lock held --------------------------------------------------------------------------

    def announce(self, done: Done) -> None:
        """What is committed is recorded and told."""
        self.outcomes[done.task.name] = done.outcome
        self._before.pop(done.task.name, None)
        self._recorder.attempt(done.record)
        for event in done.events:
            self._recorder.event(event)

    def undo(self, names: Iterable[str]) -> None:
        """Rolled back: the versions are what they were."""
        for name in names:
            if name in self._before:
                self._versions.move(name, self._before.pop(name))

    def failed(self, task: Task, error: Exception, seconds: float) -> None:
        """Record and announce a failure; yesterday's relation stands."""
        self.undo([task.name])
        cancelled = isinstance(error, Cancelled)
        status: Literal["cancelled", "failed"] = "cancelled" if cancelled else "failed"
        now = datetime.now(UTC)
        checks = getattr(error, "checks", ())
        message = str(error) if isinstance(error, InterlaceError) else f"{type(error).__name__}: {error}"
        code = error.code if isinstance(error, InterlaceError) else None
        state = replace(
            task.state,
            status=status,
            attempted_at=now,
            run=self._run,
            error=None if cancelled else message,
            checks_failed=task.state.checks_failed or (task.step.action == "check" and bool(checks)),
        )
        started = self._started.get(task.name) or Started(new_id(), now, time.monotonic() - seconds)
        attempt = started.id
        self._recorder.attempt(
            AttemptRecord(
                id=attempt,
                run=self._run,
                model=task.name,
                status=status,
                reason=_reason(task),
                started_at=started.at,
                finished_at=now,
                state=state,
                checks=checks,
                error=message,
                error_code=code,
            )
        )
        if cancelled:
            self.outcomes[task.name] = NotRun(task.name, "cancelled", "cancelled")
        else:
            self.outcomes[task.name] = Failed(task.name, task.step.action, seconds, error, checks)
        if checks:
            self._recorder.event(ChecksFinished(self._run, now, task.name, checks))
        self._recorder.event(self._finished(task, attempt, status, task.step.action, seconds, message, code))

    def not_run(self, task: Task, status: Literal["skipped", "blocked", "cancelled"], reason: str) -> None:
        """Record and announce that a task did not begin."""
        done = self._not_run(task, status, reason)
        self.announce(done)

    def skipped(self, task: Task) -> Done:
        """A task that need not run after all: no parent's rows moved."""
        return self._not_run(task, "skipped", "no parent's rows moved")

    # --- inside -----------------------------------------------------------------------------------------------

    def _build_alone(self, task: Task, worker: Worker) -> Done:
        started = self._start(task)
        if isinstance(task.model.body, SqlBody) and task.relation is not None:
            session = self._session(task.connection, worker)
            done = self._load(task, session, started, lambda: self._compute.query(task.model, session), worker)
        else:
            done = self._build_python(task, started, worker)
        return self._export(done, started, worker)

    def _build_python(self, task: Task, started: Started, worker: Worker) -> Done:
        """Python gets sessions of its own, which ibis may configure, and which end with the attempt."""
        with self._compute.attempt(task, started.id, worker) as attempt:
            if task.relation is None:
                attempt.perform()
                return self._succeeded(task, "build", started, Built(LoadCounts(), moved=True))
            source = attempt.source(attempt.evaluate())
            session = attempt.session
            if not isinstance(source, str):
                # Rows that are pulled from this session's own streams must be loaded by another one.
                session = self._session(task.connection, worker)
                attempt.sessions.append(session)
                worker.interrupt = attempt.interrupt
            return self._load(task, session, started, lambda: source, worker)

    def _load(
        self, task: Task, session: Session, started: Started, source: Callable[[], str | Rows], worker: Worker
    ) -> Done:
        with session.transaction():
            self._perform(task, "pre", task.model.pre, session)
            built = build(task, session, source(), self._at, self._audit, self._allow_empty)
            self._perform(task, "post", task.model.post, session)
            done = self._succeeded(task, "build", started, built)
            if not task.strategy.groupable and task.materialiser.uses_strategy and task.strategy.writes:
                self._intend(done.record)
                session.mark(Marker(str(task.relation), started.id, self._run))
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

    def _check(self, task: Task, worker: Worker) -> Done:
        started = self._start(task)
        session = self._session(task.connection, worker)
        columns = session.columns(task.relation) if task.relation is not None else ()
        built = Built(LoadCounts(), columns=columns, moved=False)
        with located(task):
            audit_relation(task, session, built, self._audit)
        done = self._unchanged(task, "check", started, built)
        return self._export(done, started, worker)

    def _export(self, done: Done, started: Started, worker: Worker) -> Done:
        """Write the exports that are due, after publication; a failed one leaves the model published."""
        task = done.task
        due = [e for e in task.exports if done.record.state.exports.get(e.key) != e.fingerprint or e.key in task.lost]
        if isinstance(done.outcome, Succeeded) and done.outcome.action == "build":
            due = list(task.exports)
        if not due or task.relation is None:
            return done
        session = self._session(task.connection, worker)
        written = dict(done.record.state.exports)
        errors: list[str] = []
        events: list[Event] = [e for e in done.events if not isinstance(e, ModelFinished)]
        for export in due:
            event = self._export_one(task, export, session)
            written[export.key] = None if event.error else export.fingerprint
            errors += [event.error] if event.error else []
            events.append(event)
        return self._with_exports(done, started, written, errors, events)

    def _export_one(self, task: Task, export: Export, session: Session) -> ExportFinished:
        from interlace.run.exports import export_path, run_export

        path = export_path(task, export, self._compute.root, self._compute.environment)
        began = time.monotonic()
        try:
            written = run_export(task, export, session, path)
        except InterlaceError as error:
            said = error.message
            return self._exported(task, export, str(path), began, error=said)
        return self._exported(task, export, str(path), began, rows=written.rows, size=written.bytes)

    def _exported(
        self,
        task: Task,
        export: Export,
        path: str,
        began: float,
        *,
        rows: int | None = None,
        size: int | None = None,
        error: str | None = None,
    ) -> ExportFinished:
        return ExportFinished(
            run=self._run,
            at=datetime.now(UTC),
            model=task.name,
            format=export.format,
            path=path,
            rows=rows,
            bytes=size,
            seconds=time.monotonic() - began,
            error=error,
        )

    def _with_exports(
        self,
        done: Done,
        started: Started,
        written: Mapping[str, str | None],
        errors: list[str],
        events: list[Event],
    ) -> Done:
        assert isinstance(done.outcome, Succeeded)  # noqa: S101  a failed build is raised
        state = replace(done.record.state, exports=written)
        message = f"published, export failed: {'; '.join(errors)}" if errors else None
        record = replace(
            done.record,
            state=state,
            error=message,
            error_code=ExportFailed.code if errors else None,
            finished_at=datetime.now(UTC),
        )
        outcome = replace(done.outcome, export_errors=tuple(errors), seconds=started.seconds)
        finished = next(e for e in done.events if isinstance(e, ModelFinished))
        finished = replace(finished, seconds=started.seconds, message=message, error_code=record.error_code)
        return Done(done.task, outcome, record, [*events, finished])

    def _session(self, connection: Connection, worker: Worker, reads: int | None = None) -> Session:
        key = (id(worker), connection.name)
        if key not in self._sessions:
            self._sessions[key] = connection.session()
        session = self._sessions[key]
        session.expect(reads)
        worker.interrupt = session.interrupt
        return session

    def _start(self, task: Task) -> Started:
        started = Started(new_id(), datetime.now(UTC), time.monotonic())
        self._started[task.name] = started
        self._recorder.event(ModelStarted(self._run, started.at, task.name, started.id, _reason(task)))
        return started

    def _succeeded(self, task: Task, action: Action, started: Started, built: Built) -> Done:
        now = datetime.now(UTC)
        self._extent.note(task.name, built.rows)
        version = self._version(task, started.id, built)
        read = self._versions.read_by(task.name)
        state = ModelState(
            name=task.name,
            fingerprint=Fingerprint(task.fingerprint, task.model.fingerprint.checks, task.model.fingerprint.metadata),
            data_version=version,
            parents=read,
            inputs=task.inputs,
            relation=str(task.relation) if task.relation is not None else None,
            kind=task.materialiser.kind,
            columns=built.columns,
            published_at=now,
            rows=built.rows,
            seconds=started.seconds,
            exports=dict.fromkeys(e.key for e in task.exports),
            status="succeeded",
            attempted_at=now,
            run=self._run,
        )
        return self._done(task, action, started, built, state)

    def _unchanged(self, task: Task, action: Action, started: Started, built: Built | None = None) -> Done:
        """A success that built nothing: the published relation was checked or exported."""
        state = replace(
            task.state,
            fingerprint=replace(task.state.fingerprint, checks=task.model.fingerprint.checks)
            if task.state.fingerprint is not None
            else None,
            status="succeeded",
            attempted_at=datetime.now(UTC),
            run=self._run,
            error=None,
            checks_failed=False,
        )
        return self._done(task, action, started, built or Built(LoadCounts(), rows=task.state.rows, moved=False), state)

    def _done(self, task: Task, action: Action, started: Started, built: Built, state: ModelState) -> Done:
        seconds = started.seconds
        counts = built.counts.known()
        record = AttemptRecord(
            id=started.id,
            run=self._run,
            model=task.name,
            status="succeeded",
            reason=_reason(task),
            started_at=started.at,
            finished_at=datetime.now(UTC),
            state=state,
            counts=counts,
            checks=built.checks,
            schema_changed=built.columns is not None and built.columns != task.state.columns,
        )
        outcome = Succeeded(task.name, action, seconds, built.rows, counts, built.checks, tuple(built.warnings))
        events: list[Event] = []
        if built.checks:
            events.append(ChecksFinished(self._run, record.finished_at, task.name, built.checks))
        events.append(self._finished(task, started.id, "succeeded", action, seconds, None, None, built, counts))
        return Done(task, outcome, record, events)

    def _version(self, task: Task, attempt: str, built: Built) -> str:
        """A new data version where rows moved; the versions are moved at once, and put back by `undo`."""
        before = self._versions.of(task.name)
        version = attempt if built.moved or task.state.data_version is None else task.state.data_version
        self._before.setdefault(task.name, before)
        self._versions.move(task.name, version)
        return version

    def _not_run(self, task: Task, status: Literal["skipped", "blocked", "cancelled"], reason: str) -> Done:
        now = datetime.now(UTC)
        attempt = new_id()
        record = AttemptRecord(
            id=attempt,
            run=self._run,
            model=task.name,
            status=status,
            reason=reason,
            started_at=now,
            finished_at=now,
            state=task.state,
        )
        event = self._finished(task, attempt, status, "none", 0.0, reason, None)
        return Done(task, NotRun(task.name, status, reason), record, [event])

    def _finished(
        self,
        task: Task,
        attempt: str,
        status: Literal["succeeded", "failed", "skipped", "blocked", "cancelled"],
        action: Action,
        seconds: float,
        message: str | None,
        code: str | None,
        built: Built | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> ModelFinished:
        return ModelFinished(
            run=self._run,
            at=datetime.now(UTC),
            model=task.name,
            attempt=attempt,
            status=status,
            action=action,
            seconds=seconds,
            message=message,
            error_code=code,
            rows=built.rows if built is not None else None,
            counts=counts or {},
            warnings=tuple(built.warnings) if built is not None else (),
            where=f"{task.model.file}:{task.model.line}",
        )


def _reason(task: Task) -> str:
    return "; ".join(r.text for r in task.step.reasons)


def _refuse(worker: Worker) -> None:
    """The last look before a commit: an attempt that was given up does not publish."""
    if worker.left or worker.why is not None:
        raise Cancelled("the attempt was given up before it committed")
