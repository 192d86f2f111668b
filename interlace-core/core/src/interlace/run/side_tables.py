"""The tables that loads and checks keep beside a model's own: rows that were rejected, or set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation
    from interlace.run.view import View

__all__ = ["side_tables", "whose"]

_ENDINGS: Final = ("__quarantine", "__rejects", "__positions")


def side_tables(view: View, session: Session) -> dict[str, Relation]:
    """Those of the models on a session's connection, by their names in lower case: one look into the catalogue."""
    own = session.connection.name
    models = {n: r for n, r in view.relations.items() if view.connection_name(view.models[n]) == own}
    nodes = {name.casefold() for name in view.loaded.graph.nodes}
    found = session.catalogue(sorted({r.schema for r in models.values()}, key=str))
    names = {r.name.casefold(): r for r in found}
    return {name: r for name, r in names.items() if name.endswith(_ENDINGS) and name not in nodes}


def whose(word: str, names: Iterable[str]) -> str | None:
    """The name beside which a side table of this name would be: ``orders`` for ``orders__rejects``."""
    bare = word.casefold().rpartition(".")[2]
    return max((n for n in names if bare.startswith(f"{n.casefold()}__")), key=len, default=None)
