"""A project, loaded: what the command line, the service and whoever embeds Interlace hold in their hands."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from interlace.migrate.project import MigratingProject
from interlace.model.garbage import rare_collections
from interlace.plan.planner import edited
from interlace.run.opening import patiently
from interlace.run.publishing_project import PublishingProject
from interlace.run.reading_project import ReadingProject
from interlace.run.result import RunResult
from interlace.run.waiting import Waiting
from interlace.state.recover import lost_runs
from interlace.telemetry.events import Notice

if TYPE_CHECKING:
    from interlace.plan.incremental import Asked
    from interlace.plan.planner import Facts, Planned
    from interlace.plan.saved import SavedPlan
    from interlace.plan.steps import Plan
    from interlace.plan.windows import Scope
    from interlace.telemetry.events import Event

__all__ = ["Project"]


class Project(ReadingProject, PublishingProject, MigratingProject):
    """One project in one environment.  Two projects in one process do not touch each other.

    Use it as a context manager, or call `close`.
    """

    def plan(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        force: bool = False,
        asked: Asked | None = None,
        full_refresh: bool = False,
        defer_to: str | None = None,
        threads: int | None = None,
    ) -> Plan:
        """Say what a run would do, and why.  Writes nothing.

        What it will take is estimated (`Plan.estimates`), and it can be written and applied later (`Plan.saved`).

        Args:
            select: selectors; empty means everything.
            exclude: selectors of what is left out.
            force: run what is selected although it is up to date.
            asked: the range of time that incremental models load, in place of what is due; see `asked_range`.
            full_refresh: make the tables anew that keep rows.
            defer_to: the environment from which models are read that are defined there as they are here; by default
                what the configuration says.
            threads: how many models would run at once, for the estimate; by default what the configuration says.

        Raises:
            UsageError: a selector matches nothing, or a model reads one that was never built and is not selected.
        """
        options: dict[str, Any] = {"force": force, "asked": asked, "full_refresh": full_refresh, "defer_to": defer_to}
        with self._read():
            return self._proposed(select, exclude, threads, options)[0]

    def planned_sql(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        force: bool = False,
        asked: Asked | None = None,
        full_refresh: bool = False,
        defer_to: str | None = None,
        threads: int | None = None,
    ) -> tuple[Plan, dict[str, tuple[str, ...]]]:
        """The plan, and the statements that it would perform, by model.  Writes nothing.

        Raises:
            UsageError: as for `plan`.
            InvalidModel: a strategy refuses the columns of its batch.
        """
        from interlace.run.planned_sql import planned_sql

        options: dict[str, Any] = {"force": force, "asked": asked, "full_refresh": full_refresh, "defer_to": defer_to}
        plan, facts = self._proposed(select, exclude, threads, options)
        with self._read():
            return plan, planned_sql(self._view, plan, facts, facts.now)

    def run(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        force: bool = False,
        threads: int | None = None,
        fail_fast: bool | None = None,
        command: str = "",
        on_event: Callable[[Event], None] | None = None,
        at: datetime | None = None,
        hold: bool = False,
        asked: Asked | None = None,
        full_refresh: bool = False,
        lanes: int = 1,
        waiting: Waiting | None = None,
        defer_to: str | None = None,
        approved: SavedPlan | None = None,
    ) -> RunResult:
        """Plan, then do it.  A model's failure is in the result, not raised.

        Args:
            select: as for `plan`.
            exclude: as for `plan`.
            force: as for `plan`.
            threads: how many models run at once; by default what the configuration says.
            fail_fast: begin nothing more after the first failure.
            command: what the user typed, for the record.
            on_event: called with each event, in this thread.
            at: the execution time, with its zone, in place of the present: of a run that is replayed or tested.
            hold: stage and check, show the difference, and publish nothing until `release`.
            asked: as for `plan`.
            full_refresh: as for `plan`.
            lanes: how many intervals of one model are loaded at once, where its strategy and its connection allow that.
            waiting: how to wait for other runs, and for other processes that hold a database file; by default not at all.
            defer_to: as for `plan`.
            approved: what the plan has to be, made with the same arguments; see `apply`.

        Raises:
            UsageError: as for `plan`.
            PlanMoved: the plan is not the approved one.
            RunUnderWay: another run of this environment has not ended, or one with another state writes to its database.
            DatabaseLocked: another process holds a database file.
        """
        stop = self._stop = self._stop or threading.Event()
        options: dict[str, Any] = {"force": force, "asked": asked, "full_refresh": full_refresh, "defer_to": defer_to}

        def plan() -> tuple[Planned, Facts]:
            self._loaded.connections.forget()
            self._loaded.connections.sleep = patiently(stop)
            self._last = self._plan(select, exclude, at=at, **options)
            if approved is not None:
                self._require(approved, *self._last)
            if self._last[0].plan.breaks:
                from interlace.run.breaks import refuse_broken

                refuse_broken(self._last[0].plan)
            return self._last

        waiting = waiting or Waiting(timedelta(0))
        with self._written():
            (planned, facts), _ = waiting.take(plan, stop)
            result = self._execute(
                planned,
                facts,
                stop,
                threads=threads,
                lanes=lanes,
                fail_fast=fail_fast,
                command=command,
                on_event=on_event,
                replan=plan,
                waiting=waiting,
                at=at,
                hold=hold,
            )
            if result.status in {"succeeded", "nothing"} and not hold and self._last is not None:
                self._done = self._last[1]
        said = self._read_by_others() if result.status in {"succeeded", "nothing"} else ()
        said += tuple(f"breaks: {b.text}" for b in result.plan.breaks)
        if on_event is not None and result.id:
            for text in said:
                on_event(Notice(result.id, datetime.now(UTC), text, "warning"))
        return replace(result, notices=(*result.notices, *said)) if said else result

    def apply(
        self,
        saved: SavedPlan,
        *,
        threads: int | None = None,
        fail_fast: bool | None = None,
        command: str = "",
        on_event: Callable[[Event], None] | None = None,
        waiting: Waiting | None = None,
    ) -> RunResult:
        """Run a plan that was approved, exactly as it was approved.

        It is made again with the arguments that it was made with, under the lease of the run, and compared: where a step,
        a definition, an input or what is known of a model is another one, nothing runs.

        Args:
            saved: `Plan.saved`, or what `SavedPlan.read` gives.
            threads: as for `run`.
            fail_fast: as for `run`.
            command: as for `run`.
            on_event: as for `run`.
            waiting: as for `run`.

        Raises:
            PlanMoved: it is not what would be done now; says what moved.
            RunUnderWay: as for `run`.
        """
        from interlace.run.proposing import refusing

        made = saved.arguments
        with refusing(self._view, saved):
            return self.run(
                made.select,
                made.exclude,
                force=made.force,
                asked=made.asked,
                full_refresh=made.full_refresh,
                defer_to=made.defer_to,
                threads=threads,
                fail_fast=fail_fast,
                command=command,
                on_event=on_event,
                waiting=waiting,
                approved=saved,
            )

    def asked_range(
        self,
        since: str | None = None,
        until: str | None = None,
        window: str | None = None,
        scope: Scope = "all",
    ) -> Asked | None:
        """What `run` and `plan` take as `asked`, from words; None where none is given.

        Args:
            since: a date or time, in the project's time zone unless it names another.
            until: likewise; not part of the range.
            window: how much one transaction takes: ``1d``, ``6h``, ``1mo``.
            scope: ``all`` of the range, what is ``missing`` of it, or that and what an ``older`` definition loaded.

        Raises:
            UsageError: one of them is none, or the range ends before it begins.
        """
        from interlace.run.asking import asked_range

        return asked_range(since, until, window, scope, self.config.config.timezone)

    def check(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        threads: int | None = None,
        command: str = "",
        on_event: Callable[[Event], None] | None = None,
    ) -> RunResult:
        """Run the checks of what is published, and record what they found.  Builds nothing.

        Raises:
            UsageError: a selector matches nothing.
            RunUnderWay: another run of this environment has not ended.
        """
        stop = self._stop = self._stop or threading.Event()

        def plan() -> tuple[Planned, Facts]:
            from interlace.plan.checking import make_check_plan
            from interlace.run.prepare import gather
            from interlace.run.selection import selected_names

            self._loaded.connections.forget()
            self._loaded.connections.sleep = patiently(stop)
            snapshot = self.store.snapshot(self.environment)
            names = selected_names(self._view, snapshot, select, exclude)
            base = self._base(None, names)
            facts = gather(self._view, names, snapshot, self.store, datetime.now(UTC), force=False, base=base)
            self._view.deferred = facts.deferral.relations
            return make_check_plan(facts), facts

        with self._written():
            planned, facts = plan()
            return self._execute(
                planned,
                facts,
                stop,
                threads=threads,
                fail_fast=False,
                command=command,
                on_event=on_event,
                replan=plan,
                waiting=Waiting(timedelta(0)),
            )

    async def run_async(self, select: Sequence[str] = (), exclude: Sequence[str] = (), **options: Any) -> RunResult:
        """`run`, without blocking the event loop; cancelling the task cancels the run."""
        import asyncio

        self._stop = threading.Event()  # before the thread begins, so that no cancellation is too early
        work = asyncio.create_task(asyncio.to_thread(self.run, select, exclude, **options))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            self.cancel()
            await asyncio.wait([work])
            raise

    async def stream(
        self, select: Sequence[str] = (), exclude: Sequence[str] = (), **options: Any
    ) -> AsyncIterator[Event]:
        """`run`, as its events, in order.

        The last is `RunFinished`, but for a `Notice` where other environments cannot read it yet; none comes when there is
        nothing to do.
        """
        import asyncio

        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event | None] = asyncio.Queue()

        def put(event: Event) -> None:
            loop.call_soon_threadsafe(queue.put_nowait, event)

        work = asyncio.create_task(self.run_async(select, exclude, on_event=put, **options))
        work.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            await work
        finally:
            work.cancel()

    def cancel(self) -> None:
        """Cancel the run that is under way: its queries are interrupted, its transactions roll back."""
        if self._stop is not None:
            self._stop.set()
        if self._execution is not None:
            self._execution.cancel()

    def nothing_to_do(self, arguments: Sequence[str], output: str) -> None:
        """Keep ``nothing to do`` as the answer to this command line, while nothing that it depends on moves.

        Called after `run`; keeps nothing unless a run now would find nothing to do.
        """
        from interlace.run.remember import remember

        if self._last is not None:
            remember(self._loaded, self._view, self.store, self._last, arguments, output)

    def _execute(
        self, planned: Planned, facts: Facts, stop: threading.Event, *, threads: int | None, **options: Any
    ) -> RunResult:
        """Do a plan, unless it holds nothing."""
        if planned.plan.empty and not lost_runs(self.store, self.environment, datetime.now(UTC)):
            return RunResult("", self.environment, "nothing", {}, planned.plan, datetime.now(UTC), 0.0)
        run = self._loaded.config.config.run
        threads = threads or run.threads
        if options["fail_fast"] is None:
            options["fail_fast"] = run.fail_fast
        from interlace.run.execution import Execution

        execution = self._execution = Execution(self._view, self.store, planned, facts, threads=threads, **options)
        if stop.is_set():
            execution.cancel()
        return execution.run()

    def _proposed(
        self, select: Sequence[str], exclude: Sequence[str], threads: int | None, options: dict[str, Any]
    ) -> tuple[Plan, Facts]:
        """A plan that can be saved, with its estimates."""
        from interlace.run.proposing import arguments_of, proposed

        planned, facts = self._plan(select, exclude, **options)
        arguments = arguments_of(self._view, select, exclude, options)
        threads = threads or self._loaded.config.config.run.threads
        return proposed(self._view, self.store, planned, facts, arguments, threads), facts

    def _require(self, approved: SavedPlan, planned: Planned, facts: Facts) -> None:
        """Let the plan be the one that was approved."""
        from interlace.run.proposing import as_approved

        planned.plan = as_approved(self._view, planned, facts, approved)

    @rare_collections()
    def _plan(
        self,
        select: Sequence[str],
        exclude: Sequence[str],
        *,
        force: bool,
        at: datetime | None = None,
        asked: Asked | None = None,
        full_refresh: bool = False,
        defer_to: str | None = None,
    ) -> tuple[Planned, Facts]:
        from interlace.plan.planner import make_plan
        from interlace.run.permitting import refuse_forbidden_writes
        from interlace.run.prepare import gather
        from interlace.run.selection import selected_names

        snapshot = self.store.snapshot(self.environment)
        names = selected_names(self._view, snapshot, select, exclude)
        refuse_forbidden_writes(self._view, names)
        facts = gather(
            self._view,
            names,
            snapshot,
            self.store,
            at or datetime.now(UTC),
            force=force,
            asked=asked,
            full_refresh=full_refresh,
            base=self._base(defer_to, names),
        )
        self._view.deferred = facts.deferral.relations
        planned = make_plan(facts)
        facts.edits.close()
        if self._view.across:
            from interlace.run.transfer import transfers_of

            planned.plan = replace(planned.plan, transfers=transfers_of(self._view, planned.plan.steps, facts))
        if any("table" in use.options for s in planned.plan.steps for use in self._view.models[s.model].export):
            from interlace.run.table_export import outgoing

            planned.plan = replace(planned.plan, outgoing=outgoing(self._view, planned.plan.steps))
        if moved := edited(facts, planned.plan):
            from interlace.run.breaks import breaks_of

            planned.plan = replace(planned.plan, breaks=breaks_of(self._view, facts, planned.plan, moved))
        if pending := self.pending_migrations():
            planned.plan = replace(planned.plan, notices=(*planned.plan.notices, pending))
        self.plugins.notify("interlace_plan_ready", plan=planned.plan)
        return planned, facts
