"""0004: schedules, the times that they were due, and the runs that are asked for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Written out and never changed, as in 0001.
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _TEXT, nullable=null, primary_key=key)


def _number(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.SmallInteger(), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    _schedules()
    _fires()
    _requests()


def _schedules() -> None:
    op.create_table(
        "schedules",
        _text("environment", key=True),
        _text("name", key=True),
        _text("definition"),
        _number("next_at", null=True),
        _number("changed_at"),
        _flag("paused"),
        _number("last_at", null=True),
        sqlite_with_rowid=False,
    )
    op.create_index("schedules_by_time", "schedules", ["environment", "next_at"])


def _fires() -> None:
    op.create_table(
        "fires",
        _text("environment", key=True),
        _text("schedule", key=True),
        _number("at", key=True),
        _number("decided_at"),
        _text("outcome"),
        _text("reason"),
        _text("request", null=True),
        sqlite_with_rowid=False,
    )


def _requests() -> None:
    op.create_table(
        "requests",
        _text("id", key=True),
        _text("environment"),
        _text("source"),
        _number("requested_at"),
        _text("arguments", null=True),
        _text("status"),
        _text("requested_by"),
        _text("schedule", null=True),
        _number("fire_at", null=True),
        _number("not_before", null=True),
        _number("priority"),
        _text("idempotency_key", null=True),
        _number("attempt"),
        _text("token", null=True),
        _text("owner"),
        _number("lease_until", null=True),
        _number("deadline", null=True),
        _flag("cancel"),
        _number("started_at", null=True),
        _number("finished_at", null=True),
        _text("run", null=True),
        _text("error", null=True),
        _text("error_code", null=True),
    )
    _index("requests_by_fire", ["environment", "schedule", "fire_at"], "schedule IS NOT NULL", unique=True)
    _index("requests_by_key", ["environment", "idempotency_key"], "idempotency_key IS NOT NULL", unique=True)
    _index("requests_by_run", ["run"], "run IS NOT NULL")
    _index("requests_open", ["environment", "status"], "status IN ('queued', 'running')")


def _index(name: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, "requests", columns, unique=unique, sqlite_where=condition, postgresql_where=condition)
