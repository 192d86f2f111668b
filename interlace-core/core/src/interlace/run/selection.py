"""Which models a selection means, with what the state adds to the language: ``state:modified`` and the like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from interlace.graph.select import select as select_names

if TYPE_CHECKING:
    from interlace.contracts.state import StateSnapshot
    from interlace.run.view import View

__all__ = ["selected_names"]


def selected_names(
    view: View, snapshot: StateSnapshot, select: Sequence[str], exclude: Sequence[str]
) -> frozenset[str]:
    """The names that a selection means; all without one.

    Raises:
        UsageError: a selector that matches nothing.
    """

    def state(word: str) -> frozenset[str]:
        return _by_state(view, snapshot, word)

    names: frozenset[str] = select_names(view.loaded.graph, select, exclude, state=state)
    return names


def _by_state(view: View, snapshot: StateSnapshot, word: str) -> frozenset[str]:
    known = snapshot.models
    match word:
        case "failed":
            return frozenset(n for n in view.models if n in known and known[n].status in ("failed", "cancelled"))
        case "new":
            return frozenset(n for n in view.models if n not in known or known[n].fingerprint is None)
        case "modified":
            return frozenset(n for n in view.models if _modified(view, snapshot, n))
    return frozenset()


def _modified(view: View, snapshot: StateSnapshot, name: str) -> bool:
    state = snapshot.models.get(name)
    if state is None or state.fingerprint is None:
        return True
    own = view.models[name].fingerprint
    now = (view.fingerprints[name], own.checks, own.metadata)
    return now != (state.fingerprint.data, state.fingerprint.checks, state.fingerprint.metadata)
