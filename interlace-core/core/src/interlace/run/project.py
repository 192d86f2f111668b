"""A project, loaded: what the command line, the service and whoever embeds Interlace hold in their hands."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from interlace.contracts.state import StateStore
from interlace.errors import DatabaseLocked, InvalidGraph, RunUnderWay, UsageError, did_you_mean
from interlace.model.definition import Source
from interlace.run.execution import Execution
from interlace.run.loaded import load
from interlace.run.result import RunResult
from interlace.run.view import View
from interlace.run.waiting import Waiting
from interlace.state.recover import lost_runs

if TYPE_CHECKING:
    from interlace.config import LoadedConfig
    from interlace.contracts.connection import Connection
    from interlace.contracts.relation import Column, Relation
    from interlace.contracts.state import CheckRecord, HeldRecord
    from interlace.graph.build import Graph
    from interlace.plan.incremental import Asked
    from interlace.plan.planner import Facts, Planned
    from interlace.plan.steps import Plan
    from interlace.plan.windows import Scope
    from interlace.plugins import PluginManager
    from interlace.run.loaded import Loaded
    from interlace.run.profile import Profile
    from interlace.run.release import Released
    from interlace.telemetry.events import Event

__all__ = ["Project"]


class Project:
    """One project in one environment.  Two projects in one process do not touch each other.

    Use it as a context manager, or call `close`.
    """

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._view = View(loaded)
        self._store: StateStore | None = None
        self._execution: Execution | None = None
        self._stop: threading.Event | None = None
        self._last: tuple[Planned, Facts] | None = None

    @classmethod
    def load(
        cls,
        path: str | Path = ".",
        *,
        env: str | None = None,
        vars: Mapping[str, object] | None = None,  # noqa: A002  the word of the configuration
        environ: Mapping[str, str] | None = None,
    ) -> Project:
        """Find the project at or above `path` and load it.

        Args:
            path: a folder in the project.
            env: the environment's name; else ``INTERLACE_ENV``, else the project's default.
            vars: values for the project's ``vars``.
            environ: the variables of the environment, in place of the process's own.

        Raises:
            ProjectNotFound: there is none.
            InvalidProject: everything that is wrong with its files.
        """
        return cls(load(Path(path), env, vars, environ))

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self._loaded.root

    @property
    def name(self) -> str:
        """The project's name."""
        return self._loaded.config.name

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self._loaded.config.environment

    @property
    def config(self) -> LoadedConfig:
        """The merged configuration, and where each value came from."""
        return self._loaded.config

    @property
    def plugins(self) -> PluginManager:
        """What is installed."""
        return self._loaded.plugins

    @property
    def graph(self) -> Graph:
        """The models and sources."""
        return self._loaded.graph

    @property
    def store(self) -> StateStore:
        """The state, opened when it is first used."""
        if self._store is None:
            config = self._loaded.config
            cls: Any = self._loaded.plugins.registry(StateStore).get(config.config.state.type)
            store: StateStore = cls(config.options(cls.Config, "state"), root=self.root)
            store.open()
            self._store = store
        return self._store

    def plan(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        force: bool = False,
        asked: Asked | None = None,
        full_refresh: bool = False,
    ) -> Plan:
        """Say what a run would do, and why.  Writes nothing.

        Args:
            select: selectors; empty means everything.
            exclude: selectors of what is left out.
            force: run what is selected although it is up to date.
            asked: the range of time that incremental models load, in place of what is due; see `asked_range`.
            full_refresh: make the tables anew that keep rows.

        Raises:
            UsageError: a selector matches nothing, or a model reads one that was never built and is not selected.
        """
        with self._read():
            return self._plan(select, exclude, force=force, asked=asked, full_refresh=full_refresh)[0].plan

    def planned_sql(
        self,
        select: Sequence[str] = (),
        exclude: Sequence[str] = (),
        *,
        force: bool = False,
        asked: Asked | None = None,
        full_refresh: bool = False,
    ) -> tuple[Plan, dict[str, tuple[str, ...]]]:
        """The plan, and the statements that it would perform, by model.  Writes nothing.

        Raises:
            UsageError: as for `plan`.
            InvalidModel: a strategy refuses the columns of its batch.
        """
        from interlace.run.planned_sql import planned_sql

        planned, facts = self._plan(select, exclude, force=force, asked=asked, full_refresh=full_refresh)
        with self._read():
            return planned.plan, planned_sql(self._view, planned.plan, facts, facts.now)

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

        Raises:
            UsageError: as for `plan`.
            RunUnderWay: another run of this environment has not ended, or one with another state writes to its database.
            DatabaseLocked: another process holds a database file.
        """
        stop = self._stop = self._stop or threading.Event()

        def plan() -> tuple[Planned, Facts]:
            self._loaded.connections.forget()
            self._last = self._plan(select, exclude, force=force, at=at, asked=asked, full_refresh=full_refresh)
            return self._last

        waiting = waiting or Waiting(timedelta(0))
        with self._written():
            (planned, facts), _ = waiting.take(plan, stop)
            return self._execute(
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
            snapshot = self.store.snapshot(self.environment)
            names = selected_names(self._view, snapshot, select, exclude)
            facts = gather(self._view, names, snapshot, self.store, datetime.now(UTC), force=False)
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

    def held(self) -> list[HeldRecord]:
        """What runs with ``hold`` staged in this environment and nobody released or discarded yet."""
        return self.store.held(self.environment)

    def release(self, run: str) -> Released:
        """Publish exactly what a run with ``hold`` staged: one transaction for each connection.

        Args:
            run: its id, a prefix of it that fits one only, or ``latest``.

        Raises:
            UsageError: no run of this id holds anything; or what stands at a target moved since it was compared.
            RunUnderWay: another run of this environment has not ended.
        """
        from interlace.run.release import release

        with self._written():
            return release(self._view, self.store, run)

    def discard(self, run: str) -> Released:
        """Drop what a run with ``hold`` staged.

        Raises:
            UsageError: no run of this id holds anything.
            RunUnderWay: another run of this environment has not ended.
        """
        from interlace.run.release import discard

        with self._written():
            return discard(self._view, self.store, run)

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
        """`run`, as its events, in order; the last is `RunFinished` (none comes when there is nothing to do)."""
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

    def select(self, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> frozenset[str]:
        """The names of models and sources that a selection means; all without one.

        Raises:
            UsageError: a selector matches nothing.
        """
        from interlace.run.selection import selected_names

        return selected_names(self._view, self.store.snapshot(self.environment), select, exclude)

    def nothing_to_do(self, arguments: Sequence[str], output: str) -> None:
        """Keep ``nothing to do`` as the answer to this command line, while nothing that it depends on moves.

        Called after `run`; keeps nothing unless a run now would find nothing to do.
        """
        from interlace.run.remember import remember

        if self._last is not None:
            remember(self._loaded, self._view, self.store, self._last, arguments, output)

    def relation(self, name: str) -> Relation | None:
        """Where a model or source is read from in this environment; None where it has no relation.

        Raises:
            InvalidGraph: there is no such node.
        """
        return self._view.relation(self._name(name))

    def compiled(self, name: str) -> str:
        """The SQL of a SQL model as this environment runs it.

        Raises:
            InvalidGraph: there is no such node.
            UsageError: the model is no SQL model.
        """
        from interlace.run.adhoc import compiled

        return compiled(self._view, self._name(name))

    def query(
        self, sql: str, *, connection: str | None = None, limit: int = 100
    ) -> tuple[tuple[Column, ...], list[tuple[Any, ...]]]:
        """Run a query in which names of models stand for their relations.  It is one SELECT: nothing is written.

        Returns:
            the columns and at most `limit` rows.

        Raises:
            InvalidSql: it does not parse, or is no query.
            QueryFailed: the database refused it.
        """
        from interlace.run.adhoc import query

        with self._read():
            return query(self._view, sql, connection, limit)

    def check_source(self, name: str) -> list[CheckRecord]:
        """Run the checks of one source, now.

        Raises:
            UsageError: it is no source.
            QueryFailed: its relation is not there.
        """
        from interlace.run.source_checks import check_source

        node = self.graph.nodes[self._name(name)]
        if not isinstance(node, Source):
            raise UsageError(f"{node.name} is a {node.kind} model, no source")
        with self._read():
            return check_source(self._view, node)

    def profile(self, name: str, columns: Sequence[str] = ()) -> Profile:
        """What the data of a model, seed or source looks like, as it is published in this environment.

        Raises:
            UsageError: it has no relation, or no such column.
            QueryFailed: its relation is not there.
        """
        from interlace.run.profile import profile

        node = self.graph.nodes[self._name(name)]
        relation = self._view.relation(node.name)
        if relation is None:
            raise UsageError(f"{node.name} has no relation")
        with self._read(), closing(self._view.connection(node).session()) as session:
            return profile(session, relation, columns, frozenset(c.name for c in node.columns if "pii" in c.tags))

    def connection(self, name: str | None = None) -> Connection:
        """A connection by its name; the default one without."""
        return self._loaded.connections.get(name)

    def close(self) -> None:
        """Close connections and state; closing twice does nothing."""
        self._loaded.connections.close()
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _read(self) -> Iterator[None]:
        """Close the database files that were looked into, so that other processes may write to them."""
        try:
            yield
        finally:
            self._loaded.connections.close(only_persistent=True)

    @contextmanager
    def _written(self) -> Iterator[None]:
        """The same after writing; what the files then look like is kept, to see later whether another wrote there."""
        refused = False
        try:
            with self._read():
                yield
        except (RunUnderWay, DatabaseLocked):
            refused = True
            raise
        finally:
            self._execution = self._stop = None
            if not refused:  # what another process is writing says nothing of what is known
                self._loaded.connections.save_stamps(self.store)

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
        execution = self._execution = Execution(self._view, self.store, planned, facts, threads=threads, **options)
        if stop.is_set():
            execution.cancel()
        return execution.run()

    def _plan(
        self,
        select: Sequence[str],
        exclude: Sequence[str],
        *,
        force: bool,
        at: datetime | None = None,
        asked: Asked | None = None,
        full_refresh: bool = False,
    ) -> tuple[Planned, Facts]:
        from interlace.plan.planner import make_plan
        from interlace.run.prepare import gather
        from interlace.run.selection import selected_names

        snapshot = self.store.snapshot(self.environment)
        names = selected_names(self._view, snapshot, select, exclude)
        facts = gather(
            self._view,
            names,
            snapshot,
            self.store,
            at or datetime.now(UTC),
            force=force,
            asked=asked,
            full_refresh=full_refresh,
        )
        planned = make_plan(facts)
        self.plugins.notify("interlace_plan_ready", plan=planned.plan)
        return planned, facts

    def _name(self, name: str) -> str:
        nodes = self.graph.nodes
        if name in nodes:
            return name
        folded = {n.casefold(): n for n in nodes}
        if name.casefold() in folded:
            return folded[name.casefold()]
        if not nodes:
            raise UsageError("the project has no models")
        raise InvalidGraph(f"there is no model or source {name!r}", hint=did_you_mean(name, nodes, label="Known"))
