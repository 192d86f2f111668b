"""The steps of a load as DuckDB's SQL.

A query stands on the line where its statement begins, so that the line numbers in DuckDB's messages are its own.
"""

from __future__ import annotations

from typing import assert_never

from interlace.contracts.load import AddColumn, AlterType, Insert, Publish, Query, Step
from interlace.contracts.relation import Relation
from interlace_duckdb.quoting import identifier, identifiers, qualified

__all__ = ["statement", "view"]


def statement(step: Step) -> str:
    """The one statement that performs a step."""
    match step:
        case Publish(target, source):
            return f"CREATE OR REPLACE TABLE {qualified(target)} AS {_query(source)}"
        case AddColumn(target, column):
            return f"ALTER TABLE {qualified(target)} ADD COLUMN {identifier(column.name)} {column.type}"
        case AlterType(target, column, type):
            return f"ALTER TABLE {qualified(target)} ALTER COLUMN {identifier(column)} SET DATA TYPE {type}"
        case Insert(target, columns, source):
            names = identifiers(columns)
            return f"INSERT INTO {qualified(target)} ({names}) SELECT {names} FROM {_rows(source)}"
        case _:
            assert_never(step)


def view(relation: Relation, sql: str) -> str:
    """The statement that makes or replaces a view."""
    return f"CREATE OR REPLACE VIEW {qualified(relation)} AS {sql}"


def _query(source: Query | Relation) -> str:
    return source.sql if isinstance(source, Query) else f"SELECT * FROM {qualified(source)}"


def _rows(source: Query | Relation) -> str:
    # The line break ends a comment that the query may end in.
    return f"({source.sql}\n) AS source" if isinstance(source, Query) else qualified(source)
