"""How far models were loaded: the parts of time, and the greatest value of a column."""

from __future__ import annotations

from sqlalchemy import Table

from interlace.state.tables.kinds import flag, metadata, text, time

__all__ = ["cursors", "intervals"]

# The intervals of one model do not overlap, so that their start tells them apart.
intervals = Table(
    "intervals",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    time("start_at", primary_key=True),
    time("end_at"),
    text("fingerprint"),
    flag("partial"),
    text("attempt"),
    sqlite_with_rowid=False,
)

cursors = Table(
    "cursors",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    text("value"),
    text("attempt"),
    time("recorded_at"),
    sqlite_with_rowid=False,
)
