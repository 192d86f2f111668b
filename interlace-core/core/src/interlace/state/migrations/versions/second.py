"""0002: progress of loads, metrics, what failed, and what is held."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Written out and never changed, as in 0001.
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_OPEN = sa.text("status = 'open'")


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _TEXT, nullable=null, primary_key=key)


def _number(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def upgrade() -> None:
    """Make the tables; nothing that was there changes but for an index."""
    _progress()
    _metrics()
    _failures()
    _held()
    op.create_index("check_results_by_model", "check_results", ["environment", "model", "recorded_at"])


def _progress() -> None:
    op.create_table(
        "intervals",
        _text("environment", key=True),
        _text("model", key=True),
        _number("start_at", key=True),
        _number("end_at"),
        _text("fingerprint"),
        sa.Column("partial", sa.SmallInteger(), nullable=False),
        _text("attempt"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cursors",
        _text("environment", key=True),
        _text("model", key=True),
        _text("value"),
        _text("attempt"),
        _number("recorded_at"),
        sqlite_with_rowid=False,
    )


def _metrics() -> None:
    op.create_table(
        "metrics",
        _text("environment", key=True),
        _text("model", key=True),
        _text("name", key=True),
        _text("of_column", key=True),
        _number("at", key=True),
        _text("attempt", key=True),
        _number("position", key=True),
        sa.Column("value", sa.Double(), nullable=True),
        _text("run"),
        sqlite_with_rowid=False,
    )


def _failures() -> None:
    op.create_table(
        "dead_letters",
        _text("id", key=True),
        _text("environment"),
        _text("model"),
        _text("run"),
        _text("attempt"),
        _number("execution_time"),
        _number("failed_at"),
        _text("error"),
        _text("error_code", null=True),
        _text("error_class"),
        _text("traceback", null=True),
        _text("arguments", null=True),
        _number("attempts"),
        _text("status"),
        _text("note", null=True),
        _number("settled_at", null=True),
    )
    op.create_index(
        "dead_letters_open",
        "dead_letters",
        ["environment", "model"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "circuits",
        _text("connection", key=True),
        _text("state"),
        _number("failures"),
        _number("at"),
        _text("last_error", null=True),
        sqlite_with_rowid=False,
    )


def _held() -> None:
    op.create_table(
        "held",
        _text("run", key=True),
        _text("model", key=True),
        _text("environment"),
        _text("connection"),
        _text("relation"),
        _text("staged"),
        _number("at"),
        _text("base", null=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        _text("difference", null=True),
    )
