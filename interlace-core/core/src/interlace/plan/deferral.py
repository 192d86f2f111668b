"""What is read from another environment in place of being built: ``defer_to``.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from interlace.model.definition import Model, Source
from interlace.plan.versions import Versions

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import AttemptRecord, ModelState, StateSnapshot
    from interlace.graph.build import Graph
    from interlace.model.definition import Fingerprint
    from interlace.plan.planner import Kind

__all__ = ["CLONED", "NO_DEFERRAL", "Base", "Deferral", "Defined", "Elsewhere", "clone_tokens", "cloned_from", "decide"]

CLONED: Final = "clone:"
"""Before the name of an environment, the input of a model that began as a copy of its table there: the data version."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A model as another environment has it; `relation` is None where it makes none.

    Attributes:
        environment: its name, where it is another one than that which is deferred to.
    """

    relation: Relation | None
    state: ModelState
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """Another environment of the project: in the same databases, or as its last snapshots have it.

    Attributes:
        state: of that environment.
        relations: where it publishes each model.
        catalogs: by model the name of the database where it is read, where that is a snapshot of the other's.
        records: what the models of a snapshot were loaded for when it was made: their intervals and their cursors.
        notices: what to say of it.
    """

    state: StateSnapshot
    relations: Mapping[str, Relation]
    catalogs: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, AttemptRecord] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def environment(self) -> str:
        """Its name."""
        return self.state.environment

    def read_at(self, name: str) -> Relation | None:
        """Where a model is read from here."""
        relation = self.relations.get(name)
        return replace(relation, catalog=self.catalogs[name]) if relation and name in self.catalogs else relation


@dataclass(frozen=True, slots=True)
class Deferral:
    """What one environment takes from another.

    Attributes:
        environment: the other's name; empty where nothing is deferred.
        read: by name what is read there in place of being built.
        cut: views that are made tables, for a view would hold on to a relation of the other environment.
        clones: tables that keep rows and begin as a copy of the other's.
    """

    environment: str = ""
    read: Mapping[str, Elsewhere] = field(default_factory=dict)
    cut: frozenset[str] = frozenset()
    clones: Mapping[str, Elsewhere] = field(default_factory=dict)

    @property
    def relations(self) -> dict[str, Relation]:
        """Where what is deferred is read."""
        return {name: there.relation for name, there in self.read.items() if there.relation is not None}


NO_DEFERRAL: Final = Deferral()


@dataclass(frozen=True, slots=True)
class Defined:
    """The models as they are defined now.

    Attributes:
        graph: what reads what.
        kinds: by the name of a materialisation.
        fingerprints: of the data of each model.
    """

    graph: Graph
    kinds: Mapping[str, Kind]
    fingerprints: Mapping[str, str]

    def models(self) -> Iterator[Model]:
        """All of them, parents first."""
        return (node for node in map(self.graph.nodes.__getitem__, self.graph.order()) if isinstance(node, Model))

    def parents(self, name: str) -> tuple[str, ...]:
        """What a model reads."""
        return self.graph.parents(name)

    def is_inlined(self, name: str) -> bool:
        """Whether a node is a model that others have in their queries."""
        node = self.graph.nodes[name]
        return isinstance(node, Model) and self.kinds[node.materialise].inlined

    def changed(self, name: str, built: Fingerprint) -> bool:
        """Whether a model was built as what it is no longer."""
        return built.data != self.fingerprints[name]


def decide(
    graph: Graph,
    kinds: Mapping[str, Kind],
    fingerprints: Mapping[str, str],
    state: StateSnapshot,
    base: Base,
    *,
    selected: Collection[str],
    forced: Collection[str] = (),
    keeping: Collection[str] = (),
    shared: Mapping[str, Elsewhere] | None = None,
) -> Deferral:
    """Say what is read from `base`, what is cut off from it, and what begins as a copy.

    A model is an environment's own where its definition is not the one that `base` published, and so is what reads one
    that is, or reads the environment's own copy of a source.  What is selected and no one's own is read from `base`, whatever was built here before.  What is not selected is
    read from where it is: here, where it was built and is this environment's own; else there.

    Args:
        kinds: by the name of a materialisation.
        fingerprints: of the data of each model, as it is defined now.
        state: of the environment that defers.
        forced: what is to be built whatever it is.
        keeping: the models whose tables keep rows that are not loaded again.
        shared: the models that this environment never builds, as they are there.
    """
    defined = Defined(graph, kinds, fingerprints)
    judge = _Judge(defined, state, base, selected, forced, keeping, shared or {})
    for model in defined.models():
        judge.place(model)
    return Deferral(base.environment, judge.read, frozenset(judge.cut), judge.clones)


def cloned_from(state: ModelState) -> dict[str, str]:
    """The data versions of what a table began as a copy of, by environment."""
    return {key.removeprefix(CLONED): version for key, version in state.inputs.items() if key.startswith(CLONED)}


def clone_tokens(state: StateSnapshot, deferral: Deferral, refreshed: Collection[str]) -> dict[str, dict[str, str]]:
    """What to record of the tables that begin as copies, and of those that did; one that is made anew is none."""
    found = {
        name: {f"{CLONED}{environment}": version for environment, version in began.items()}
        for name, known in state.models.items()
        if known.inputs and name not in refreshed and (began := cloned_from(known))
    }
    for name, there in deferral.clones.items():
        found[name] = {f"{CLONED}{deferral.environment}": there.state.data_version or ""}
    return found


class _Judge:
    def __init__(
        self,
        defined: Defined,
        state: StateSnapshot,
        base: Base,
        selected: Collection[str],
        forced: Collection[str],
        keeping: Collection[str],
        shared: Mapping[str, Elsewhere],
    ) -> None:
        self._defined = defined
        self._shared = shared
        self._state = state
        self._base = base
        self._selected = selected
        self._forced = forced
        self._keeping = keeping
        self._own = {n for n in state.models if isinstance(defined.graph.nodes.get(n), Source)}  # copies
        self._versions = _versions(defined, base)
        self.read: dict[str, Elsewhere] = {}
        self.cut: set[str] = set()
        self.clones: dict[str, Elsewhere] = {}

    def place(self, model: Model) -> None:
        """Say where a model is; its parents have their places."""
        name = model.name
        if self._defined.is_inlined(name):
            self._place_inlined(name)
            return
        if name in self._shared:
            self.read[name] = self._shared[name]
            return
        there = self._there(name)
        own = self._is_own(model, there)
        if name in self._selected and (own or name in self._forced):
            self._own.add(name)
            self._prepare(model, there)
        elif there is not None and not (own and _built(self._state, name)):
            self.read[name] = there
        elif own:
            self._own.add(name)

    def _place_inlined(self, name: str) -> None:
        if any(parent in self._own for parent in self._defined.parents(name)):
            self._own.add(name)

    def _there(self, name: str) -> Elsewhere | None:
        """A model as the other environment published it, where it still does."""
        state = self._base.state.models.get(name)
        if state is None or state.fingerprint is None:
            return None
        relation = self._base.relations.get(name)
        if state.relation != (str(relation) if relation is not None else None):
            return None
        return Elsewhere(self._base.read_at(name), state)

    def _is_own(self, model: Model, there: Elsewhere | None) -> bool:
        parents = self._defined.parents(model.name)
        if there is None or there.state.fingerprint is None or any(p in self._own for p in parents):
            return True
        if self._defined.changed(model.name, there.state.fingerprint) or set(there.state.parents) != set(parents):
            return True
        return any(there.state.parents[p] != self._versions.of(p) for p in parents if self._defined.is_inlined(p))

    def _prepare(self, model: Model, there: Elsewhere | None) -> None:
        if self._defined.kinds[model.materialise].relation == "view" and self._reads_there(model.name):
            self.cut.add(model.name)
        standing = there is not None and there.relation is not None and there.state.kind == "table"
        if there is not None and standing and model.name in self._keeping and not _built(self._state, model.name):
            self.clones[model.name] = there

    def _reads_there(self, name: str) -> bool:
        """Whether a query reads a relation of the other environment, through what is inlined into it."""
        pending = list(self._defined.parents(name))
        while pending:
            parent = pending.pop()
            if self._defined.is_inlined(parent):
                pending.extend(self._defined.parents(parent))
            elif parent in self.read:
                return True
        return False


def _built(state: StateSnapshot, name: str) -> bool:
    known = state.models.get(name)
    return known is not None and known.fingerprint is not None


def _versions(defined: Defined, base: Base) -> Versions:
    """The data versions of the other environment, were its inlined models defined as they are here."""
    known = {n: s.data_version for n, s in base.state.models.items() if s.data_version is not None}
    inlined = {n: defined.fingerprints[n] for n in defined.graph.nodes if defined.is_inlined(n)}
    return Versions(known, inlined, defined.parents)
