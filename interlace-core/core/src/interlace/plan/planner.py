"""The one planner: compares the graph with the state and says what has to run, and why.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from interlace.contracts.state import ModelState, StateSnapshot
from interlace.errors import UsageError
from interlace.model.definition import Model, PythonBody, Source, SqlBody
from interlace.plan.deferral import NO_DEFERRAL, Deferral
from interlace.plan.inputs import same_content
from interlace.plan.known_columns import NOBODY_KNOWS, Moved, parents_moved, part_of, with_readers
from interlace.plan.steps import Action, Deferred, Plan, Reason, Step, Upstream
from interlace.plan.versions import Versions, digest, made_in

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation, RelationInfo
    from interlace.contracts.state import IntervalRecord
    from interlace.graph.build import Graph
    from interlace.model.definition import Fingerprint
    from interlace.plan.arrivals import Arrivals
    from interlace.plan.incremental import Asked, Due
    from interlace.plan.known_columns import Follows
    from interlace.plan.renames import Move

__all__ = ["Facts", "Kind", "Planned", "edited", "is_volatile", "make_plan", "read_through", "versions_of"]


def _no_intervals(_: str) -> Sequence[IntervalRecord]:
    return ()


def _no_cursor(_: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Kind:
    """What the planner has to know of a materialisation: see `Materialiser`."""

    relation: str | None
    inlined: bool
    uses_strategy: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the planner looks at.

    Attributes:
        graph: the models and sources.
        selected: the names that may run.
        state: of the environment.
        kinds: by the name of a materialisation.
        fingerprints: the fingerprint of each model's data, the values of its variables included.
        exports: for each model with exports, their fingerprints by position and format.
        lost_exports: the exports whose file is gone, as (model, key).
        relations: where each model is published.
        standing: gives what stands at a model's relation now; None where nothing does; `KeyError` where the
            database was not written since Interlace closed it, so that the state knows.
        inputs: the present token of each model's inputs.
        where: where each connection writes, for people.
        now: the present, in UTC.
        force: run all that is selected.
        notices: what the user should know.
        intervals: gives the parts of time that a model was loaded for.
        cursor: gives the greatest value of a model's incremental column that was recorded.
        asked: what the command line asks of incremental models; None for nothing.
        refreshed: the models whose tables are made anew.
        history: the models whose intervals are loaded one by one.
        timezone: the project's, whose calendar intervals follow.
        moves: by its new name each model that goes on under another name; `state` is as it will be then.
        claimed: names in the state whose model goes on under another name: they are no orphans.
        deferral: what is read from another environment.
        elsewhere: by name the connection where something is read that is not in its own, which nobody can see into.
        arrivals: of each selected model that takes in files, what is there.
        edits: compares queries and follows columns.
    """

    graph: Graph
    selected: frozenset[str]
    state: StateSnapshot
    kinds: Mapping[str, Kind]
    fingerprints: Mapping[str, str]
    exports: Mapping[str, Mapping[str, str]]
    lost_exports: frozenset[tuple[str, str]]
    relations: Mapping[str, Relation]
    standing: Callable[[str], RelationInfo | None]
    inputs: Mapping[str, Mapping[str, str]]
    where: Mapping[str, str]
    now: datetime
    force: bool = False
    notices: tuple[str, ...] = ()
    intervals: Callable[[str], Sequence[IntervalRecord]] = _no_intervals
    cursor: Callable[[str], str | None] = _no_cursor
    asked: Asked | None = None
    refreshed: frozenset[str] = frozenset()
    history: frozenset[str] = frozenset()
    timezone: str = "UTC"
    moves: Mapping[str, Move] = field(default_factory=dict)
    claimed: frozenset[str] = frozenset()
    deferral: Deferral = NO_DEFERRAL
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    arrivals: Mapping[str, Arrivals] = field(default_factory=dict)
    edits: Follows = NOBODY_KNOWS


@dataclass(slots=True)
class Planned:
    """A plan, and what goes with it.

    Attributes:
        plan: what will run and why.
        expires: when "nothing to do" may stop being true by itself; None for never.
        versions: the data versions as they stand before the run.
        moving: the models that are built, with the columns that move; None where anything may.
    """

    plan: Plan
    versions: Versions
    expires: datetime | None = None
    moving: dict[str, frozenset[str] | None] = field(default_factory=dict)


def make_plan(facts: Facts) -> Planned:
    """Compare the graph with the state.

    Raises:
        UsageError: a selected model reads one that is not selected and was never built.
    """
    planned = Planned(_empty(facts), versions_of(facts))
    steps: list[Step] = []
    rest: list[Upstream] = []
    for name in facts.graph.order():
        node = facts.graph.nodes[name]
        if isinstance(node, Source):
            continue
        kind = facts.kinds[node.materialise]
        if kind.inlined:
            if any(p in planned.moving for p in facts.graph.parents(name)):
                planned.moving[name] = None
            continue
        if name not in facts.selected or name in facts.deferral.read:
            continue
        _judge(node, facts, planned, steps, rest)
    if any(step.change is not None for step in steps):
        steps = with_readers(steps, facts, planned)
    planned.plan = _finished(planned.plan, steps, rest)
    return planned


def edited(facts: Facts, plan: Plan) -> list[str]:
    """The models that a plan builds from another definition than last time, their own or an inlined one; parents first."""
    states = facts.state.models
    inlines = any(kind.inlined for kind in facts.kinds.values())
    versions = versions_of(facts) if inlines and plan.steps else None

    def is_edited(name: str, built: Fingerprint) -> bool:
        if built.data != facts.fingerprints[name]:
            return True
        return versions is not None and made_in(states[name].parents) != made_in(versions.read_by(name))

    return [
        s.model
        for s in plan.steps
        if s.action == "build"
        and s.model in states
        and (built := states[s.model].fingerprint) is not None
        and is_edited(s.model, built)
    ]


def is_volatile(model: Model, parents: Iterable[str]) -> str | None:
    """Why a model is never up to date, or None (ruling 8)."""
    if model.volatile is not None:
        return "it is declared volatile" if model.volatile else None
    if model.inputs or model.cache is not None:
        return None
    match model.body:
        case PythonBody() if not tuple(parents):
            return "it is Python that reads no model, so Interlace cannot see what it reads"
        case SqlBody(volatile=functions) if functions:
            return f"it calls {', '.join(f'{f}()' for f in functions)}"
    return None


def _judge(model: Model, facts: Facts, planned: Planned, steps: list[Step], rest: list[Upstream]) -> None:
    state = facts.state.models.get(model.name) or ModelState(model.name)
    build, moved = _reasons_to_build(model, state, facts, planned)
    due: Due | None = None
    if model.incremental is not None and model.incremental.by == "datetime":
        from interlace.plan.incremental import due_of

        due = due_of(model, state, facts, planned, build)
        build = list(due.reasons)
    if model.name in facts.arrivals:
        build = _reasons_to_take(model, state, facts, planned, build)
    if build:
        _require_parents(model, facts)
        step = replace(_step(model, "build", build, state, facts), parents=moved.parents, spared=moved.spared)
        if due is None:
            part, change = part_of(model, build, moved, facts, planned)
            step = replace(step, columns=part, change=change)
        planned.moving[model.name] = step.columns
        steps.append(due.of(step) if due is not None else step)
        return
    _expiry(model, state, planned, due)
    again: tuple[Action, list[Reason]] = ("check", _reasons_to_check(model, state))
    if not again[1]:
        again = ("attach", _reasons_to_attach(model, state, facts))
    if not again[1]:
        again = ("export", _reasons_to_export(model, state, facts))
    if again[1]:
        steps.append(_step(model, again[0], again[1], state, facts))
    else:
        why = due.rest if due is not None else (Reason("up_to_date", "nothing that it depends on moved"),)
        if moved.spared:
            why = (*moved.rest(planned), *(due.rest if due is not None else ()))
        if model.name in facts.arrivals and (waiting := facts.arrivals[model.name].waiting):
            paths = tuple(f.path for f in waiting)
            why = (Reason("waiting", f"{_names(paths)} may still be written", paths),)
        rest.append(Upstream(model.name, why))


def _step(model: Model, action: Action, reasons: list[Reason], state: ModelState, facts: Facts) -> Step:
    relation = facts.relations.get(model.name)
    strategy = model.strategy.name if model.strategy else None
    materialise = "table" if model.name in facts.deferral.cut else model.materialise
    return Step(
        model=model.name,
        action=action,
        reasons=tuple(reasons),
        relation=str(relation) if relation is not None else None,
        materialise=materialise,
        strategy=strategy or ("replace" if materialise == "table" or facts.kinds[materialise].uses_strategy else None),
        tentative=action == "build" and all(r.code == "parent_runs" for r in reasons),
        seconds=state.seconds,
        fresh=model.name in facts.refreshed,
    )


def _reasons_to_build(model: Model, state: ModelState, facts: Facts, planned: Planned) -> tuple[list[Reason], Moved]:
    """Why a model is built, and what its parents have to do with it."""
    if model.name in facts.refreshed:
        return [Reason("full_refresh", "--full-refresh")], Moved()
    if facts.force:
        return [Reason("forced", "--force")], Moved()
    if state.fingerprint is None:
        return [_new(model.name, facts)], Moved()
    reasons: list[Reason] = []
    if state.status == "failed" and not state.checks_failed:
        reasons.append(Reason("failed", "its last attempt failed"))
    if state.fingerprint.data != facts.fingerprints[model.name]:
        reasons.append(Reason("definition", "its definition changed"))
    moved = parents_moved(model, state, facts, planned)
    reasons += moved.reasons
    reasons += _inputs_moved(model, state, facts)
    reasons += _relation_moved(model, state, facts)
    reasons += _cannot_tell(model, state, facts)
    if model.incremental is not None and model.incremental.by == "key" and facts.asked and facts.asked.bounded:
        reasons.append(Reason("again", "a range was asked for"))
    return reasons, moved


def _reasons_to_take(
    model: Model, state: ModelState, facts: Facts, planned: Planned, build: list[Reason]
) -> list[Reason]:
    from interlace.plan.arrivals import reasons_to_take

    found = facts.arrivals[model.name]
    there = state.relation == str(facts.relations[model.name]) and _stands(model.name, facts)
    if found.until is not None:
        planned.expires = found.until if planned.expires is None else min(planned.expires, found.until)
    return reasons_to_take(found, build, there=there)


def _new(name: str, facts: Facts) -> Reason:
    if name not in facts.deferral.clones:
        return Reason("new", "it was never built here")
    source = facts.deferral.clones[name].state.relation
    return Reason("clone", f"it begins as a copy of {source}, of {facts.deferral.environment}")


def _inputs_moved(model: Model, state: ModelState, facts: Facts) -> list[Reason]:
    now = facts.inputs.get(model.name, {})
    moved = tuple(p for p, token in now.items() if not same_content(token, state.inputs.get(p, "")))
    gone = tuple(p for p in state.inputs if p not in now)
    if not moved and not gone:
        return []
    return [Reason("inputs", f"{_names((*moved, *gone))} changed", (*moved, *gone))]


def _relation_moved(model: Model, state: ModelState, facts: Facts) -> list[Reason]:
    relation = facts.relations.get(model.name)
    if relation is None:
        return []
    if state.relation != str(relation):
        return [Reason("relation", f"it was published as {state.relation}")]
    try:
        standing = facts.standing(model.name)
    except KeyError:
        return _kind_moved(model, state, facts)
    if standing is None:
        return [Reason("relation", f"{state.kind or 'relation'} {relation} is not there")]
    if standing.kind != state.kind:
        return [Reason("relation", f"{relation} is a {standing.kind} now")]
    return _kind_moved(model, state, facts) or _columns_moved(state, standing)


def _kind_moved(model: Model, state: ModelState, facts: Facts) -> list[Reason]:
    """Whether a view was made a table because it read another environment's relations, or is to be one now."""
    declared = facts.kinds[model.materialise].relation
    if declared != "view":
        return []
    if model.name in facts.deferral.cut:
        why = f"it reads relations of {facts.deferral.environment}, so it is made a table"
        return [] if state.kind == "table" else [Reason("relation", why)]
    return [Reason("relation", "it can be a view again")] if state.kind == "table" else []


def _columns_moved(state: ModelState, standing: RelationInfo) -> list[Reason]:
    relation = standing.relation
    if state.columns is not None and standing.columns != state.columns:
        return [Reason("relation", f"the columns of {relation} were changed by something else")]
    return []


def _cannot_tell(model: Model, state: ModelState, facts: Facts) -> list[Reason]:
    if model.cache is not None:
        expired = state.published_at is None or facts.now >= state.published_at + timedelta(seconds=model.cache)
        return [Reason("expired", "its cache expired")] if expired else []
    why = is_volatile(model, facts.graph.parents(model.name))
    if why is not None:
        return [Reason("volatile", why)]
    sources = tuple(
        p
        for p in read_through(model.name, facts)
        if p in facts.elsewhere
        or (isinstance(facts.graph.nodes[p], Source) and p not in facts.state.models)  # of a copy the state knows
    )
    if sources and model.volatile is None:
        text = f"it reads {_names(sources)}, which Interlace cannot see into"
        return [Reason("source", text, sources)]
    return []


def read_through(name: str, facts: Facts) -> list[str]:
    """What a model reads, through the models that are inlined into it."""
    found: dict[str, None] = {}
    pending = list(facts.graph.parents(name))
    while pending:
        parent = pending.pop()
        node = facts.graph.nodes[parent]
        if isinstance(node, Model) and facts.kinds[node.materialise].inlined:
            pending.extend(facts.graph.parents(parent))
        else:
            found[parent] = None
    return sorted(found)


def _reasons_to_check(model: Model, state: ModelState) -> list[Reason]:
    if state.checks_failed:
        return [Reason("failed", "its last checks failed")]
    if state.fingerprint is not None and state.fingerprint.checks != model.fingerprint.checks:
        return [Reason("checks", "its checks changed" if state.fingerprint.checks else "its checks never ran")]
    return []


def _reasons_to_attach(model: Model, state: ModelState, facts: Facts) -> list[Reason]:
    if facts.relations.get(model.name) is None or state.fingerprint is None:
        return []
    if state.fingerprint.attached == model.fingerprint.attached:
        return []
    return [Reason("attached", "its indexes, constraints or grants changed")]


def _reasons_to_export(model: Model, state: ModelState, facts: Facts) -> list[Reason]:
    reasons = []
    for key, fingerprint in facts.exports.get(model.name, {}).items():
        written = state.exports.get(key)
        if key == "files" and (written != fingerprint or (model.name, key) in facts.lost_exports):
            reasons.append(Reason("export", "files that it loaded are still to be taken away", (key,)))
        elif key == "files":
            continue
        elif written is None:
            reasons.append(Reason("export", f"export {key} was not written", (key,)))
        elif written != fingerprint:
            reasons.append(Reason("export", f"export {key} changed", (key,)))
        elif (model.name, key) in facts.lost_exports:
            reasons.append(Reason("export", f"the file of export {key} is not there", (key,)))
    return reasons


def _expiry(model: Model, state: ModelState, planned: Planned, due: Due | None) -> None:
    if due is not None and due.expires is not None:
        planned.expires = due.expires if planned.expires is None else min(planned.expires, due.expires)
    if model.cache is None or state.published_at is None:
        return
    at = state.published_at + timedelta(seconds=model.cache)
    planned.expires = at if planned.expires is None else min(planned.expires, at)


def _require_parents(model: Model, facts: Facts) -> None:
    for parent in read_through(model.name, facts):
        node = facts.graph.nodes[parent]
        if parent in facts.selected or isinstance(node, Source) or facts.relations.get(parent) is None:
            continue
        if parent in facts.deferral.read or parent in facts.elsewhere:
            continue
        if _stands(parent, facts):
            continue
        environment = facts.state.environment
        raise UsageError(
            f"{model.name} reads {parent}, which is not selected and was never built in {environment}",
            hint=f"Run it too: interlace run +{model.name}",
            model=model.name,
        )


def _stands(name: str, facts: Facts) -> bool:
    try:
        return facts.standing(name) is not None
    except KeyError:
        state = facts.state.models.get(name)
        return state is not None and state.relation is not None


def versions_of(facts: Facts) -> Versions:
    """The data versions of all nodes, as they stand."""
    known = {n: s.data_version for n, s in facts.state.models.items() if s.data_version is not None}
    known |= {n: t.state.data_version for n, t in facts.deferral.read.items() if t.state.data_version is not None}
    inlined = {
        n: facts.fingerprints[n]
        for n, node in facts.graph.nodes.items()
        if isinstance(node, Model) and facts.kinds[node.materialise].inlined
    }
    return Versions(known, inlined, facts.graph.parents, facts.state.models)


def _empty(facts: Facts) -> Plan:
    orphans = tuple(
        s.relation
        for n, s in sorted(facts.state.models.items())
        if s.relation is not None
        and n not in facts.relations
        and n not in facts.claimed
        and not isinstance(facts.graph.nodes.get(n), Source)
    )
    return Plan(
        id="",
        environment=facts.state.environment,
        where=facts.where,
        steps=(),
        orphans=orphans,
        notices=facts.notices,
        revision=facts.state.revision,
        selected=facts.selected,
        moves=tuple(facts.moves.values()),
        deferred=_deferred(facts),
    )


def _deferred(facts: Facts) -> tuple[Deferred, ...]:
    environment = facts.deferral.environment
    return tuple(
        Deferred(name, there.environment or environment, there.state.relation)
        for name, there in sorted(facts.deferral.read.items())
    )


def _finished(plan: Plan, steps: list[Step], rest: list[Upstream]) -> Plan:
    said = [f"{s.model}:{s.action}:{','.join(r.code for r in s.reasons)}" for s in steps]
    said += [str(move) for move in plan.moves]
    return replace(
        plan,
        id=digest(plan.environment, str(plan.revision), *said)[:12],
        steps=tuple(steps),
        up_to_date=tuple(rest),
    )


def _names(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"  # noqa: PLR2004
