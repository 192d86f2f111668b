"""The lineage of one query's columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from interlace.lineage.edges import ColumnLineage, Deps, Lineage, edges_of
from interlace.lineage.known import Known
from interlace.lineage.query import Reader
from interlace.lineage.relation import Names, distinct_names
from interlace.lineage.scope import Scope

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.lineage.relation import OutColumn, Table

__all__ = ["column_lineage", "lookup_in"]

Lookup = Callable[[tuple[str, ...]], Known]


def column_lineage(
    tree: exp.Expr,
    schemas: Mapping[str, Sequence[str] | Mapping[str, str | None] | None] | Lookup,
    dialect: str,
    outputs: Sequence[str] | None = None,
) -> Lineage:
    """Say what the columns of a query are made of.  The tree is not changed.

    Args:
        tree: the query, as sqlglot parses it.
        schemas: the columns of what it reads by the names that it uses, as names, or as types by name; None or a name
            that is missing for what is not known.  Or a function that gives what is known by the parts of a name.
        dialect: sqlglot's word for the dialect.
        outputs: the names of the columns that the query gave when it ran, where that is known: they name what the
            database named, and what a star over an unknown relation means.
    """
    lookup = schemas if callable(schemas) else lookup_in(schemas)
    names = Names(dialect)
    reader = Reader(names, lookup)
    try:
        table = reader.query(tree, Scope(names))
    except RecursionError:
        return Lineage((), unknown=("the query is nested too deeply to be followed",), open=True)
    columns, unknown = _columns(table, names, outputs)
    rows, reasons = edges_of(table.rows, "")
    return Lineage(columns, rows, tuple(dict.fromkeys((*unknown, *reasons))), tuple(reader.reads), bool(unknown))


def lookup_in(schemas: Mapping[str, Sequence[str] | Mapping[str, str | None] | None]) -> Lookup:
    """What is known of a relation, from a mapping by name; compared without case."""
    folded = {name.casefold(): (name, columns) for name, columns in schemas.items()}

    def lookup(parts: tuple[str, ...]) -> Known:
        whole = ".".join(parts)
        name, columns = folded.get(whole.casefold()) or folded.get(parts[-1].casefold()) or (whole, None)
        if columns is None:
            return Known(name)
        types = tuple(columns.values()) if isinstance(columns, Mapping) else ()
        return Known(name, tuple(columns), types)

    return lookup


def _columns(
    table: Table, names: Names, outputs: Sequence[str] | None
) -> tuple[tuple[ColumnLineage, ...], tuple[str, ...]]:
    listed = distinct_names(table.columns, names)
    if table.rest is None:
        if outputs is None:
            return tuple(_column(c.name, c.deps, named=c.named) for c in listed), ()
        return _closed(listed, outputs, names)
    if outputs is None:
        return tuple(_column(c.name, c.deps, named=c.named) for c in listed), (table.why,)
    by_key = {c.key: c for c in listed}
    found = []
    for name in outputs:
        column = by_key.pop(names.stored(name), None)
        deps = column.deps if column is not None else table.rest(name)
        if deps is not None:
            found.append(_column(name, deps))
    found += [_column(c.name, c.deps, named=c.named) for c in by_key.values()]
    return tuple(found), ()


def _closed(
    listed: list[OutColumn], outputs: Sequence[str], names: Names
) -> tuple[tuple[ColumnLineage, ...], tuple[str, ...]]:
    """Columns under the names that the database gave them, where the rest is as it was found to be."""
    keys = [names.stored(name) for name in outputs]
    missing = [c.name for c in listed if c.named and c.key not in keys]
    if missing:
        shown = ", ".join(missing)
        return tuple(_column(c.name, c.deps, named=c.named) for c in listed), (f"it was built without: {shown}",)
    if len(listed) != len(keys) or any(c.named and c.key != k for c, k in zip(listed, keys, strict=True)):
        return tuple(_column(c.name, c.deps, named=c.named) for c in listed), ()
    return tuple(_column(c.name if c.named else n, c.deps) for c, n in zip(listed, outputs, strict=True)), ()


def _column(name: str, deps: Deps, *, named: bool = True) -> ColumnLineage:
    edges, reasons = edges_of(deps, name)
    return ColumnLineage(name, edges, reasons, named)
