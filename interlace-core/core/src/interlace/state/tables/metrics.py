"""What was measured of models, over time."""

from __future__ import annotations

from sqlalchemy import Table

from interlace.state.tables.kinds import metadata, number, quantity, text, time

__all__ = ["metrics"]

# Clustered by what is asked for: the newest values of one metric.  `of_column` is empty for the whole relation.
metrics = Table(
    "metrics",
    metadata,
    text("environment", primary_key=True),
    text("model", primary_key=True),
    text("name", primary_key=True),
    text("of_column", primary_key=True),
    time("at", primary_key=True),
    text("attempt", primary_key=True),
    number("position", primary_key=True),
    quantity("value"),
    text("run"),
    sqlite_with_rowid=False,
)
