"""Runs, and the attempts at models in them."""

from __future__ import annotations

from sqlalchemy import Index, Table

from interlace.state.tables.kinds import flag, json, metadata, quantity, text, time

__all__ = ["attempts", "runs"]

runs = Table(
    "runs",
    metadata,
    text("id", primary_key=True),
    text("environment"),
    text("status"),
    time("started_at"),
    time("finished_at", nullable=True),
    text("command"),
    text("owner"),
    json("counts"),
    quantity("seconds"),
)

attempts = Table(
    "attempts",
    metadata,
    text("id", primary_key=True),
    text("run"),
    text("environment"),
    text("model"),
    text("status"),
    text("reason"),
    time("started_at"),
    time("finished_at"),
    json("counts"),
    text("error", nullable=True),
    text("error_code", nullable=True),
    flag("schema_changed"),
    Index("attempts_by_run", "run"),
    Index("attempts_by_model", "model"),
)
