"""What one environment takes over from another as it was built there, and what it may not.  Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from interlace.plan.deferral import Defined, cloned_from
from interlace.plan.known_columns import NOBODY_KNOWS
from interlace.plan.sampling import sampled_from

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import ModelState, StateSnapshot
    from interlace.graph.build import Graph
    from interlace.model.definition import Model
    from interlace.plan.known_columns import Follows
    from interlace.plan.planner import Kind

__all__ = ["Item", "Promotion", "make_promotion"]


@dataclass(frozen=True, slots=True)
class Item:
    """One model that is promoted.

    Attributes:
        model: its name.
        why: what is new about it.
        kind: what it becomes at the target.
        source: where it was built.
        built: as what it was built there: a view that read another environment is a table.
        target: where it goes.
        state: as it was built.
        before: of the target until now; None where it was never built there.
    """

    model: str
    why: str
    kind: Literal["table", "view"]
    source: Relation
    built: str
    target: Relation
    state: ModelState
    before: ModelState | None


@dataclass(frozen=True, slots=True)
class Promotion:
    """What would be promoted.

    Attributes:
        source: the environment that built it.
        target: the one that takes it over.
        items: parents first.
        refused: why it may not happen, one sentence each.
        left: what is selected and stays as it is, with why.
        notices: what the user should know.
    """

    source: str
    target: str
    items: tuple[Item, ...]
    refused: tuple[str, ...] = ()
    left: Mapping[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()


def make_promotion(
    graph: Graph,
    kinds: Mapping[str, Kind],
    fingerprints: Mapping[str, str],
    source: StateSnapshot,
    target: StateSnapshot,
    places: Mapping[str, tuple[Relation, Relation]],
    selected: Collection[str],
    keeping: Collection[str],
    edits: Follows = NOBODY_KNOWS,
) -> Promotion:
    """Compare what two environments have.

    A model is promoted that the source built and whose definition is not the one that the target published, and one that
    reads such a model.

    Args:
        kinds: by the name of a materialisation.
        fingerprints: of the data of each model, as the target would build it now.
        places: by model where the source has it, and where the target does.
        selected: what may be promoted.
        keeping: the models whose tables keep rows that are not loaded again.
        edits: follows columns of what the source built.
    """
    defined = Defined(graph, kinds, fingerprints)
    judge = _Judge(defined, source, target, places, keeping, edits)
    for model in defined.models():
        if defined.is_inlined(model.name):
            judge.pass_on(model.name)
        elif model.name in places:
            judge.judge(model, selected=model.name in selected)
    return Promotion(
        source.environment,
        target.environment,
        tuple(judge.items),
        tuple(judge.refused),
        judge.left,
        tuple(judge.notices),
    )


class _Judge:
    def __init__(
        self,
        defined: Defined,
        source: StateSnapshot,
        target: StateSnapshot,
        places: Mapping[str, tuple[Relation, Relation]],
        keeping: Collection[str],
        edits: Follows,
    ) -> None:
        self._edits = edits
        self._defined = defined
        self._source = source
        self._target = target
        self._places = places
        self._keeping = keeping
        self.moving: set[str] = set()
        self._new: set[str] = set()
        self.items: list[Item] = []
        self.refused: list[str] = []
        self.left: dict[str, str] = {}
        self.notices: list[str] = []

    def pass_on(self, name: str) -> None:
        """A model that is inlined is as new as what it reads."""
        for names in (self.moving, self._new):
            if any(p in names for p in self._defined.parents(name)):
                names.add(name)

    def judge(self, model: Model, *, selected: bool) -> None:
        """Say whether a model is promoted; its parents are judged."""
        name, source, target = model.name, self._source.environment, self._target.environment
        built, before = self._source.models.get(name), self._target.models.get(name)
        why = self._why(model, before)
        if why is not None:
            self._new.add(name)
        if not selected:
            return
        if why is None:
            self.left[name] = f"{target} has this definition"
            return
        if built is None or built.fingerprint is None or built.kind is None:
            self.left[name] = f"{source} did not build it"
            return
        kind = self._defined.kinds[model.materialise].relation
        wrong = self._wrong(model, built, before)
        if wrong is not None:
            self.refused.append(f"{name}: {wrong}")
        self.moving.add(name)
        places = self._places[name]
        as_view: Literal["table", "view"] = "view" if kind == "view" else "table"
        before = before if before is not None and before.fingerprint is not None else None
        self.items.append(Item(name, why, as_view, places[0], built.kind, places[1], built, before))
        self._note(name, built)

    def _why(self, model: Model, before: ModelState | None) -> str | None:
        """What is new about a model; None where nothing is."""
        if before is None or before.fingerprint is None:
            return f"{self._target.environment} has not built it"
        if self._defined.changed(model.name, before.fingerprint):
            return "its definition changed"
        read = [p for p in self._defined.parents(model.name) if p in self._new]
        return f"it reads {', '.join(read)}" if read else None

    def _wrong(self, model: Model, built: ModelState, before: ModelState | None) -> str | None:
        """Why a model may not be promoted as it was built."""
        source, name = self._source.environment, model.name
        if built.fingerprint is None or self._defined.changed(name, built.fingerprint):
            return (
                f"what {source} built is not what {self._target.environment} would build now: run it in {source} again; "
                f"a definition that asks for its environment is built in {self._target.environment} itself"
            )
        if samples := sampled_from(built):
            of = ", ".join(f"{how} of {name}" for name, how in sorted(samples.items()))
            return f"it was built on sampled data ({of}): run it in {self._target.environment} instead"
        if built.checks_failed:
            return f"its last checks failed in {source}"
        if built.status != "succeeded":
            return f"its last attempt in {source} ended as {built.status}"
        if model.renamed_from is not None and before is None and _built_as(model.renamed_from, self._target):
            return (
                f"{self._target.environment} has it as {model.renamed_from}: "
                f"run it there first, which renames it: interlace run {name} --env {self._target.environment}"
            )
        if built.relation != str(self._places[name][0]):
            return f"{source} published it as {built.relation}: run it in {source} again"
        return self._mixed(model, built) or self._moved(name, before, built)

    def _mixed(self, model: Model, built: ModelState) -> str | None:
        """Whether its rows come from other parents than those that stand beside it once it is promoted."""
        source, target, name = self._source, self._target, model.name
        for parent in self._defined.parents(name):
            there = source.models.get(parent)
            if there is None or there.data_version is None:
                continue
            read = built.parents.get(parent)
            if parent in self.moving and read != there.data_version and not self._is_spared(name, parent, there, read):
                return f"{source.environment} built it before the {parent} that is promoted: {self._again(model)}"
            if parent not in self.moving and read == there.data_version and parent in self._new:
                return f"it read {source.environment}'s {parent}, which {target.environment} has not: promote +{name}"
        return None

    def _again(self, model: Model) -> str:
        """How it comes to read what its parents are now: what was loaded by intervals is not loaded again by itself."""
        source = self._source.environment
        again = f"run it in {source} again"
        return again if model.incremental is None else f"{again}: interlace run {model.name} --env {source} --force"

    def _is_spared(self, name: str, parent: str, there: ModelState, read: str | None) -> bool:
        """Whether it reads nothing of what moved in a parent since it was built."""
        columns = None if read is None else there.since.get(read)
        return columns is not None and self._edits.touched(name, {parent: frozenset(columns)}, ()) == frozenset()

    def _moved(self, name: str, before: ModelState | None, built: ModelState) -> str | None:
        """Whether rows that the target keeps would be lost."""
        if name not in self._keeping or before is None or before.fingerprint is None or before.kind != "table":
            return None
        source, target = self._source.environment, self._target.environment
        began = cloned_from(built).get(target)
        run = f"run it in {target} instead: interlace run {name} --env {target}"
        if began is None:
            return f"it keeps rows, and {source}'s table did not begin as a copy of {target}'s: {run}"
        if began != before.data_version:
            return f"{target}'s rows moved since {source}'s table began as a copy of them: {run}"
        return None

    def _note(self, name: str, built: ModelState) -> None:
        target = self._target
        known = {n: s.data_version for n, s in target.models.items() if s.data_version is not None}
        older = [
            p for p, version in built.parents.items() if p not in self.moving and p in known and known[p] != version
        ]
        if older:
            self.notices.append(
                f"{name} read another {', '.join(older)} than {target.environment} has: its next run builds {name} again"
            )


def _built_as(word: str, state: StateSnapshot) -> bool:
    """Whether a model of this name, its schema left out, was built."""
    wanted = word.rpartition(".")[2].casefold()
    return any(n.casefold() == wanted and s.fingerprint is not None for n, s in state.models.items())
