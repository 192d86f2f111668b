"""The steps of a load as DuckDB's SQL.

A query stands on the line where its statement begins, so that the line numbers in DuckDB's messages are its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts import applying
from interlace.contracts.load import AlterType, Derive, Publish, Stage, Step
from interlace.contracts.relation import Relation
from interlace_duckdb.quoting import identifier, qualified

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["statements", "view"]


def statements(session: Session, step: Step) -> tuple[str, ...]:
    """The statements that perform a step."""
    match step:
        case Publish(target, source):
            return (f"CREATE OR REPLACE TABLE {qualified(target)} AS {applying.query_text(session, source)}",)
        case Stage(relation, source) | Derive(relation, source):
            return (f"CREATE OR REPLACE TEMP TABLE {qualified(relation)} AS {applying.query_text(session, source)}",)
        case AlterType(target, column, type):
            return (f"ALTER TABLE {qualified(target)} ALTER COLUMN {identifier(column)} SET DATA TYPE {type}",)
        case _:
            return applying.statements(session, step)


def view(relation: Relation, sql: str) -> str:
    """The statement that makes or replaces a view."""
    return f"CREATE OR REPLACE VIEW {qualified(relation)} AS {sql}"
