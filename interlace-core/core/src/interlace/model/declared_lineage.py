"""Reading the key ``lineage``: what the columns of an opaque Python model are made of, as its author says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InvalidModel, did_you_mean
from interlace.model.definition import PythonBody
from interlace.model.values import Unacceptable, shown, split_name, words

if TYPE_CHECKING:
    from interlace.model.declared import Given
    from interlace.model.definition import Body, ColumnSpec

__all__ = ["ROWS", "declared_lineage", "refused_lineage"]

ROWS: Final = "*"
"""Stands for what decides which rows there are."""

Declared = tuple[tuple[str, tuple[str, ...]], ...]


def declared_lineage(value: object) -> Declared:
    """``{revenue: [orders.amount, orders.status], "*": customers.id}``: result columns and what they are made of."""
    if not isinstance(value, Mapping) or not value:
        raise Unacceptable(f"must be {{column: [model.column, …]}}, not {shown(value)}")
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for column, given in value.items():
        if not isinstance(column, str) or not column.strip():
            raise Unacceptable(f"must have columns of the result as keys, not {shown(column)}")
        if column.casefold() in found:
            raise Unacceptable(f"names {column!r} twice")
        found[column.casefold()] = (column, _made_of(column, given))
    return tuple(found.values())


def _made_of(column: str, given: object) -> tuple[str, ...]:
    try:
        names = words(given)
        bare = next((name for name in names if len(split_name(name)) == 1), None)
    except Unacceptable as error:
        raise Unacceptable(f"of {column!r} {error}") from None
    if bare is not None:
        raise Unacceptable(f"of {column!r} must name columns as model.column, not {shown(bare)}")
    return names


def refused_lineage(keys: dict[str, Any], given: Given, body: Body, *, own: bool) -> InvalidModel | None:
    """Why a model cannot have this lineage; a folder's default is for its Python models."""
    if not isinstance(body, PythonBody):
        if not own:
            del keys["lineage"]
            return None
        return InvalidModel(
            "a SQL model needs no 'lineage': its query says what its columns are made of",
            where=given.where,
            hint="Leave 'lineage' out; 'interlace lineage show' says what was found.",
        )
    columns: tuple[ColumnSpec, ...] = keys.get("columns", ())
    if not columns:
        return None
    names = [c.name for c in columns]
    folded = {name.casefold() for name in names}
    wrong = next((c for c, _ in keys["lineage"] if c != ROWS and c.casefold() not in folded), None)
    if wrong is None:
        return None
    near = did_you_mean(wrong, names, label="Columns")
    return InvalidModel(
        f"'lineage' names the column {wrong!r}, which is not among 'columns'", where=given.where, hint=near
    )
