"""What DuckDB's catalogue says, by one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace_duckdb.quoting import literal

__all__ = ["catalogue_query", "columns_of", "relations_of", "size_query", "table_query"]


def catalogue_query(schemas: Sequence[str]) -> str:
    """The query for the columns of all tables and views in these schemas, in their order.

    Schemas are found without case, as DuckDB does.  One scan of ``duckdb_columns()`` costs a tenth of a second for
    10,000 tables; the views are few, and looked up for their names only.
    """
    names = ", ".join(literal(schema.lower()) for schema in schemas)
    there = f"database_name = current_database() AND NOT internal AND lower(schema_name) IN ({names})"
    return (
        "SELECT schema_name, table_name, (schema_name, table_name) IN "
        f"(SELECT (schema_name, view_name) FROM duckdb_views() WHERE {there}), "
        f"column_name, data_type, is_nullable FROM duckdb_columns() WHERE {there} "
        "ORDER BY schema_name, table_name, column_index"
    )


def table_query(schema: str, name: str) -> str:
    """The query that gives a row where this is a table, not a view, of the database that the connection opened."""
    return (
        "SELECT 1 FROM duckdb_tables() WHERE database_name = current_database() "
        f"AND lower(schema_name) = {literal(schema.lower())} AND lower(table_name) = {literal(name.lower())}"
    )


def size_query(schema: str, name: str) -> str:
    """The query for how many values a table of this database has, about."""
    return table_query(schema, name).replace("SELECT 1", "SELECT estimated_size * column_count", 1)


def relations_of(rows: Iterable[tuple[Any, ...]], schemas: Sequence[str]) -> dict[Relation, RelationInfo]:
    """The relations that the rows of `catalogue_query` describe; their schemas are spelled as they were asked for."""
    spelling = {schema.lower(): schema for schema in schemas}
    known: dict[tuple[str, str, bool], Column] = {}
    found: dict[Relation, RelationInfo] = {}
    for (schema, name, is_view), group in groupby(rows, key=lambda row: row[:3]):
        relation = Relation(name, spelling[schema.lower()])
        columns = tuple(_column(row[3:], known) for row in group)
        found[relation] = RelationInfo(relation, "view" if is_view else "table", columns)
    return found


def _column(values: tuple[str, str, bool], known: dict[tuple[str, str, bool], Column]) -> Column:
    column = known.get(values)
    if column is None:
        column = known[values] = Column(*values)
    return column


def columns_of(rows: Iterable[tuple[Any, ...]]) -> tuple[Column, ...]:
    """The columns that the rows of a ``DESCRIBE`` name."""
    return tuple(Column(row[0], row[1], row[2] != "NO") for row in rows)
