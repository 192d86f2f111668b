"""How many rows a model reads, where that is known: what decides whether it is small."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from interlace.model.definition import Model, SqlBody

if TYPE_CHECKING:
    from interlace.graph.build import Graph

__all__ = ["Extent"]


class Extent:
    """The rows of the project's relations.

    Args:
        graph: who reads whom.
        rows: of each table at its last publication; None where nobody counted.
        through: the names of views and inlined models, which have the rows of what they read.
    """

    def __init__(self, graph: Graph, rows: Mapping[str, int | None], through: frozenset[str]) -> None:
        self._graph = graph
        self._rows = dict(rows)
        self._through = through

    def note(self, name: str, rows: int | None) -> None:
        """A relation was built."""
        self._rows[name] = rows

    def read_by(self, model: Model) -> int | None:
        """The rows of all relations that a query reads, each once; None where it reads anything that nobody counted."""
        if not _reads_models_only(model):
            return None
        total = 0
        seen: set[str] = set()
        pending = list(self._graph.parents(model.name))
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            node = self._graph.nodes[name]
            if name in self._through and isinstance(node, Model) and _reads_models_only(node):
                pending.extend(self._graph.parents(name))
                continue
            rows = self._rows.get(name)
            if rows is None:
                return None
            total += rows
        return total


def _reads_models_only(model: Model) -> bool:
    body = model.body
    return isinstance(body, SqlBody) and not body.files and not body.volatile
