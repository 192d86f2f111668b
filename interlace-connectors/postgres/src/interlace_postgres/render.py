"""The steps of a load as PostgreSQL's SQL.

A query stands on the line where its statement begins, so that the line numbers in the server's messages are its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.contracts import applying
from interlace.contracts.load import AlterType, Derive, Publish, Stage, Step
from interlace_postgres.publishing import publish
from interlace_postgres.quoting import identifier, literal, qualified

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.relation import Relation
    from interlace_postgres.session import PostgresSession

__all__ = ["statements", "temporary", "view"]

LITTLE: Final = 2**20
"""Bytes of a temporary table that is analysed."""


def statements(session: PostgresSession, step: Step) -> tuple[str, ...]:
    """The statements that perform a step."""
    match step:
        case Publish(target, source):
            return publish(session, target, applying.query_text(session, source))
        case Stage(relation, source):
            return temporary(relation, applying.query_text(session, source))
        case Derive(relation, query, key):
            return temporary(relation, applying.query_text(session, query), key)
        case AlterType(target, column, type):
            name = identifier(column)
            return (f"ALTER TABLE {qualified(target)} ALTER COLUMN {name} SET DATA TYPE {type} USING {name}::{type}",)
        case _:
            return applying.statements(session, step)


def temporary(relation: Relation, query: str, key: Sequence[str] = ()) -> tuple[str, ...]:
    """The statements that keep a query's rows until the transaction ends.

    Nobody else analyses a temporary table.  A small one is: joined to five million rows without an index that saved
    half of the time, and it costs a few milliseconds.  Of a large one only the key is, where that is told: that a key
    hardly repeats halves the joins of a history; to know all of its columns takes longer than it saves.
    """
    name = identifier(relation.name)
    whole = f"ANALYZE pg_temp.{name}"
    of_key = f"{whole} ({', '.join(identifier(c) for c in key)})"
    large = f"ELSE EXECUTE {literal(of_key)}; " if key else ""
    analyse = f"IF pg_relation_size({literal(f'pg_temp.{name}')}) < {LITTLE} THEN EXECUTE {literal(whole)}; {large}"
    return (
        f"DROP TABLE IF EXISTS pg_temp.{name}",
        f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}",
        f"DO {literal(f'BEGIN {analyse}END IF; END')}",
    )


def view(relation: Relation, sql: str) -> str:
    """The statement that makes or replaces a view."""
    return f"CREATE OR REPLACE VIEW {qualified(relation)} AS {sql}"
