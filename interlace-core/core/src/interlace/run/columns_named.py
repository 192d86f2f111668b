"""The columns that a word such as ``orders.amount`` means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UsageError, did_you_mean
from interlace.lineage.follow import columns_of
from interlace.model.values import Unacceptable, split_name

if TYPE_CHECKING:
    from interlace.lineage.follow import Place
    from interlace.lineage.models import ModelLineage

__all__ = ["columns_named", "columns_read", "model_meant"]


def model_meant(models: ModelLineage, word: str) -> str | None:
    """The node that a word means without naming a column; None where it names one, or nothing."""
    return models.graph.find((word,)) or models.graph.find(_parts(word))


def columns_named(models: ModelLineage, word: str) -> tuple[Place, ...]:
    """The columns of ``model``, ``model.column``, ``schema.model`` or ``schema.model.column``, compared without case.

    A part in double quotes may contain dots.

    Raises:
        UsageError: there is no such node or column; says the nearest.  Or the columns of the node are not known.
    """
    graph = models.graph
    parts = _parts(word)
    name = model_meant(models, word)
    if name is not None:
        return _all_of(models, name)
    node = graph.find(parts[:-1]) if len(parts) > 1 else None
    if node is None:
        asked = ".".join(parts[:-1] or parts)
        near = did_you_mean(asked, graph.nodes, label="There are")
        raise UsageError(
            f"There is no model or source {asked!r}. {near}".rstrip(), hint="'interlace list' shows all names."
        )
    found = columns_of(models, node, parts[-1]) or _read_of(models, node, parts[-1])
    if not found:
        near = did_you_mean(parts[-1], models.of(node).names, label="Columns")
        raise UsageError(f"{node!r} has no column {parts[-1]!r}. {near}".rstrip())
    return found


def _all_of(models: ModelLineage, name: str) -> tuple[Place, ...]:
    starts = columns_of(models, name)
    if not starts:
        reasons = "; ".join(models.of(name).unknown)
        raise UsageError(
            f"The columns of {name!r} are not known{f': {reasons}' if reasons else ''}.",
            hint="Run it, or declare its columns.",
        )
    return starts


def columns_read(models: ModelLineage, name: str) -> tuple[Place, ...]:
    """The columns of a node by which other models read it, as they write them: for who does not know its columns."""
    found: dict[str, str] = {}
    for child in models.graph.children(name):
        for edges in models.of(child).all_edges().values():
            for edge in edges:
                if edge.relation == name:
                    found.setdefault(edge.column.casefold(), edge.column)
    return tuple((name, column) for column in found.values())


def _read_of(models: ModelLineage, name: str, column: str) -> tuple[Place, ...]:
    """The column of a node whose columns are not known, where a model reads it."""
    if not models.of(name).open:
        return ()
    found = tuple(place for place in columns_read(models, name) if place[1].casefold() == column.casefold())
    if not found:
        raise UsageError(
            f"The columns of {name!r} are not known, and no model reads a column {column!r} of it.",
            hint="Run it, or declare its columns.",
        )
    return found


def _parts(word: str) -> tuple[str, ...]:
    try:
        return split_name(word)
    except Unacceptable:
        before, _, last = word.rpartition(".")
        return (before, last) if before else (word,)
