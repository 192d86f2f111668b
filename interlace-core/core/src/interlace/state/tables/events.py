"""What happened in each run, in order."""

from __future__ import annotations

from sqlalchemy import Index, Table

from interlace.state.tables.kinds import json, metadata, serial, text, time

__all__ = ["events"]

# AUTOINCREMENT, so that a number is never given twice: whoever watches asks for what came after one.
events = Table(
    "events",
    metadata,
    serial("id"),
    text("run"),
    time("at"),
    text("type"),
    text("model", nullable=True),
    json("data"),
    Index("events_by_run", "run", "id"),
    sqlite_autoincrement=True,
)
