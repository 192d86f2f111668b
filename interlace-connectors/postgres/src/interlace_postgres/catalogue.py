"""What PostgreSQL's catalogue says, by one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from interlace.contracts.relation import Column, Relation, RelationInfo, RelationKind
from interlace_postgres.quoting import literal, qualified, texts

__all__ = ["catalogue_query", "columns_query", "relations_of", "types_query"]

_COLUMNS = (
    "SELECT json_agg(json_build_array(a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull) "
    "ORDER BY a.attnum)::text FROM pg_catalog.pg_attribute a "
    "WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
)
COLUMNS_OF_C = f"({_COLUMNS})"
"""The columns of the relation ``c`` of ``pg_class``, as JSON: name, type, whether it may be NULL."""


def catalogue_query(schemas: Sequence[str]) -> str:
    """The query for all tables and views in these schemas, with their columns."""
    return (
        f"SELECT n.nspname, c.relname, c.relkind::text, {COLUMNS_OF_C} "
        "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE n.nspname = ANY({texts(schemas)}) AND c.relkind IN ('r', 'p', 'f', 'v', 'm') "
        "ORDER BY n.nspname, c.relname"
    )


def columns_query(relation: Relation) -> str:
    """The query for the columns of one relation; refused where there is none."""
    return f"SELECT {COLUMNS_OF_C} FROM pg_catalog.pg_class c WHERE c.oid = {literal(qualified(relation))}::regclass"


def types_query(types: Iterable[tuple[int, int]]) -> str:
    """The query for the names of types, given by their number and modifier."""
    values = ", ".join(f"({number}, {oid}, {mod})" for number, (oid, mod) in enumerate(types))
    return f"SELECT format_type(oid::oid, mod) FROM (VALUES {values}) AS types(number, oid, mod) ORDER BY number"


def relations_of(rows: Iterable[tuple[Any, ...]]) -> dict[Relation, RelationInfo]:
    """The relations that the rows of `catalogue_query` describe."""
    found: dict[Relation, RelationInfo] = {}
    for schema, name, kind, columns in rows:
        relation = Relation(name, schema)
        found[relation] = RelationInfo(relation, kind_of(kind), columns_of(columns))
    return found


def kind_of(relkind: str) -> RelationKind:
    """A letter of ``pg_class.relkind``; a materialised view is read like a view, and not written."""
    return "view" if relkind in {"v", "m"} else "table"


def columns_of(text: str | None) -> tuple[Column, ...]:
    """The columns in the JSON of `COLUMNS_OF_C`."""
    import json

    return tuple(Column(name, kind, nullable) for name, kind, nullable in json.loads(text or "[]"))
