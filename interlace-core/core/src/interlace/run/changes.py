"""What a project defines otherwise than an environment has it: models that are new, changed or gone, and who reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from interlace.contracts.state import StateSnapshot
from interlace.model.definition import Source
from interlace.plan.deferral import Base, decide
from interlace.run.difference_columns import Columns, columns_differ

if TYPE_CHECKING:
    from collections.abc import Collection

    from interlace.contracts.state import ModelState, StateStore
    from interlace.model.definition import Fingerprint
    from interlace.run.view import View

__all__ = ["Change", "Changes", "How", "changes", "columns_changed"]

How = Literal["added", "changed", "renamed", "downstream", "checks", "metadata", "removed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One model that is not as the environment has it.

    Attributes:
        how: ``downstream`` is as it was and reads what is not; of ``checks`` and ``metadata`` only those are new.
        downstream: who depends on it, sorted.
        before: the name that it had there, of one that is renamed.
        effect: whether it has no relation and is only done (``materialise: none``).
    """

    model: str
    how: How
    downstream: tuple[str, ...] = ()
    before: str | None = None
    effect: bool = False

    @property
    def built(self) -> bool:
        """Whether it has to be built to see what it is now."""
        return self.how in {"added", "changed", "renamed", "downstream"} and not self.effect


@dataclass(frozen=True, slots=True)
class Changes:
    """All that is not as an environment has it.

    Attributes:
        environment: its name.
        models: in an order in which parents come first; those that are gone last.
        there: what the environment has of each model.
    """

    environment: str
    models: tuple[Change, ...]
    there: StateSnapshot

    @property
    def built(self) -> tuple[str, ...]:
        """The names of what has to be built."""
        return tuple(c.model for c in self.models if c.built)

    @property
    def checked(self) -> tuple[str, ...]:
        """The names of what is only checked anew, where it is."""
        return tuple(c.model for c in self.models if c.how == "checks" and not c.effect)


def changes(view: View, store: StateStore, selected: Collection[str], *, gone: bool = True) -> Changes:
    """Compare a project with what its environment published last.

    Args:
        view: the project, in the environment that it is compared with.
        store: its state.
        selected: the names that are looked at.
        gone: whether models that the project has no more are told.
    """
    state = store.snapshot(view.environment)
    own = _own(view, state)
    graph = view.loaded.graph
    built = {n for n, s in state.models.items() if s.fingerprint is not None}
    renamed = _renamed(view, built)
    found = []
    for name in graph.order():
        node = graph.nodes[name]
        if isinstance(node, Source) or name not in selected or name in view.inlined:
            continue
        known = state.models.get(name)
        if known is None or known.fingerprint is None:
            how: How | None = "renamed" if name in renamed else "added"
        elif name in own:
            reads = known.fingerprint.data == view.fingerprints[name] and _reads(view, name, own)
            how = "downstream" if reads else "changed"
        else:
            how = _beside(node.fingerprint, known.fingerprint)
        if how is None:
            continue
        downstream = tuple(sorted(graph.descendants(name) - view.inlined))
        found.append(Change(name, how, downstream, renamed.get(name), view.kinds[node.materialise].relation is None))
    if gone:
        left = built - {n for n in graph.nodes if n not in view.inlined} - set(renamed.values())
        found += [Change(name, "removed") for name in sorted(left)]
    return Changes(view.environment, tuple(found), state)


def columns_changed(view: View, name: str, before: ModelState | None, after: ModelState | None) -> Columns | None:
    """How the columns of a model differ between what is known of it in two environments; None where that is not known."""
    if before is None or after is None or before.columns is None or after.columns is None:
        return None
    return columns_differ(before.columns, after.columns, view.connection(view.models[name]).dialect)


def _own(view: View, state: StateSnapshot) -> frozenset[str]:
    """What would be built, by the rules of deferral, where nothing is built yet."""
    nothing = StateSnapshot("", 0, {})
    base = Base(state, view.relations)
    graph = view.loaded.graph
    read = decide(graph, view.kinds, view.fingerprints, nothing, base, selected=view.models.keys()).read
    return frozenset(view.models.keys() - read.keys())


def _reads(view: View, name: str, own: Collection[str]) -> bool:
    """Whether a model reads one of these, through models that are inlined."""
    pending = list(view.loaded.graph.parents(name))
    while pending:
        parent = pending.pop()
        if parent in view.inlined:
            pending += view.loaded.graph.parents(parent)
        elif parent in own:
            return True
    return False


def _beside(now: Fingerprint, before: Fingerprint) -> How | None:
    """What is new of a model whose data is as it was."""
    if now.checks != before.checks:
        return "checks"
    return "metadata" if now.metadata != before.metadata else None


def _renamed(view: View, built: Collection[str]) -> dict[str, str]:
    """By the new name the old one of each model that goes on under another."""
    known = {name.casefold(): name for name in built if name not in view.models}
    found = {}
    for name, model in view.models.items():
        before = known.get((model.renamed_from or "").rpartition(".")[2].casefold())
        if before is not None and name not in built:
            found[name] = before
    return found
