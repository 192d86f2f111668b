"""What the nodes of a project give to their readers: by the definitions alone, and as a plan leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.errors import ModelFailed
from interlace.lineage.offers import Offer, Offers
from interlace.model.definition import Model, SeedBody, Source, SqlBody
from interlace.plan.planner import is_volatile
from interlace.run.lineage import dialects_of, own_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from interlace.contracts.relation import Column
    from interlace.contracts.state import ModelState
    from interlace.lineage.offers import Typed
    from interlace.plan.planner import Facts
    from interlace.plan.steps import Plan
    from interlace.run.view import View

__all__ = ["offers_by_definition", "offers_by_plan"]

_OWN: Final = frozenset({"table", "view", "ephemeral"})
"""Materialisations that give the columns of the query, and no others."""


def offers_by_definition(
    view: View, states: Mapping[str, ModelState], asked: Callable[[str], tuple[Column, ...] | None] = lambda _: None
) -> Offers:
    """What nodes give once all of them are built as they are defined.

    SQL is followed.  What was recorded counts for seeds and Python whose definition, and all that they read, is as it
    was; of another seed what its file says; of sources what is declared and what `asked` gives, and there may be more.
    """
    graph = view.loaded.graph
    settled: dict[str, bool] = {}
    for name in graph.order():
        settled[name] = _is_current(view, name, states) and all(settled[p] for p in graph.parents(name))

    def said(name: str) -> Offer | None:
        node = graph.nodes[name]
        if isinstance(node, Source):
            return _of_source(node, asked(name))
        if isinstance(node.body, SqlBody):
            return _elsewhere(node)
        recorded = states[name].columns if settled[name] else None
        if recorded is None and isinstance(node.body, SeedBody):
            return _of_file(view, node, node.body)
        if recorded is not None:
            return Offer(_typed(recorded), sure=is_volatile(node, graph.parents(name)) is None)
        if node.columns:
            return Offer(tuple((c.name, c.type) for c in node.columns), sure=False)
        return Offer()

    return Offers(graph, dialects_of(view), said, _beside(view, lambda n: states[n].columns if n in states else None))


def offers_by_plan(view: View, facts: Facts, plan: Plan) -> Offers:
    """What nodes give after a plan: what it builds by the queries as they are now, the rest as recorded.

    What cannot be told for certain is not known: sources, and what Python is going to give.  A model that only runs if
    rows of its parents move counts as built: where its columns become others, its parents' columns do.
    """
    built = {s.model for s in plan.steps if s.action == "build"}
    nodes = view.loaded.graph.nodes

    def said(name: str) -> Offer | None:
        node = nodes[name]
        if isinstance(node, Source):
            return Offer()
        there = facts.deferral.read.get(name)
        if there is not None:
            return _recorded(there.state)
        if name in built or name in view.inlined:
            if isinstance(node.body, SeedBody):
                return _of_file(view, node, node.body)
            return _elsewhere(node) if isinstance(node.body, SqlBody) else Offer()
        found = _there(facts, name)
        return Offer() if found is None else Offer(_typed(found))

    return Offers(view.loaded.graph, dialects_of(view), said, _beside(view, lambda name: _there(facts, name)))


def _of_source(source: Source, asked: Iterable[Column] | None) -> Offer:
    """What is declared of a source, and what its database told when it was last asked."""
    declared = [(c.name, c.type) for c in source.columns]
    if asked is None:
        return Offer(tuple(declared), sure=False) if declared else Offer()
    names = {name.casefold() for name, _ in declared}
    return Offer((*declared, *(c for c in _typed(asked) if c[0].casefold() not in names)), sure=False)


def _of_file(view: View, model: Model, seed: SeedBody) -> Offer:
    """The columns of a seed's file, which is the project's own; their types are found out when it is loaded."""
    from interlace.run.seeds import read_seed

    declared = {c.name: c.type for c in model.columns}
    try:
        _, schema = read_seed(view.loaded.root, seed, model)
    except ModelFailed:
        return Offer()
    return Offer() if schema is None else Offer(tuple((name, declared.get(name)) for name in schema.names))


def _there(facts: Facts, name: str) -> tuple[Column, ...] | None:
    """The columns of a relation: as the catalogue says, or as recorded where nobody else wrote."""
    try:
        standing = facts.standing(name)
    except KeyError:
        state = facts.state.models.get(name)
        return None if state is None else state.columns
    return None if standing is None else standing.columns


def _recorded(state: ModelState) -> Offer:
    return Offer() if state.columns is None else Offer(_typed(state.columns))


def _elsewhere(model: Model) -> Offer | None:
    """A relation that something else writes; what it has is not known."""
    return Offer() if model.strategy is not None and model.strategy.name == "none" else None


def _is_current(view: View, name: str, states: Mapping[str, ModelState]) -> bool:
    node = view.loaded.graph.nodes[name]
    if isinstance(node, Source):
        return True
    if name in view.inlined:
        return True
    state = states.get(name)
    return state is not None and state.fingerprint is not None and state.fingerprint.data == view.fingerprint(node)


def _beside(
    view: View, there: Callable[[str], tuple[Column, ...] | None]
) -> Callable[[Model], tuple[Typed, ...] | None]:
    """Gives what a relation has beside the columns of its query: those of its strategy, and those that its rows keep."""

    def beside(model: Model) -> tuple[Typed, ...] | None:
        if model.pre or model.post or model.materialise not in _OWN:
            return None  # what these statements, or a plugin, do to the table nobody knows
        if model.strategy is None or (model.strategy.name == "replace" and model.incremental is None):
            return ()
        return (*((name, None) for name in own_columns(view, model)), *_typed(there(model.name) or ()))

    return beside


def _typed(columns: Iterable[Column]) -> tuple[Typed, ...]:
    return tuple((c.name, c.type) for c in columns)
