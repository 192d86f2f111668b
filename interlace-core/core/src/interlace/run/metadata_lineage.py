"""The lineage of the columns of a project, as plain JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlace.lineage.edges import Edge, Lineage
    from interlace.lineage.models import ModelLineage

__all__ = ["lineage_metadata"]


def lineage_metadata(models: ModelLineage, names: Iterable[str]) -> dict[str, Any]:
    """What the columns of nodes are made of.

    Returns:
        ``columns``: edges that decide the values of one column; ``rows``: edges that decide which rows a model has, and so
        belong to each of its columns; ``unknown``: where there may be more, of one column or (`column` is None) of the model.
    """
    found: dict[str, Any] = {"columns": [], "rows": [], "unknown": []}
    for name in names:
        lineage = models.of(name)
        found["columns"] += [_edge(e, name, c.name) for c in lineage.columns for e in c.edges]
        found["rows"] += [_edge(e, name, None) for e in lineage.rows]
        found["unknown"] += _unknown(name, lineage)
    return found


def _edge(edge: Edge, name: str, column: str | None) -> dict[str, Any]:
    return {
        "from": {"node": edge.relation, "column": edge.column},
        "to": {"node": name, "column": column},
        "kind": edge.kind,
    }


def _unknown(name: str, lineage: Lineage) -> Iterable[dict[str, Any]]:
    yield from ({"node": name, "column": None, "reason": r} for r in dict.fromkeys(lineage.unknown))
    for column in lineage.columns:
        yield from ({"node": name, "column": column.name, "reason": r} for r in dict.fromkeys(column.unknown))
