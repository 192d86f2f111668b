"""One run, from its first line to its last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from threading import Event as Flag
from typing import TYPE_CHECKING

from interlace.contracts.state import RunRecord
from interlace.errors import UsageError
from interlace.model.values import split_name
from interlace.run.circuit import Circuits
from interlace.run.compute import Compute
from interlace.run.data_lease import DataLeases
from interlace.run.dead_letters import DeadLetters, plain_asked, plain_variables
from interlace.run.expressions import expressions_of
from interlace.run.extent import Extent
from interlace.run.file_connections import file_connection
from interlace.run.intent import encode, key
from interlace.run.lease import RunLease
from interlace.run.log import logged
from interlace.run.opening import patiently
from interlace.run.prepare import prepare
from interlace.run.recorder import Recorder
from interlace.run.recovery import recover_markers, recover_runs
from interlace.run.result import Failed, NotRun, RunResult, Succeeded
from interlace.run.runner import Limits, Runner
from interlace.run.work import Work
from interlace.state.ids import new_id
from interlace.state.owner import this_owner
from interlace.state.retention import DEFAULT_RETENTION, prune_daily
from interlace.telemetry.events import (
    ChecksFinished,
    ModelFinished,
    ModelRetrying,
    ModelStarted,
    Notice,
    RunFinished,
    RunStarted,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Column, Relation
    from interlace.contracts.state import AttemptRecord, DefinitionRecord, HeldRecord, StateStore
    from interlace.model.definition import Model
    from interlace.plan.planner import Facts, Planned
    from interlace.run.audit import Audited
    from interlace.run.check_words import Part
    from interlace.run.hold import Holding
    from interlace.run.result import Outcome
    from interlace.run.task import Task
    from interlace.run.transfers import Transfers
    from interlace.run.view import View
    from interlace.run.waiting import Waiting
    from interlace.telemetry.events import Event

__all__ = ["Execution"]

_HOOKS = {
    RunStarted: "interlace_run_started",
    ModelStarted: "interlace_model_started",
    ModelFinished: "interlace_model_finished",
    ModelRetrying: "interlace_model_retrying",
    ChecksFinished: "interlace_checks_finished",
}


class Execution:
    """Does one plan.

    Args:
        replan: makes the plan anew, from the state as it then is.
        waiting: how it takes what other runs hold.
        lanes: how many intervals of one model may be loaded at once, where that is possible.
        at: the execution time; the present by default.
        hold: stage and check, and publish nothing.
    """

    def __init__(
        self,
        view: View,
        store: StateStore,
        planned: Planned,
        facts: Facts,
        *,
        threads: int,
        lanes: int = 1,
        fail_fast: bool,
        command: str,
        on_event: Callable[[Event], None] | None,
        replan: Callable[[], tuple[Planned, Facts]],
        waiting: Waiting,
        at: datetime | None = None,
        hold: bool = False,
    ) -> None:
        self.id = new_id()
        self._holding = _holding(self.id) if hold else None
        self._view = view
        self._data = DataLeases(view.loaded.config.name, view.environment, self.id)
        self._store = store
        self._planned = planned
        self._facts = facts
        self._threads = threads
        self._lanes = lanes
        self._fail_fast = fail_fast
        self._command = command
        self._replan = replan
        self._waiting = waiting
        self._began = datetime.now(UTC)
        self._at = at or self._began
        self._given = at is not None
        self._clock = time.monotonic()
        log = view.loaded.root / ".interlace" / "logs" / f"run-{self.id}.jsonl"
        self._on_event = on_event
        self._heard = frozenset(hook for hook in _HOOKS.values() if view.loaded.plugins.answers(hook))
        self._recorder = Recorder(store, view.environment, log, self._tell)
        self._runner: Runner | None = None
        self._copies: Transfers | None = None
        self._stop = Flag()
        self._notices: tuple[str, ...] = ()

    def cancel(self) -> None:
        """Begin nothing more, and interrupt what runs."""
        self._stop.set()
        if self._runner is not None:
            self._runner.cancel()

    def run(self) -> RunResult:
        """Do it."""
        lease = RunLease(self._store, self._view.environment, self.id)
        # Whoever is waited for may need the file that the planner looked into.
        holder, waited = self._waiting.take(lease.acquire, self._stop, self._close)
        try:
            tasks, locked = self._waiting.take(self._tasks, self._stop, lease.renew)
            if waited or locked:
                self._begin_later()
                tasks = self._tasks()
            return self._run(tasks, lease, holder)
        finally:
            self._data.release()
            lease.release()

    def _run(self, tasks: dict[str, Task], lease: RunLease, holder: str | None) -> RunResult:
        self._store.begin_run(self._record("running"))
        said = recover_runs(self._store, self._view.environment, self.id, holder)
        try:
            tasks, recovered = self._catch_up(tasks, lease)
            recovered += self._swept()
        except BaseException:
            self._begin(said)
            self._finish("cancelled" if self._stop.is_set() else "failed", {})
            raise
        self._begin([*said, *recovered])
        transfers = self._copies = self._transfers(tasks)
        work = self._work(transfers)
        try:
            self._make_schemas(tasks.values())
            self._rename()
            self._runner = Runner(
                tasks, work, self._limits(), fail_fast=self._fail_fast, tick=lambda: self._tick(lease)
            )
            if self._stop.is_set():
                self._runner.cancel()
            with logged(self.id, self._view.loaded.config.config.logging.level, self._recorder.event):
                self._runner.run()
        except BaseException:
            self._finish("failed", work.outcomes)
            raise
        finally:
            if transfers is not None:
                transfers.close()
        status = _status(work.outcomes.values(), cancelled=self._stop.is_set())
        held = self._hold(tasks, status) if self._holding is not None else ()
        self._finish(status, work.outcomes)
        result = RunResult(
            id=self.id,
            environment=self._view.environment,
            status=status,
            outcomes=work.outcomes,
            plan=self._planned.plan,
            started_at=self._began,
            seconds=time.monotonic() - self._clock,
            notices=self._notices,
            held=held,
        )
        self._notify("interlace_run_finished", result=result)
        return result

    def _tasks(self) -> dict[str, Task]:
        tasks = prepare(self._view, self._planned.plan, self._facts, self._at)
        return self._holding.staged(tasks) if self._holding is not None else tasks

    def _close(self) -> None:
        self._view.loaded.connections.close(only_persistent=True)

    def _begin_later(self) -> None:
        """What was waited for may have a later execution time than this run had until now."""
        self._began = datetime.now(UTC)
        self._clock = time.monotonic()
        self._at = self._at if self._given else self._began

    def _catch_up(self, tasks: dict[str, Task], lease: RunLease) -> tuple[dict[str, Task], list[str]]:
        """Open the connections, bring the state up to what they hold, and the plan up to the state and to what stands.

        The plan was made before the leases were held: where the state has moved since, by a load that a killed run did
        not come to record or by a run that has just ended, what was planned may be done already.  Where what stands has
        moved, a run with another state wrote there.

        Returns:
            what is to be done, and what to say of the loads that were found.
        """
        said: list[str] = []
        opened: dict[str, Connection] = {}
        while new := {c.name: c for c in _written_to(tasks.values()) if c.name not in opened}:
            moved = False
            for _, connection in sorted(new.items()):  # two runs that wait for each other's would wait for ever
                dead, found_moved = self._take(connection, lease)
                moved = moved or found_moved
                said += [f"run {dead} was cut off while it wrote to {connection.where()}"] if dead else []
            said += recover_markers(self._store, self._view.environment, new.values())
            opened |= new
            if moved or self._store.revision(self._view.environment) != self._planned.plan.revision:
                self._planned, self._facts = self._replan()
                tasks = self._tasks()
        if not opened and self._store.revision(self._view.environment) != self._planned.plan.revision:
            # There is nothing to build, but models to rename, and a run has just ended.
            self._planned, self._facts = self._replan()
            tasks = self._tasks()
        return tasks, said

    def _take(self, connection: Connection, lease: RunLease) -> tuple[str | None, bool]:
        """Open a connection and take its lease; gives the run that died with it, and whether others may have written."""

        def renew() -> None:
            self._tick(lease)

        def opened() -> None:
            self._view.loaded.connections.open(connection, patiently(self._stop, renew))

        _, opened_late = self._waiting.take(opened, self._stop, renew)
        dead, held_late = self._waiting.take(lambda: self._data.acquire(connection), self._stop, renew)
        if opened_late or held_late:
            self._begin_later()
        return dead, opened_late or held_late or self._view.loaded.connections.moved(connection.name)

    def _begin(self, said: Iterable[str]) -> None:
        plan = self._planned.plan
        self._recorder.event(RunStarted(self.id, self._began, plan.environment, len(plan.steps), plan.where))
        self._notices = (*self._view.loaded.connections.opened_late(), *said, *map(str, plan.moves), *plan.notices)
        for text in self._notices:
            self._notice(text)

    def _make_schemas(self, tasks: Iterable[Task]) -> None:
        """Make the schemas, before any model."""
        connections = {t.connection.name: t.connection for t in tasks}
        for connection in connections.values():
            own = [t for t in tasks if t.connection is connection]
            made = [t for t in own if t.standing is None or t.copied_from is not None]
            schemas = {t.relation.schema for t in made if t.relation is not None}
            wanted = sorted(s for s in schemas if s is not None and s != connection.default_schema())
            if wanted and connection.capabilities.schemas and connection.access == "readwrite":
                session = connection.session()
                try:
                    for schema in wanted:
                        session.create_schema(schema)
                finally:
                    session.close()

    def _rename(self) -> None:
        """Carry out ``renamed_from``, before anything is built."""
        moves = self._planned.plan.moves
        if not moves:
            return
        from interlace.run.renaming import rename_models

        if self._holding is not None:
            raise UsageError(
                f"{moves[0]}: --hold publishes nothing, and that would.",
                hint="Run it without --hold first: interlace run " + " ".join(move.new for move in moves),
            )
        rename_models(self._view, self._store, moves)

    def _transfers(self, tasks: Mapping[str, Task]) -> Transfers | None:
        """What copies between connections; None where no task reads another one."""
        if not any(task.needs for task in tasks.values()):
            return None
        from interlace.run.transfers import Transfers

        connections = self._view.loaded.connections
        return Transfers(self.id, self._view.environment, self._store, connections, tasks.values(), self._info)

    def _swept(self) -> list[str]:
        """Drop what a killed run copied."""
        if self._store.answer(f"copies:{self._view.environment}") in {None, b"[]"}:
            return []
        from interlace.run.transfers import sweep

        return sweep(self._store, self._view.environment, self._view.loaded.connections)

    def _work(self, transfers: Transfers | None) -> Work:
        view = self._view
        config = view.loaded.config.config
        compute = Compute(
            root=view.loaded.root,
            environment=view.environment,
            run=self.id,
            at=self._at,
            graph=view.loaded.graph,
            inlined=view.inlined,
            relation=self._relation,
            connection=view.connection,
            variables={**view.variables, "run_id": self.id},
            timezone=config.timezone,
            files=partial(file_connection, view),
            transfers=transfers,
            expressions=expressions_of(self._store, view.loaded.root),
        )
        return Work(
            run=self.id,
            recorder=self._recorder,
            versions=self._planned.versions,
            compute=compute,
            audit=self._audit,
            allow_empty=config.allow_empty,
            intend=self._intend if self._holding is None else None,
            lanes=self._lanes,
            extent=self._extent(),
            define=_define(view),
            circuits=self._circuits(),
            letters=self._letters(),
            keep=self._holding.keep if self._holding is not None else None,
        )

    def _relation(self, name: str) -> Relation | None:
        """Where a model is read from in this run: what the run itself holds back, else what is published."""
        held = self._holding.relations.get(name) if self._holding is not None else None
        return held or self._view.reads(name)

    def _circuits(self) -> Circuits:
        options = self._view.loaded.config.config.run.circuit
        return Circuits(self._store, failures=options.failures, recovery=options.recovery, say=self._notice)

    def _letters(self) -> DeadLetters:
        variables = plain_variables(self._view.loaded.variables)
        arguments = {"command": self._command, "vars": variables, **plain_asked(self._facts.asked)}
        refreshed = self._facts.refreshed
        return DeadLetters(self.id, self._view.environment, self._at, arguments, refreshed, self._recorder)

    def _extent(self) -> Extent:
        view = self._view
        known = {n: s.rows for n, s in self._facts.state.models.items()}
        known |= {n: there.state.rows for n, there in self._facts.deferral.read.items()}
        through = frozenset(n for n, m in view.models.items() if view.kinds[m.materialise].relation != "table")
        return Extent(view.loaded.graph, known, through)

    def _audit(
        self, session: Session, relation: Relation, columns: Sequence[Column], task: Task, part: Part = "all"
    ) -> Audited:
        # Imported here, for a run without checks needs none of it.
        from interlace.contracts.check import Check
        from interlace.run.anomalies import history_of
        from interlace.run.audit import audit
        from interlace.run.check_words import of_part
        from interlace.run.quarantine import Quarantine, quarantine_of

        def resolve(name: str) -> Relation:
            node = self._view.loaded.graph.resolve(split_name(name), session.connection.dialect)
            if self._copies is not None and any(need.name == node for need in task.needs):
                return self._copies.relation(node, session.connection.name)
            found = self._relation(node)
            if found is None:
                from interlace.errors import InvalidModel

                raise InvalidModel(f"{name} has no relation to check against", model=task.name)
            return found

        loads = task.step.action == "build"
        aside = loads and self._holding is None and task.relation is not None
        return audit(
            session,
            relation,
            columns,
            of_part(task.model.checks, part),
            self._view.loaded.plugins.registry(Check),
            resolve=resolve,
            now=self._at,
            samples=self._view.loaded.config.config.checks.samples,
            masked=task.masked,
            model=task.name,
            variables={**self._view.variables, "run_id": self.id},
            history=history_of(self._store, self._view.environment, task.name),
            quarantine=Quarantine(quarantine_of(task.relation), self.id, self._at) if aside and task.relation else None,
            root=self._view.loaded.root,
        )

    def _intend(self, record: AttemptRecord, settle: bool) -> None:
        if settle:
            self._recorder.settle()
        self._store.save_answer(key(record.id), encode(self._view.environment, record))

    def _hold(self, tasks: dict[str, Task], status: str) -> tuple[HeldRecord, ...]:
        """Compare what was staged with what is published, and keep it for its release; drop it when anything failed."""
        assert self._holding is not None  # noqa: S101  the caller looked
        if status != "succeeded":
            self._holding.drop(tasks)
            return ()
        held = self._holding.records(tasks, self._view, self._facts.state)
        self._store.hold(held)
        return held

    def _limits(self) -> Limits:
        return Limits(self._threads, self._view.loaded.config.config.run.connections)

    def _tick(self, lease: RunLease) -> None:
        lease.renew()
        self._data.renew()
        self._recorder.flush()

    def _finish(self, status: Literal["succeeded", "failed", "cancelled"], outcomes: dict[str, Outcome]) -> None:
        record = self._record(status, _counts(outcomes.values()))
        finished = RunFinished(self.id, datetime.now(UTC), status, record.counts, time.monotonic() - self._clock)
        self._recorder.event(finished)
        self._recorder.close()
        self._store.finish_run(record)
        kept = {**DEFAULT_RETENTION, **self._view.loaded.config.config.state.retention}
        prune_daily(self._store, this_owner(), record.finished_at or self._at, kept)

    def _record(
        self, status: Literal["running", "succeeded", "failed", "cancelled"], counts: dict[str, int] | None = None
    ) -> RunRecord:
        ended = status != "running"
        return RunRecord(
            id=self.id,
            environment=self._view.environment,
            status=status,
            started_at=self._began,
            finished_at=datetime.now(UTC) if ended else None,
            command=self._command,
            owner=this_owner(),
            counts=counts or {},
            seconds=time.monotonic() - self._clock if ended else None,
        )

    def _tell(self, event: Event) -> None:
        """Events go to the plugins that listen, and to whoever called."""
        hook = _HOOKS.get(type(event))
        if hook is not None and hook in self._heard:
            self._notify(hook, **{"run" if hook == "interlace_run_started" else "event": event})
        if self._on_event is not None:
            self._on_event(event)

    def _notice(self, text: str) -> None:
        self._recorder.event(Notice(self.id, datetime.now(UTC), text, "warning"))

    def _info(self, text: str) -> None:
        self._recorder.event(Notice(self.id, datetime.now(UTC), text))

    def _notify(self, hook: str, **arguments: object) -> None:
        self._view.loaded.plugins.notify(hook, **arguments)


def _define(view: View) -> Callable[[Model, Iterable[Column] | None], DefinitionRecord]:
    """What keeps definitions, imported where one is kept."""

    def define(model: Model, columns: Iterable[Column] | None) -> DefinitionRecord:
        from interlace.run.unfolded import record_of

        return record_of(view, model, columns)

    return define


def _holding(run: str) -> Holding:
    from interlace.run.hold import Holding

    return Holding(run)


def _status(outcomes: Iterable[Outcome], *, cancelled: bool) -> Literal["succeeded", "failed", "cancelled"]:
    ended = list(outcomes)
    if cancelled:
        return "cancelled"
    if any(isinstance(o, Failed) or (isinstance(o, Succeeded) and o.export_errors) for o in ended):
        return "failed"
    return "cancelled" if any(isinstance(o, NotRun) and o.status == "cancelled" for o in ended) else "succeeded"


def _counts(outcomes: Iterable[Outcome]) -> dict[str, int]:
    names: Counter[str] = Counter()
    for outcome in outcomes:
        match outcome:
            case Succeeded():
                names["succeeded"] += 1
            case Failed():
                names["failed"] += 1
            case NotRun(status=status):
                names[status] += 1
    return dict(names)


def _written_to(tasks: Iterable[Task]) -> Iterator[Connection]:
    """The connections of tasks, and those that they export to."""
    for task in tasks:
        yield task.connection
        yield from (export.writes for export in task.exports if export.writes is not None)
