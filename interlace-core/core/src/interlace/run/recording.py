"""What becomes of a task, as records and events: how an attempt began, how it ended, and what is announced of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from interlace.contracts.load import LoadCounts
from interlace.contracts.state import AttemptRecord, ModelState
from interlace.errors import Cancelled, ConnectionFailure, ExportFailed, InterlaceError
from interlace.model.definition import Fingerprint
from interlace.plan.versions import made_in
from interlace.redaction import redacted
from interlace.run.attempt import Built
from interlace.run.result import Failed, NotRun, Outcome, Succeeded
from interlace.run.since import since_of
from interlace.state.ids import new_id
from interlace.telemetry.events import ChecksFinished, IntervalLoaded, ModelFinished, ModelRetrying, ModelStarted

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.contracts.state import DefinitionRecord
    from interlace.model.definition import Model
    from interlace.plan.steps import Action
    from interlace.plan.versions import Versions
    from interlace.run.dead_letters import DeadLetters
    from interlace.run.extent import Extent
    from interlace.run.recorder import Recorder
    from interlace.run.task import Portion, Task
    from interlace.telemetry.events import Event

__all__ = ["Done", "Recording", "Started"]


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
    portion: Portion | None = None

    @property
    def seconds(self) -> float:
        """How long it took so far."""
        return time.monotonic() - self.clock

    def took(self, seconds: float) -> None:
        """It took so long until now, without what it waited for."""
        self.clock = time.monotonic() - seconds


class Recording:
    """Makes records and events of a run, and hands them to its recorder.

    Args:
        run: the run's id.
        recorder: takes attempts and events.
        versions: the data versions, moved as models are built.
        extent: how many rows each relation has.
        rest: what decides a model's data besides its body; see `View.rest`.
        keep: takes what succeeded in place of the recorder, when nothing is published yet; failures are then not
            recorded either.
        letters: keep what failed for good.

    Attributes:
        outcomes: of the tasks that ended, by model.
    """

    def __init__(
        self,
        run: str,
        recorder: Recorder,
        versions: Versions,
        extent: Extent,
        define: Callable[[Model, Iterable[Column] | None], DefinitionRecord],
        keep: Callable[[Done], None] | None = None,
        letters: DeadLetters | None = None,
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self._run = run
        self._recorder = recorder
        self._versions = versions
        self._extent = extent
        self._define = define
        self._keep = keep
        self._letters = letters if keep is None else None
        self._tries: dict[str, int] = {}
        self._before: dict[str, str] = {}
        self._started: dict[str, Started] = {}
        self._parts: dict[str, ModelState] = {}
        self._loaded: dict[str, dict[str, int]] = {}
        self._committing: set[str] = set()

    # --- in a worker's thread ---------------------------------------------------------------------------------

    def start(self, task: Task, portion: Portion | None = None) -> Started:
        """An attempt begins, at one portion of the task where it loads any."""
        started = Started(new_id(), datetime.now(UTC), time.monotonic(), portion)
        self._started[task.name] = started
        self._committing.discard(task.name)
        self._recorder.event(ModelStarted(self._run, started.at, task.name, started.id, _reason(task)))
        return started

    def succeeded(self, task: Task, action: Action, started: Started, built: Built) -> Done:
        """A task that was built, not yet committed."""
        now = datetime.now(UTC)
        self._extent.note(task.name, built.rows)
        version, since = self._version(task, started.id, built)
        read = self._versions.read_by(task.name)
        state = ModelState(
            name=task.name,
            fingerprint=self._fingerprint(task),
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
            since=since,
        )
        return self._done(task, action, started, built, state)

    def _fingerprint(self, task: Task) -> Fingerprint:
        """The fingerprint of what was built; to what is held back nothing is attached yet."""
        now = task.model.fingerprint
        metadata = now.metadata if self._keep is None else now.metadata.partition(".")[0]
        return Fingerprint(task.fingerprint, now.checks, metadata)

    def unchanged(self, task: Task, action: Action, started: Started, built: Built | None = None) -> Done:
        """A success that built nothing: the published relation was checked or exported."""
        state = replace(
            task.state,
            fingerprint=_seen_again(task, action),
            status="succeeded",
            attempted_at=datetime.now(UTC),
            run=self._run,
            error=None,
            checks_failed=False,
        )
        if _owes_build(task):
            state = task.state
        return self._done(task, action, started, built or Built(LoadCounts(), rows=task.state.rows, moved=False), state)

    def skipped(self, task: Task) -> Done:
        """A task that need not run after all: no parent's rows moved."""
        return self._not_run(task, "skipped", "no parent's rows moved")

    def exported(
        self,
        done: Done,
        started: Started,
        written: Mapping[str, str | None],
        errors: list[str],
        events: list[Event],
    ) -> Done:
        """A success with what became of its exports: the fingerprint that each wrote, and the errors."""
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

    def retrying(self, task: Task, error: Exception, number: int, delay: float) -> None:
        """An attempt failed, and another follows.

        One that was lost while it committed is not recorded: it may yet turn out to have succeeded.
        """
        self.undo([task.name])
        self._tries[task.name] = number
        now = datetime.now(UTC)
        # None began where the connection's circuit was open.
        started = self._started.get(task.name) or Started(new_id(), now, time.monotonic())
        message, code = _said(error)
        if self._keep is None and not self._is_in_doubt(task, error):
            state = self._parts.get(task.name, task.state)
            self._recorder.attempt(self._failure(task, started, "failed", now, state, error))
        attempts = task.model.retry.attempts if task.model.retry is not None else 1
        self._recorder.event(
            ModelRetrying(self._run, now, task.name, started.id, number, attempts, delay, message, code)
        )
        # What ends the wait, if anything does, is an attempt of its own.
        self._started[task.name] = Started(new_id(), now, time.monotonic(), started.portion)

    def retrying_export(self, task: Task, error: Exception, number: int, delay: float) -> None:
        """An export failed, and is tried again: the model itself is published."""
        message, code = _said(error)
        attempts = task.model.retry.attempts if task.model.retry is not None else 1
        started = self._started.get(task.name)
        attempt = started.id if started is not None else ""
        now = datetime.now(UTC)
        self._recorder.event(
            ModelRetrying(self._run, now, task.name, attempt, number, attempts, delay, f"export: {message}", code)
        )

    def committing(self, task: Task) -> None:
        """The attempt has left its marker and is about to commit.

        Whatever becomes of it here, only the marker tells whether it did: a failure of it is recorded under another id,
        for the next run takes an id that is recorded for one that is settled.
        """
        self._committing.add(task.name)

    def restore(self, done: Done) -> None:
        """A load that was given up turned out to be committed: its data version is the present one."""
        name, version = done.task.name, done.record.state.data_version
        if version is not None:
            self._before.setdefault(name, self._versions.of(name))
            self._versions.move(name, version, done.record.state.since)

    # --- with the runner's lock held --------------------------------------------------------------------------

    def announce(self, done: Done) -> None:
        """What is committed is recorded and told."""
        done = self._summed(done)
        self.outcomes[done.task.name] = done.outcome
        self._before.pop(done.task.name, None)
        self._take(done)
        if self._letters is not None and isinstance(done.outcome, Succeeded):
            self._letters.succeeded(done.task)
        for event in done.events:
            self._recorder.event(event)

    def part(self, done: Done, number: int) -> None:
        """A portion of a task, the `number`th, is committed, and more of them follow: the task goes on."""
        self._before.pop(done.task.name, None)
        self._tries.pop(done.task.name, None)
        self._parts[done.task.name] = done.record.state
        self._take(done)
        self._add_part(done, number)
        for event in done.events:
            if not isinstance(event, ModelFinished):
                self._recorder.event(event)

    def goes_on(self, other: Recording, task: Task) -> None:
        """The attempt of another thread at this task is the one that is under way: it failed."""
        if task.name in other._started:
            self._started[task.name] = other._started[task.name]
        if task.name in other._tries:
            self._tries[task.name] = other._tries[task.name]

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
        before = self._parts.get(task.name, task.state)
        checks = getattr(error, "checks", ())
        message, code = _said(error)
        state = replace(
            before,
            status=status,
            attempted_at=now,
            run=self._run,
            error=None if cancelled else message,
            checks_failed=before.checks_failed or (task.step.action == "check" and bool(checks)),
        )
        if _owes_build(task):
            state = task.state
        started = self._started.get(task.name) or Started(new_id(), now, time.monotonic() - seconds)
        if self._is_in_doubt(task, error):
            # Its own id is that of the marker, by which the next run may find that it succeeded.
            started = replace(started, id=new_id())
        record = self._failure(task, started, status, now, state, error)
        if self._keep is None:
            self._recorder.attempt(record)
        if self._letters is not None and not cancelled:
            self._letters.give_up(task, error, record, started.portion, self._tries.get(task.name, 0) + 1)
        if cancelled:
            self.outcomes[task.name] = NotRun(task.name, "cancelled", "cancelled")
        else:
            self.outcomes[task.name] = Failed(task.name, task.step.action, seconds, error, checks)
        if checks:
            self._recorder.event(ChecksFinished(self._run, now, task.name, checks))
        self._recorder.event(self._finished(task, record.id, status, task.step.action, seconds, message, code))

    def not_run(self, task: Task, status: Literal["skipped", "blocked", "cancelled"], reason: str) -> None:
        """Record and announce that a task did not begin."""
        done = self._not_run(task, status, reason)
        self.announce(done)

    # --- inside -----------------------------------------------------------------------------------------------

    def _is_in_doubt(self, task: Task, error: Exception) -> bool:
        return task.name in self._committing or (isinstance(error, ConnectionFailure) and error.in_doubt)

    def _add_part(self, done: Done, number: int) -> None:
        record = done.record
        loaded = self._loaded.setdefault(done.task.name, {})
        for name, rows in record.counts.items():
            loaded[name] = loaded.get(name, 0) + rows
        for interval in record.intervals:
            seconds = (record.finished_at - record.started_at).total_seconds()
            where = (interval.start, interval.end, number, len(done.task.portions))
            self._recorder.event(
                IntervalLoaded(self._run, record.finished_at, record.model, record.id, *where, seconds, record.counts)
            )

    def _summed(self, done: Done) -> Done:
        """The end of a task with what all of its portions loaded."""
        loaded = self._loaded.pop(done.task.name, None)
        if loaded is None or not isinstance(done.outcome, Succeeded):
            return done
        last = done.outcome.counts
        counts = {name: loaded.get(name, 0) + last.get(name, 0) for name in {**loaded, **last}}
        events = [replace(e, counts=counts) if isinstance(e, ModelFinished) else e for e in done.events]
        return replace(done, outcome=replace(done.outcome, counts=counts), events=events)

    def _failure(
        self,
        task: Task,
        started: Started,
        status: Literal["cancelled", "failed"],
        now: datetime,
        state: ModelState,
        error: Exception,
    ) -> AttemptRecord:
        message, code = _said(error)
        return AttemptRecord(
            id=started.id,
            run=self._run,
            model=task.name,
            status=status,
            reason=_reason(task),
            started_at=started.at,
            finished_at=now,
            state=state,
            checks=getattr(error, "checks", ()),
            error=message,
            error_code=code,
        )

    def _take(self, done: Done) -> None:
        if self._keep is None:
            self._recorder.attempt(done.record)
        else:
            self._keep(done)

    def _done(self, task: Task, action: Action, started: Started, built: Built, state: ModelState) -> Done:
        seconds = started.seconds
        counts = built.counts.known()
        schema_changed = built.columns is not None and built.columns != task.state.columns
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
            schema_changed=schema_changed,
            intervals=built.intervals,
            forget_intervals=built.forget_intervals,
            cursor=built.cursor,
            metrics=built.metrics,
            definition=self._definition(task, state, schema_changed=schema_changed),
        )
        outcome = Succeeded(task.name, action, seconds, built.rows, counts, built.checks, tuple(built.warnings))
        events: list[Event] = []
        if built.checks:
            events.append(ChecksFinished(self._run, record.finished_at, task.name, built.checks))
        events.append(self._finished(task, started.id, "succeeded", action, seconds, None, None, built, counts))
        return Done(task, outcome, record, events)

    def _definition(self, task: Task, state: ModelState, *, schema_changed: bool) -> DefinitionRecord | None:
        """What the model is published from now; None where the state has it, or what is published is still of another."""
        before, now = task.state.fingerprint, state.fingerprint
        if now is None or now.data != task.fingerprint:
            return None
        same = before is not None and (before.data, before.metadata) == (now.data, now.metadata)
        if same and not schema_changed and made_in(task.state.parents) == made_in(state.parents):
            return None
        return self._define(task.model, state.columns)

    def _version(self, task: Task, attempt: str, built: Built) -> tuple[str, Mapping[str, tuple[str, ...]]]:
        """A new data version where rows moved, and what moved since older ones.

        The versions are moved at once, and put back by `undo`.
        """
        before = self._versions.of(task.name)
        version = attempt if built.moved or task.state.data_version is None else task.state.data_version
        since = since_of(task, version, built, self._versions)
        self._before.setdefault(task.name, before)
        self._versions.move(task.name, version, since)
        return version, since

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


def _owes_build(task: Task) -> bool:
    """Whether what failed last was a build, which is still to be done, whatever checks of the old relation find."""
    state = task.state
    return task.step.action == "check" and state.status == "failed" and not state.checks_failed


def _reason(task: Task) -> str:
    return "; ".join(r.text for r in task.step.reasons)


def _seen_again(task: Task, action: Action) -> Fingerprint | None:
    """The fingerprint of what was not built: of the checks where they ran, and of what was attached with them or alone."""
    before, now = task.state.fingerprint, task.model.fingerprint
    if before is None:
        return None
    match action:
        case "check":
            return replace(before, checks=now.checks, metadata=now.metadata)
        case "attach":
            return replace(before, metadata=now.metadata)
        case _:
            return replace(before, checks=now.checks)


def _said(error: Exception) -> tuple[str, str | None]:
    """What an error says, and its code."""
    if isinstance(error, InterlaceError):
        return str(error), error.code
    return redacted(f"{type(error).__name__}: {error}"), None
