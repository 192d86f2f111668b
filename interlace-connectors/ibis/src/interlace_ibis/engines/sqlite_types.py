"""The types of expressions in a query on SQLite, which declares those of columns only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from interlace.contracts.relation import Column, Relation
from interlace.errors import QueryFailed

__all__ = ["UNTYPED", "infer"]

UNTYPED: Final = "BLOB"
"""What a column is called that has no declared type: it keeps each value as it is."""


def infer(sql: str, columns: Sequence[Column], look: Callable[[Relation], Sequence[Column]]) -> tuple[Column, ...]:
    """The columns of a query, those of expressions with the types that sqlglot finds.

    Args:
        sql: the query.
        columns: as SQLite describes them.
        look: gives the columns of a relation that the query reads.
    """
    from sqlglot.errors import SqlglotError

    try:
        kinds = _kinds(sql, look)
    except (SqlglotError, QueryFailed):
        return tuple(columns)
    if len(kinds) != len(columns):
        return tuple(columns)
    return tuple(
        Column(c.name, kind, c.nullable) if c.type == UNTYPED and kind else c
        for c, kind in zip(columns, kinds, strict=True)
    )


def _kinds(sql: str, look: Callable[[Relation], Sequence[Column]]) -> list[str]:
    import sqlglot
    from sqlglot import exp
    from sqlglot.optimizer.annotate_types import annotate_types
    from sqlglot.optimizer.qualify import qualify

    tree = sqlglot.parse_one(sql, dialect="sqlite")
    inside = {cte.alias_or_name for cte in tree.find_all(exp.CTE)}
    schema: dict[str, object] = {}
    for table in tree.find_all(exp.Table):
        if table.name not in inside:
            found = look(Relation(table.name, table.db or None))
            schema[table.name] = {c.name: c.type for c in found if c.type != UNTYPED}
            table.set("db", None)
    known: Any = qualify(tree, dialect="sqlite", schema=schema, validate_qualify_columns=False)
    typed = annotate_types(known, schema=schema, dialect="sqlite")
    return [_word(select.type) for select in typed.selects]


def _word(kind: Any) -> str:
    from sqlglot import exp

    if kind is None or kind.this in {exp.DType.UNKNOWN, exp.DType.NULL}:
        return ""
    if kind.this in {exp.DType.INT, exp.DType.BIGINT}:
        return "BIGINT"
    return str(kind.sql(dialect="duckdb"))
