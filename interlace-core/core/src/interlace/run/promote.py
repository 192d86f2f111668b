"""``interlace promote``: what one environment built takes its place in another, without being built again."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from interlace.contracts.connection import Marker
from interlace.contracts.exchange import Exchange
from interlace.contracts.relation import Relation
from interlace.contracts.state import AttemptRecord, RunRecord
from interlace.errors import QueryFailed, UnsupportedCapability, UsageError
from interlace.plan.deferral import CLONED
from interlace.plan.promotion import Item, Promotion, make_promotion
from interlace.run.adhoc import compute_of
from interlace.run.data_lease import DataLeases
from interlace.run.edits import Edits
from interlace.run.intent import encode, key
from interlace.run.intervals import keeping_models, written_models
from interlace.run.kept import OWN, Kept, forget, keep, kept, make_table
from interlace.run.lease import RunLease
from interlace.run.permitting import refuse_forbidden_writes
from interlace.run.promote_source import promoted_from
from interlace.run.recovery import recover_markers, recover_runs
from interlace.run.renewing import renewing
from interlace.run.selection import selected_names
from interlace.state.ids import new_id
from interlace.state.owner import this_owner

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.state import DefinitionRecord, ModelState, StateStore
    from interlace.run.promote_source import PromotedFrom
    from interlace.run.view import View

__all__ = [
    "Promoted",
    "drop_empty",
    "drop_kept",
    "plan_promotion",
    "promote",
    "record_of",
    "recorded_run",
    "right_to_write",
    "until_free",
]

PATIENCE: Final = 60.0
"""Seconds for which the tables have to be free of readers now and then, so that they can be exchanged."""

PAUSE: Final = 0.05
"""Seconds between two tries, in which readers get on."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """What was promoted: the run that did it, empty where there was nothing to do, and what was planned."""

    run: str
    promotion: Promotion
    notices: tuple[str, ...] = ()


def plan_promotion(
    view: View, store: StateStore, source: str, select: Sequence[str], exclude: Sequence[str]
) -> Promotion:
    """Say what would be promoted from `source` into the environment of `view`.

    Raises:
        UsageError: a selector matches nothing, or the environments have no database in common.
    """
    state, built = store.snapshot(view.environment), store.snapshot(source)
    selected = selected_names(view, state, select, exclude)
    there = promoted_from(view, source, selected)
    written = written_models(view)
    places = {n: (there.relations[n], r) for n, r in view.relations.items() if n in there.relations and n in written}
    return make_promotion(
        view.loaded.graph,
        view.kinds,
        view.fingerprints,
        built,
        state,
        places,
        selected,
        keeping_models(view, selected),
        Edits(view, store, built.models, str),
    )


def promote(
    view: View, store: StateStore, source: str, select: Sequence[str], exclude: Sequence[str], command: str
) -> Promoted:
    """Promote what is planned: one transaction for each connection; see `Project.promote`."""
    run = new_id()
    items = plan_promotion(view, store, source, select, exclude).items
    wanted = _connections(view, items)
    there = promoted_from(view, source, [i.model for i in items])
    with right_to_write(view, store, run, [view.environment, source], wanted) as found:
        said = [*found, *there.recover(store, [c.name for c in wanted])]
        said += _forget_promoted(view, store, there, wanted)
        promotion = plan_promotion(view, store, source, select, exclude)
        _refuse(promotion, wanted)
        refuse_forbidden_writes(view, [i.model for i in promotion.items])
        if not promotion.items:
            return Promoted("", promotion, tuple(said))
        with recorded_run(store, view.environment, run, command):
            for connection in wanted:
                own = [i for i in promotion.items if view.connection(view.models[i.model]) is connection]
                if own:
                    said += _Promoting(view, store, connection, promotion, run, own, there).perform()
    return Promoted(run, promotion, (*said, *promotion.notices))


@contextlib.contextmanager
def right_to_write(
    view: View, store: StateStore, run: str, environments: Iterable[str], connections: Iterable[Connection]
) -> Iterator[tuple[str, ...]]:
    """Hold the leases of environments, in the state and where the data is, with the state brought up to the data.

    Gives what to say of runs and loads that were cut off.

    Raises:
        RunUnderWay: a run of one of them has not ended.
    """
    said: list[str] = []
    leases: list[RunLease | DataLeases] = []
    with contextlib.ExitStack() as stack:
        for environment in environments:
            lease = RunLease(store, environment, run)
            holder = lease.acquire()
            stack.callback(lease.release)
            data = DataLeases(view.loaded.config.name, environment, run)
            stack.callback(data.release)
            for connection in connections:
                data.acquire(connection)
            leases += [lease, data]
            said += recover_runs(store, environment, run, holder)
        said += [text for env in environments for text in recover_markers(store, env, connections)]
        stack.enter_context(renewing(leases))
        yield tuple(said)


@contextlib.contextmanager
def recorded_run(store: StateStore, environment: str, run: str, command: str) -> Iterator[None]:
    """Record what goes on inside as a run."""
    record = RunRecord(run, environment, "running", datetime.now(UTC), command=command, owner=this_owner())
    began = time.monotonic()
    store.begin_run(record)

    def finish(status: str) -> None:
        seconds = time.monotonic() - began
        store.finish_run(replace(record, status=status, finished_at=datetime.now(UTC), seconds=seconds))  # type: ignore[arg-type]

    try:
        yield
    except BaseException:
        finish("failed")
        raise
    finish("succeeded")


def until_free(act: Callable[[], None]) -> None:
    """Do something again while somebody who reads is in the way.

    Raises:
        QueryFailed: somebody is all the time.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            act()
        except QueryFailed as error:
            if not error.transient or time.monotonic() >= until:
                raise
            time.sleep(PAUSE)
        else:
            return


def drop_kept(session: Session, rows: Sequence[Kept]) -> None:
    """Drop the versions before, inside the open transaction, and the schemas that hold nothing any more."""
    relations = [k.before for k in rows if k.before is not None]
    for relation in relations:
        session.drop(relation, "table")
    forget(session, rows)
    drop_empty(session, [r.schema for r in relations])


def drop_empty(session: Session, schemas: Iterable[str | None]) -> None:
    """Drop schemas that hold nothing any more."""
    for schema in dict.fromkeys(schemas):
        if schema is not None and not session.catalogue([schema]):
            session.execute(f"DROP SCHEMA {session.quote(schema)}")


def record_of(
    run: str,
    reason: str,
    state: ModelState,
    before: ModelState | None,
    store: StateStore,
    environment: str,
    name: str,
) -> AttemptRecord:
    """The attempt that gives a model this state, with what `environment` knows of its intervals, cursor and definition."""
    now = datetime.now(UTC)
    return AttemptRecord(
        id=new_id(),
        run=run,
        model=name,
        status="succeeded",
        reason=reason,
        started_at=now,
        finished_at=now,
        state=state,
        schema_changed=before is None or before.columns != state.columns,
        intervals=tuple(replace(i, attempt="") for i in store.intervals(environment, name)),
        forget_intervals=True,
        cursor=store.cursor(environment, name),
        definition=_definition_of(state, store, environment, name),
    )


def _definition_of(state: ModelState, store: StateStore, environment: str, name: str) -> DefinitionRecord | None:
    """What a state was built from; None where `environment` knows of another definition, or of none."""
    found = store.definition(environment, name)
    if found is None or state.fingerprint is None or found[0].data != state.fingerprint.data:
        return None
    return found[1]


@dataclass(frozen=True, slots=True)
class _Promoting:
    """The promotion of one connection's models."""

    view: View
    store: StateStore
    connection: Connection
    promotion: Promotion
    run: str
    items: Sequence[Item]
    there: PromotedFrom

    @property
    def _beside(self) -> str | None:
        """The name under which the source's own file is read; None where both are in one database."""
        return (
            f"__interlace_{self.there.environment}_{self.run[-8:]}"
            if self.connection.name in self.there.apart
            else None
        )

    def perform(self) -> list[str]:
        """One transaction, then the state; gives what to say of what is left over."""
        if self._beside is not None:
            self.connection.read_beside({self._beside: self.there.apart[self.connection.name]})
        session = self.connection.session()
        try:
            make_table(session)
            for schema in sorted({i.target.schema or "" for i in self.items} - {"", self.connection.default_schema()}):
                session.create_schema(schema)
            records: list[AttemptRecord] = []

            def act() -> None:
                with session.transaction():
                    records[:] = self._exchange(session)

            until_free(act)
            views = self._views_that_end()
            self.store.record(self.promotion.target, records)
            said = self._dropped(views) if self._beside is not None else None
            if said is None:
                self.store.forget_models(self.promotion.source, [i.model for i in self.items] + [v.name for v in views])
            session.forget_markers([r.id for r in records])
            return [said] if said is not None else []
        finally:
            session.close()

    def _dropped(self, views: Sequence[ModelState]) -> str | None:
        """Drop what is the target's now from the source's own file: a transaction writes to one file only."""
        self.connection.read_beside({})
        going = [(self._source_of(v.name), "view") for v in reversed(views) if v.name in self.view.relations]
        going += [(i.source, "table") for i in self.items if i.built == "table"]
        return self.there.drop(self.connection.name, going)

    def _exchange(self, session: Session) -> list[AttemptRecord]:
        standing, views = self._standing(session), self._views(session)
        for state in reversed(self._views_that_end()) if self._beside is None else ():
            if state.name in self.view.relations:
                session.drop(self._source_of(state.name), "view")
        names = {i.model for i in self.items}
        drop_kept(session, [k for k in kept(session, self.promotion.target) if k.model in names])
        rows = [self._kept(session, number, item, standing) for number, item in enumerate(self.items)]
        for schema in dict.fromkeys(row.before.schema for row in rows if row.before is not None):
            session.execute(f"CREATE SCHEMA {session.quote(schema or '')}")
        for item in self.items:
            if item.kind == "table" and standing.get(item.model) == "view":
                session.drop(item.target, "view")
        session.exchange(
            [
                Exchange(
                    i.target,
                    replace(i.source, catalog=self._beside or i.source.catalog) if i.kind == "table" else None,
                    standing.get(i.model) == "table",
                    row.before,
                    stays=self._beside is not None,
                )
                for i, row in zip(self.items, rows, strict=True)
                if i.kind == "table" or standing.get(i.model) == "table"
            ],
            views,
        )
        for item in self.items:
            if item.kind == "view" and item.built == "table" and self._beside is None:
                session.drop(item.source, "table")
        keep(session, rows)
        return [self._marked(session, item) for item in self.items]

    def _standing(self, session: Session) -> dict[str, str]:
        """What stands at each target.

        Raises:
            UsageError: something does that Interlace did not make.
        """
        there = session.catalogue(sorted({i.target.schema for i in self.items}, key=str))
        found = {(r.schema or "").casefold() + "\0" + r.name.casefold(): info.kind for r, info in there.items()}
        standing: dict[str, str] = {}
        for item in self.items:
            kind = found.get((item.target.schema or "").casefold() + "\0" + item.target.name.casefold())
            if kind is None:
                continue
            if item.before is None or item.before.relation is None:
                raise UsageError(
                    f"{item.target} is a {kind} that {self.promotion.target} did not build, so {item.model} cannot take its place",
                    hint="Rename one of the two, or drop it yourself.",
                    model=item.model,
                )
            standing[item.model] = kind
        return standing

    def _kept(self, session: Session, number: int, item: Item, standing: Mapping[str, str]) -> Kept:
        stands, target = standing.get(item.model), self.promotion.target
        place = Relation(item.target.name, self._kept_schema(item.target.schema)) if stands == "table" else None
        record = None
        if item.before is not None:
            made = record_of(self.run, "rolled back", item.before, item.state, self.store, target, item.model)
            record = encode(target, made).decode()
        return Kept(
            promotion=self.run,
            environment=target,
            source=self.promotion.source,
            model=item.model,
            position=number,
            count=len(self.items),
            target=[item.target.name, item.target.schema, item.target.catalog],
            kind=item.kind,
            version=item.state.data_version,
            kept=[place.name, place.schema, place.catalog] if place is not None else None,
            query=session.view_query(item.target) if stands == "view" else None,
            record=record,
        )

    def _kept_schema(self, schema: str | None) -> str:
        """One for each promotion and schema, so that neither tables nor their indexes meet others of their names."""
        return f"{OWN}_previous_{blake2b(f'{self.run}.{schema}'.encode(), digest_size=6).hexdigest()}"

    def _views(self, session: Session) -> dict[Relation, str]:
        """The queries of the views; their columns are asked of the source, which has all that they read."""
        compute = compute_of(self.view)
        built = {i.model: replace(i.source, catalog=self._beside or i.source.catalog) for i in self.items}
        compute = replace(compute, looked_at=lambda name: built.get(name) or self.view.reads(name))
        models = self.view.models
        return {i.target: compute.readable(models[i.model], session) for i in self.items if i.kind == "view"}

    def _marked(self, session: Session, item: Item) -> AttemptRecord:
        """Keep the record of a model until the state has it, and mark that its data is there."""
        now, source = datetime.now(UTC), self.promotion.source
        state = replace(
            item.state,
            relation=str(item.target),
            kind=item.kind,
            columns=session.columns(item.target),
            rows=item.state.rows if item.kind == "table" else None,
            inputs={k: v for k, v in item.state.inputs.items() if not k.startswith(CLONED)},
            exports={},
            published_at=now,
            attempted_at=now,
            run=self.run,
        )
        reason = f"promoted from {source}: {item.why}"
        record = record_of(self.run, reason, state, item.before, self.store, source, item.model)
        self.store.save_answer(key(record.id), encode(self.promotion.target, record))
        session.mark(Marker(str(item.target), record.id, self.run))
        return record

    def _views_that_end(self) -> list[ModelState]:
        """The source's views that are promoted, or read what is: they would hold on to the target's tables."""
        ending = {i.model for i in self.items}
        known = self.store.snapshot(self.promotion.source).models
        found = []
        graph = self.view.loaded.graph
        for name in graph.order():
            reads = any(p in ending for p in graph.parents(name))
            state = known.get(name)
            if name in self.view.inlined and reads:
                ending.add(name)
            elif state is not None and state.kind == "view" and (reads or name in ending):
                ending.add(name)
                found.append(state)
        return found

    def _source_of(self, name: str) -> Relation:
        for item in self.items:
            if item.model == name:
                return item.source
        return self.there.relations[name]


def _forget_promoted(
    view: View, store: StateStore, there: PromotedFrom, connections: Iterable[Connection]
) -> list[str]:
    """What an earlier promotion took over, and was cut off before it said so to the state, is not the source's any more."""
    source, said = there.environment, []
    known = store.snapshot(source).models
    for connection in connections:
        with contextlib.closing(connection.session()) as session:
            rows = [k for k in kept(session, view.environment) if k.source == source and k.model in known]
        names = [k.model for k in rows if known[k.model].data_version == k.version]
        left = None
        if names and connection.name in there.apart:
            going = [(there.relations[n], known[n].kind or "table") for n in names if n in there.relations]
            left = there.drop(connection.name, going)
        if left is None:
            store.forget_models(source, names)
        else:
            said.append(left)
    return said


def _connections(view: View, items: Iterable[Item]) -> list[Connection]:
    return list({id(c): c for i in items for c in [view.connection(view.models[i.model])]}.values())


def _refuse(promotion: Promotion, connections: Iterable[Connection]) -> None:
    if promotion.refused:
        said = "\n".join(f"  {text}" for text in promotion.refused)
        raise UsageError(f"Nothing was promoted from {promotion.source} to {promotion.target}:\n{said}")
    for connection in connections:
        if not connection.capabilities.exchange:
            raise UnsupportedCapability(f"connection {connection.name!r} cannot put a table in the place of another")
