"""From the project to the planner's facts, and from a plan's steps to tasks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.contracts.exporter import Exporter, ExportOptions
from interlace.contracts.load import LoadSpec, Publish, Query
from interlace.contracts.relation import Relation, RelationInfo
from interlace.contracts.state import ModelState, StateSnapshot
from interlace.contracts.strategy import Strategy
from interlace.errors import InvalidModel, Location, UnsupportedCapability
from interlace.model.definition import Model, SqlBody
from interlace.plan.deferral import NO_DEFERRAL, clone_tokens, decide
from interlace.plan.inputs import input_patterns, input_tokens
from interlace.plan.planner import Facts
from interlace.plan.sampling import knows_samples, sample_tokens
from interlace.redaction import redacted
from interlace.run.check_order import order_checks
from interlace.run.copies import copies_of
from interlace.run.exports import export_fingerprints, export_to_table, is_there, place_of, require_places
from interlace.run.fallback import found_elsewhere, has_fallbacks
from interlace.run.file_connections import refuse_connections_without_tables
from interlace.run.intervals import cloned_portion, history_models, keeping_models, portions_of, refreshed_models
from interlace.run.retry import predicate_of
from interlace.run.sharing import shared_models, shared_reads
from interlace.run.task import Export, Task
from interlace.run.unfolding import stacked_views

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection
    from interlace.contracts.options import Options
    from interlace.contracts.state import StateStore
    from interlace.plan.deferral import Base, Deferral
    from interlace.plan.incremental import Asked
    from interlace.plan.renames import Move, Moves
    from interlace.plan.steps import Plan, Step
    from interlace.run.task import Sending
    from interlace.run.transfer import Need
    from interlace.run.view import View

__all__ = ["gather", "prepare", "stands"]

DEFAULT_STRATEGY = "replace"

SLOW = 0.1
"""Seconds above which a model would hold the others of its group up."""


def gather(
    view: View,
    selected: frozenset[str],
    snapshot: StateSnapshot,
    store: StateStore,
    now: datetime,
    *,
    force: bool,
    asked: Asked | None = None,
    full_refresh: bool = False,
    base: Base | None = None,
) -> Facts:
    """Collect what the planner looks at.  Opens a database only where it was written since Interlace closed it.

    Args:
        asked: what the command asks of incremental models.
        full_refresh: make the tables anew that keep rows.
        base: the environment from which models are read in place of being built.
    """
    view.fall_back({})
    selected -= shared_models(view)
    _refuse_impossible(view, selected)
    view.refuse_shared_schemas(selected)
    view.refuse_unknown_variables(selected)
    refuse_connections_without_tables(view, selected)
    require_places(view, selected)
    taking = {name for name in selected & set(view.models) if view.models[name].files is not None}
    if taking:
        from interlace.run.arriving import require_drops

        require_drops(view, taking)
    root = view.loaded.root
    exports = {n: export_fingerprints(m) for n, m in view.models.items() if m.export}
    moved = _moves(view, snapshot, selected)
    snapshot = moved.state
    standing = _Standing(view, snapshot, store, moved.due)
    refreshed, kept = refreshed_models(view, selected) if full_refresh else (frozenset(), ())
    shared = shared_reads(view, store, selected)
    deferral = NO_DEFERRAL
    if shared:
        deferral = replace(NO_DEFERRAL, environment=view.loaded.config.config.base_environment, read=shared)
    if base is not None:
        deferral = decide(
            view.loaded.graph,
            view.kinds,
            view.fingerprints,
            snapshot,
            base,
            selected=selected,
            forced=selected if force else refreshed,
            keeping=keeping_models(view, selected) - refreshed,
            shared=shared,
        )
    elsewhere = dict.fromkeys((*deferral.read, *deferral.clones), deferral.environment)
    recorded = base.records if base is not None else {}
    clones = clone_tokens(snapshot, deferral, refreshed)
    view.copies = copies_of(view, snapshot)
    if has_fallbacks(view):
        view.fall_back(found_elsewhere(view, selected, deferral) if selected else {})
        _refuse_impossible(view, selected)
    samples = _samples(view, snapshot, deferral, selected, refreshed)
    facts = Facts(
        graph=view.loaded.graph,
        selected=selected,
        state=snapshot,
        kinds=view.kinds,
        fingerprints=view.fingerprints,
        exports=exports,
        lost_exports=_lost(view, exports, selected),
        relations=view.relations,
        standing=standing,
        inputs={
            n: {
                **input_tokens(input_patterns(m), root, _state(snapshot, n).inputs),
                **clones.get(n, {}),
                **samples.get(n, {}),
            }
            for n, m in view.models.items()
            if n in selected and (n in clones or n in samples or input_patterns(m))
        },
        where=_where(view, selected),
        now=now,
        force=force,
        notices=(*stacked_views(view, selected), *kept, *moved.notices, *_nothing_there(base), *_fallen(view)),
        intervals=lambda name: (
            recorded[name].intervals
            if name in elsewhere and name in recorded
            else store.intervals(elsewhere.get(name, view.environment), moved.recorded(name))
        ),
        cursor=lambda name: (
            recorded[name].cursor
            if name in elsewhere and name in recorded
            else store.cursor(elsewhere.get(name, view.environment), moved.recorded(name))
        ),
        asked=asked,
        refreshed=refreshed,
        history=history_models(view, selected),
        timezone=view.loaded.config.config.timezone,
        moves=moved.due,
        claimed=moved.claimed,
        deferral=deferral,
        elsewhere={n: place[0] for n, place in view.elsewhere.items()},
    )
    if not (force or full_refresh):
        from interlace.run.edits import Edits

        facts = replace(facts, edits=Edits(view, store, _states(facts), moved.recorded))
    if not taking:
        return facts
    from interlace.run.arriving import with_arrivals

    return with_arrivals(view, facts)


def _states(facts: Facts) -> Mapping[str, ModelState]:
    """The states of all that is read, where it is read from."""
    elsewhere = {name: there.state for name, there in facts.deferral.read.items()}
    return {**facts.state.models, **elsewhere} if elsewhere else facts.state.models


def _refuse_impossible(view: View, names: frozenset[str]) -> None:
    if names & view.across:
        from interlace.run.transfer import refuse_impossible

        refuse_impossible(view, names)


def _samples(
    view: View, snapshot: StateSnapshot, deferral: Deferral, selected: frozenset[str], refreshed: frozenset[str]
) -> dict[str, dict[str, str]]:
    if not knows_samples(snapshot, deferral):
        return {}
    keeping = keeping_models(view, selected)
    graph = view.loaded.graph
    return sample_tokens(graph, snapshot, deferral, selected, copies=view.copies, keeping=keeping, refreshed=refreshed)


def _fallen(view: View) -> tuple[str, ...]:
    own = view.loaded.config.default_connection
    return tuple(
        f"{name} is not in {view.loaded.graph.nodes[name].connection or own}, and is read from {connection}: {relation}"
        for name, (connection, relation) in sorted(view.elsewhere.items())
    )


def _nothing_there(base: Base | None) -> tuple[str, ...]:
    if base is None or base.state.models:
        return base.notices if base is not None else ()
    return (f"nothing is read from {base.environment}: it has built nothing that this state knows of",)


def _moves(view: View, snapshot: StateSnapshot, selected: frozenset[str]) -> Moves:
    from interlace.plan.renames import Moves, moves

    if all(model.renamed_from is None for model in view.models.values()):
        return Moves({}, snapshot)
    return moves(view.models, view.relations, snapshot, selected)


def prepare(view: View, plan: Plan, facts: Facts, at: datetime) -> dict[str, Task]:
    """Make a task of each step: every word becomes a class, every option is validated.

    Args:
        at: the run's execution time, UTC.
    """
    planned = {s.model for s in plan.steps}
    tasks = {step.model: _task(view, step, facts, planned) for step in plan.steps}
    for task in tasks.values():
        task.portions = cloned_portion(task, portions_of(task, facts, at), facts)
        if task.name in facts.arrivals:
            from interlace.run.arriving import take

            take(view, task, facts, at)
        predicate_of(task.model, view.loaded.root)
    order_checks(view, tasks)
    return tasks


def stands(facts: Facts, name: str, view: View) -> RelationInfo | None:
    """What stands at a model's relation: as the catalogue says, or as the state does where nobody else wrote."""
    try:
        return facts.standing(name)
    except KeyError:
        state = facts.state.models.get(name)
        relation = view.relations.get(name)
        if state is None or relation is None or state.relation != str(relation) or state.kind is None:
            return None
        return RelationInfo(relation, state.kind, state.columns or ())


class _Standing:
    """Looks up relations by one query for each connection; `KeyError` where the state knows."""

    def __init__(self, view: View, snapshot: StateSnapshot, store: StateStore, moves: Mapping[str, Move]) -> None:
        self._view = view
        self._moves = moves
        self._store = store
        self._known = snapshot.models
        self._untouched: dict[str, bool] = {}
        self._used: dict[str, set[str | None]] | None = None

    def __call__(self, name: str) -> RelationInfo | None:
        model = self._view.models[name]
        connection = model.connection or self._view.loaded.config.default_connection
        relation = self._view.relations[name]
        if self._is_untouched(connection) and name in self._known and self._known[name].relation == str(relation):
            raise KeyError(name)
        there = self._view.loaded.connections.standing(connection, self._schemas(connection))
        found = there.get(_address(relation))
        before = there.get(_address(self._moves[name].source)) if name in self._moves else None
        if found is not None and before is not None:
            raise self._both(model, found, before)
        return replace(before, relation=relation) if before is not None else found

    def _both(self, model: Model, found: RelationInfo, before: RelationInfo) -> InvalidModel:
        return InvalidModel(
            f"{model.name} is renamed from {model.renamed_from}, but {found.relation} is there beside {before.relation}",
            where=Location(model.file, model.line),
            hint="Drop the one that is to give way.",
            model=model.name,
        )

    def _is_untouched(self, connection: str) -> bool:
        if connection not in self._untouched:
            connections = self._view.loaded.connections
            self._untouched[connection] = connections.untouched(connection, self._store, self._view.environment)
        return self._untouched[connection]

    def _schemas(self, connection: str) -> Sequence[str | None]:
        if self._used is None:
            view = self._view
            default = view.loaded.config.default_connection
            self._used = {}
            for name, relation in view.relations.items():
                self._used.setdefault(view.models[name].connection or default, set()).add(relation.schema)
            for name, move in self._moves.items():
                self._used[view.models[name].connection or default].add(move.source.schema)
        return sorted(self._used[connection], key=str)


def _address(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()


def _task(view: View, step: Step, facts: Facts, planned: set[str]) -> Task:
    model = view.models[step.model]
    plugins = view.loaded.plugins
    connection = view.connection(model)
    materialiser = view.materialiser(step.materialise)()
    strategy_class = plugins.registry(Strategy).get(step.strategy or DEFAULT_STRATEGY)
    given = model.strategy.options if model.strategy is not None else {}
    options: Options = strategy_class.Config.model_validate(dict(given))
    strategy = strategy_class()
    whole = materialiser.kind == "table" and model.incremental is None
    replaces = whole and _replaces(strategy, options, model, connection)
    exports = _exports(view, model, facts)
    standing = stands(facts, step.model, view) if step.model in view.relations else None
    copied_from, state = None, _state(facts.state, step.model)
    if step.action == "build" and step.model in facts.deferral.clones:
        there = facts.deferral.clones[step.model]
        copied_from = there.relation
        standing = RelationInfo(view.relations[step.model], "table", there.state.columns or ())
        state = replace(state, rows=there.state.rows)
    _refuse_foreign(model, standing, materialiser.kind, facts)
    if model.indexes or model.constraints or model.grants:
        from interlace.run.attaching import refuse_unsupported

        refuse_unsupported(model, connection)
    needs: tuple[Need, ...] = ()
    if step.action == "build" and step.model in view.across:
        from interlace.run.transfer import needs_of

        needs = needs_of(view, step.model, step.intervals)
    if not connection.capabilities.writes and materialiser.kind is not None and strategy.writes:
        raise _only_read(model, connection)
    if not connection.capabilities.transactions and materialiser.uses_strategy and strategy.writes and not replaces:
        raise _needs_transactions(model, connection)
    return Task(
        step=step,
        model=model,
        connection=connection,
        materialiser=materialiser,
        strategy=strategy,
        options=options,
        parents=_parents(view, step.model, planned),
        relation=view.relations.get(step.model),
        standing=standing,
        state=state,
        copied_from=copied_from,
        needs=needs,
        fingerprint=facts.fingerprints[step.model],
        replaces=replaces,
        groupable=_groupable(view, model, step, replaces=replaces or materialiser.kind == "view")
        and connection.capabilities.transactional_ddl
        and not needs,
        exports=exports,
        inputs=facts.inputs.get(step.model, {}),
        lost=frozenset(key for name, key in facts.lost_exports if name == step.model),
        masked=frozenset(c.name for c in model.columns if "pii" in c.tags),
    )


def _only_read(model: Model, connection: Connection) -> UnsupportedCapability:
    """The error for a model on a system that Interlace writes nothing to."""
    return UnsupportedCapability(
        f"{model.name} is on connection {connection.name!r}, which is only read: nothing is written to it",
        where=Location(model.file, model.line),
        hint="Put the model on another connection: it may read from this one.",
        model=model.name,
    )


def _needs_transactions(model: Model, connection: Connection) -> UnsupportedCapability:
    """The error for a load that keeps rows where nothing rolls back: a failure in its middle would leave a half of it."""
    return UnsupportedCapability(
        f"{model.name} keeps the rows of its table, and connection {connection.name!r} has no transactions",
        where=Location(model.file, model.line),
        hint="Write `strategy: replace` without `incremental`, or put the model on a connection that has them.",
        model=model.name,
    )


def _refuse_foreign(model: Model, standing: RelationInfo | None, kind: str | None, facts: Facts) -> None:
    """Refuse to drop what Interlace did not make, to put something of another kind in its place.

    Raises:
        InvalidModel: names both.
    """
    if standing is None or standing.kind == kind or _state(facts.state, model.name).relation is not None:
        return
    raise InvalidModel(
        f"{standing.relation} is a {standing.kind} that Interlace did not make, and {model.name} is to be a {kind}",
        where=Location(model.file, model.line),
        hint="Rename one of the two, or drop it yourself.",
        model=model.name,
    )


def _groupable(view: View, model: Model, step: Step, *, replaces: bool) -> bool:
    """Whether a model may share a transaction: plain SQL that may simply be run again."""
    plain = isinstance(model.body, SqlBody) and not (model.pre or model.post or model.export or model.timeout)
    if not plain or not replaces or step.action != "build" or model.retry is not None:
        return False
    if step.seconds is not None and step.seconds > SLOW:
        return False
    below = _inlined_below(view, model.name)
    return all(isinstance(view.models[n].body, SqlBody) for n in below)


def _replaces(strategy: Strategy, options: Options, model: Model, connection: Connection) -> bool:
    """Whether the strategy's plan is: the target becomes the source."""
    if strategy.needs_source_columns or not strategy.groupable:
        return False
    target, source = Relation(model.name), Query("")
    spec = LoadSpec(
        target, source, None, None, model.key, options, datetime.now(UTC), connection.capabilities, connection.dialect
    )
    return list(strategy.plan(spec).steps) == [Publish(target, source)]


def _parents(view: View, name: str, planned: set[str]) -> tuple[str, ...]:
    """What has to be done before: the planned parents, through models that are inlined and those that need not run."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    pending = list(view.loaded.graph.parents(name))
    while pending:
        parent = pending.pop()
        if parent in seen:
            continue
        seen.add(parent)
        if parent in planned:
            found[parent] = None
        elif parent in view.inlined:
            pending.extend(view.loaded.graph.parents(parent))
    return tuple(found)


def _inlined_below(view: View, name: str) -> set[str]:
    found: set[str] = set()
    pending = [p for p in view.loaded.graph.parents(name) if p in view.inlined]
    while pending:
        at = pending.pop()
        if at not in found:
            found.add(at)
            pending.extend(p for p in view.loaded.graph.parents(at) if p in view.inlined)
    return found


def _exports(view: View, model: Model, facts: Facts) -> tuple[Sending, ...]:
    made: list[Sending] = []
    # What comes after them are files that are taken away.
    for use, (key, fingerprint) in zip(model.export, facts.exports.get(model.name, {}).items(), strict=False):
        if (table := export_to_table(view, model, use, key, fingerprint)) is not None:
            made.append(table)
            continue
        cls = view.loaded.plugins.registry(Exporter).get(use.format)
        options = cls.Config.model_validate(dict(use.options))
        assert isinstance(options, ExportOptions)  # noqa: S101  what writes files takes them
        path, connection = place_of(view, model, use)
        made.append(Export(key, use.format, fingerprint, cls(), options, path, connection))
    return tuple(made)


def _lost(view: View, exports: Mapping[str, Mapping[str, str]], selected: frozenset[str]) -> frozenset[tuple[str, str]]:
    """The exports that are not where they were written; what nobody selected is looked for only on this machine."""
    lost = set()
    for name, keys in exports.items():
        for use, key in zip(view.models[name].export, keys, strict=True):
            remote = use.options.get("connection") is not None
            if (name in selected or not remote) and not is_there(view, view.models[name], use):
                lost.add((name, key))
    return frozenset(lost)


def _where(view: View, selected: frozenset[str]) -> dict[str, str]:
    default = view.loaded.config.default_connection
    used = sorted({(view.models[n].connection or default) for n in selected if n in view.models})
    found = {}
    for name in used:
        schema = view.namespace(name)
        text = redacted(_short(view.loaded.connections.get(name).where(), view.loaded.root))
        found[name] = f"{text}, schemas {schema.prefix}*" if schema.prefix else text
    return found


def _short(place: str, root: Path) -> str:
    """A path below the project's folder is shown relative to it."""
    return str(Path(place).relative_to(root)) if place.startswith(f"{root}{os.sep}") else place


def _state(snapshot: StateSnapshot, name: str) -> ModelState:
    return snapshot.models.get(name) or ModelState(name)
