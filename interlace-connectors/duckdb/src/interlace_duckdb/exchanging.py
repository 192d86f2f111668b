"""Tables that take others' places, by copies inside the file; what belongs to a place stays with it.

Views are found by name, and read the new table at once.  A copy has neither indexes nor constraints nor comments: those
that the table had which gives way are given to the one that follows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from interlace.contracts.exchange import Exchange, copied
from interlace.errors import QueryFailed, UnsupportedCapability
from interlace_duckdb.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation
    from interlace_duckdb.session import DuckDBSession

__all__ = ["exchange", "view_query"]

_NAME: Final = r'(?:"(?:[^"]|"")*"|[^\s".(]+)'
_HEAD: Final = re.compile(
    rf"CREATE VIEW {_NAME}(?:\.{_NAME})*\s*(?:\(({_NAME}(?:, {_NAME})*)\)\s*)?AS\s", re.IGNORECASE
)

_ADDED: Final = frozenset({"NOT NULL", "PRIMARY KEY"})
"""The constraints that DuckDB adds to a table that is there."""


def exchange(session: DuckDBSession, exchanges: Sequence[Exchange]) -> None:
    """Put each source at its target.

    Raises:
        UnsupportedCapability: the table that gives way has a constraint that cannot be added to the one that follows.
    """
    belongings = {one.target: _belongings(session, one.target) for one in exchanges if one.stands and one.source}
    copied(session, exchanges)
    for statements in belongings.values():
        for statement in statements:
            session.execute(statement)


def view_query(session: DuckDBSession, relation: Relation) -> str:
    """The query that a view was made of; names that it gave to its columns are part of it.

    Raises:
        QueryFailed: there is no such view.
    """
    rows = session.fetch(f"SELECT sql FROM duckdb_views() WHERE {_is(relation).replace('table_name', 'view_name')}")
    head = _HEAD.match(str(rows[0][0])) if rows else None
    if head is None:
        raise QueryFailed(f"There is no view {relation}.")
    query = str(rows[0][0])[head.end() :].strip().removesuffix(";")
    return query if head[1] is None else f"SELECT * FROM ({query}) AS named ({head[1]})"


def _belongings(session: DuckDBSession, target: Relation) -> list[str]:
    """The statements that give a table what the one before it had."""
    return [*_constraints(session, target), *_indexes(session, target), *_comments(session, target)]


def _constraints(session: DuckDBSession, target: Relation) -> list[str]:
    rows = session.fetch(
        "SELECT constraint_type, constraint_text, constraint_column_names FROM duckdb_constraints() "
        f"WHERE {_is(target)} ORDER BY constraint_index"
    )
    other = [text for kind, text, _ in rows if kind not in _ADDED]
    if other:
        raise UnsupportedCapability(
            f"{target} has constraints that DuckDB adds to no table that is there: {', '.join(other)}",
            hint="Drop them (make the table without), and check the data instead.",
        )
    name = qualified(target)
    made = [
        f"ALTER TABLE {name} ALTER COLUMN {identifier(column)} SET NOT NULL"
        for kind, _, columns in rows
        for column in columns
        if kind == "NOT NULL"
    ]
    keys = [columns for kind, _, columns in rows if kind == "PRIMARY KEY"]
    return [*made, *(f"ALTER TABLE {name} ADD PRIMARY KEY ({', '.join(map(identifier, key))})" for key in keys)]


def _indexes(session: DuckDBSession, target: Relation) -> list[str]:
    return [
        str(sql)
        for (sql,) in session.fetch(f"SELECT sql FROM duckdb_indexes() WHERE {_is(target)} AND sql IS NOT NULL")
    ]


def _comments(session: DuckDBSession, target: Relation) -> list[str]:
    name = qualified(target)
    own = session.fetch(f"SELECT comment FROM duckdb_tables() WHERE {_is(target)} AND comment IS NOT NULL")
    columns = session.fetch(
        f"SELECT column_name, comment FROM duckdb_columns() WHERE {_is(target)} AND comment IS NOT NULL"
    )
    made = [f"COMMENT ON TABLE {name} IS {literal(text)}" for (text,) in own]
    return [*made, *(f"COMMENT ON COLUMN {name}.{identifier(c)} IS {literal(text)}" for c, text in columns)]


def _is(target: Relation) -> str:
    schema = f"AND lower(schema_name) = {literal(target.schema.lower())} " if target.schema else ""
    return f"database_name = current_database() {schema}AND lower(table_name) = {literal(target.name.lower())}"
