"""What each check of an attempt found."""

from __future__ import annotations

from sqlalchemy import Index, Table

from interlace.state.tables.kinds import flag, json, metadata, number, text, time

__all__ = ["check_results"]

check_results = Table(
    "check_results",
    metadata,
    text("attempt", primary_key=True),
    number("position", primary_key=True),
    text("run"),
    text("environment"),
    text("model"),
    text("name"),
    text("type"),
    text("severity"),
    flag("passed"),
    text("message"),
    number("failing", nullable=True),
    json("sample"),
    time("recorded_at"),
    Index("check_results_by_model", "environment", "model", "recorded_at"),
    sqlite_with_rowid=False,
)
