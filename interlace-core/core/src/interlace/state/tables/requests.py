"""Schedules, what became of each time that they were due, and the runs that are asked for."""

from __future__ import annotations

from sqlalchemy import Index, Table
from sqlalchemy import text as sql

from interlace.state.tables.kinds import flag, json, metadata, number, text, time

__all__ = ["fires", "requests", "schedules"]

_OPEN = sql("status IN ('queued', 'running')")
_KEYED = sql("idempotency_key IS NOT NULL")
_SCHEDULED = sql("schedule IS NOT NULL")
_BEGUN = sql("run IS NOT NULL")

schedules = Table(
    "schedules",
    metadata,
    text("environment", primary_key=True),
    text("name", primary_key=True),
    text("definition"),
    time("next_at", nullable=True),
    time("changed_at"),
    flag("paused"),
    time("last_at", nullable=True),
    Index("schedules_by_time", "environment", "next_at"),
    sqlite_with_rowid=False,
)

# The key is what makes a time that was decided stay decided, whoever looks.
fires = Table(
    "fires",
    metadata,
    text("environment", primary_key=True),
    text("schedule", primary_key=True),
    time("at", primary_key=True),
    time("decided_at"),
    text("outcome"),
    text("reason"),
    text("request", nullable=True),
    sqlite_with_rowid=False,
)

requests = Table(
    "requests",
    metadata,
    text("id", primary_key=True),
    text("environment"),
    text("source"),
    time("requested_at"),
    json("arguments"),
    text("status"),
    text("requested_by"),
    text("schedule", nullable=True),
    time("fire_at", nullable=True),
    time("not_before", nullable=True),
    number("priority"),
    text("idempotency_key", nullable=True),
    number("attempt"),
    text("token", nullable=True),
    text("owner"),
    time("lease_until", nullable=True),
    time("deadline", nullable=True),
    flag("cancel"),
    time("started_at", nullable=True),
    time("finished_at", nullable=True),
    text("run", nullable=True),
    text("error", nullable=True),
    text("error_code", nullable=True),
    Index(
        "requests_by_fire",
        "environment",
        "schedule",
        "fire_at",
        unique=True,
        sqlite_where=_SCHEDULED,
        postgresql_where=_SCHEDULED,
    ),
    Index(
        "requests_by_key",
        "environment",
        "idempotency_key",
        unique=True,
        sqlite_where=_KEYED,
        postgresql_where=_KEYED,
    ),
    Index("requests_by_run", "run", sqlite_where=_BEGUN, postgresql_where=_BEGUN),
    Index("requests_open", "environment", "status", sqlite_where=_OPEN, postgresql_where=_OPEN),
)
