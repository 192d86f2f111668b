"""What failed: attempts that were given up, and the circuit breakers of connections."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from interlace.state.tables.kinds import json, metadata, number, text, time

__all__ = ["circuits", "dead_letters"]

_OPEN = sql("status = 'open'")

# A model has one open letter at most: a new one takes its place, in one statement.
dead_letters = Table(
    "dead_letters",
    metadata,
    text("id", primary_key=True),
    text("environment"),
    text("model"),
    text("run"),
    text("attempt"),
    time("execution_time"),
    time("failed_at"),
    text("error"),
    text("error_code", nullable=True),
    text("error_class"),
    text("traceback", nullable=True),
    json("arguments"),
    number("attempts"),
    text("status"),
    text("note", nullable=True),
    time("settled_at", nullable=True),
    Index("dead_letters_open", "environment", "model", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
)

circuits = Table(
    "circuits",
    metadata,
    text("connection", primary_key=True),
    text("state"),
    number("failures"),
    time("at"),
    text("last_error", nullable=True),
    sqlite_with_rowid=False,
)
