"""Connections that all environments share: the base environment writes to them, the others read what it published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UsageError
from interlace.plan.deferral import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from interlace.contracts.state import StateStore
    from interlace.run.view import View

__all__ = ["shared_models", "shared_reads"]


def shared_models(view: View) -> frozenset[str]:
    """The models that only the base environment builds; none where this is it."""
    config = view.loaded.config
    if view.environment == config.config.base_environment:
        return frozenset()
    shared = {name for name, spec in config.connections.items() if spec.policy.shared}
    if not shared:
        return frozenset()
    default = config.default_connection
    return frozenset(n for n, m in view.models.items() if (m.connection or default) in shared and n not in view.inlined)


def shared_reads(view: View, store: StateStore, selected: Collection[str]) -> Mapping[str, Elsewhere]:
    """What the base environment has published of them.

    Args:
        selected: the models that may run here.

    Raises:
        UsageError: one of those reads a shared model that the base environment has not built.
    """
    names = shared_models(view)
    if not names:
        return {}
    base = view.loaded.config.config.base_environment
    known = store.snapshot(base).models
    found = {}
    for name in sorted(names):
        state, relation = known.get(name), view.relation(name)
        if state is None or state.fingerprint is None or state.relation != (str(relation) if relation else None):
            _refuse_readers(view, name, base, selected)
        else:
            found[name] = Elsewhere(relation, state, base)
    return found


def _refuse_readers(view: View, name: str, base: str, selected: Collection[str]) -> None:
    for reader in sorted(set(selected) & view.models.keys()):
        pending = [*view.loaded.graph.parents(reader)]
        for parent in pending:
            if parent == name:
                connection = view.connection_name(view.models[name])
                raise UsageError(
                    f"{reader} reads {name}, on the shared connection {connection!r}, and {base} has not built it.",
                    hint=f"Only {base} writes there: interlace run {name} --env {base}",
                    model=reader,
                )
            if parent in view.inlined:
                pending.extend(view.loaded.graph.parents(parent))
