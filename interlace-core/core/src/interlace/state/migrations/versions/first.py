"""0001: the first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Written out and never changed, although the metadata says the same today: the metadata will move on.
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _TEXT, nullable=null, primary_key=key)


def _number(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def _double(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Double(), nullable=True)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.SmallInteger(), nullable=False)


def upgrade() -> None:
    """Make the tables."""
    _runs()
    _models()
    _histories()
    _checks_and_events()
    _leases_and_answers()


def _runs() -> None:
    op.create_table(
        "runs",
        _text("id", key=True),
        _text("environment"),
        _text("status"),
        _number("started_at"),
        _number("finished_at", null=True),
        _text("command"),
        _text("owner"),
        _text("counts", null=True),
        _double("seconds"),
    )
    op.create_table(
        "attempts",
        _text("id", key=True),
        _text("run"),
        _text("environment"),
        _text("model"),
        _text("status"),
        _text("reason"),
        _number("started_at"),
        _number("finished_at"),
        _text("counts", null=True),
        _text("error", null=True),
        _text("error_code", null=True),
        _flag("schema_changed"),
    )
    op.create_index("attempts_by_run", "attempts", ["run"])
    op.create_index("attempts_by_model", "attempts", ["model"])


def _models() -> None:
    op.create_table("environments", _text("name", key=True), _number("revision"), sqlite_with_rowid=False)
    op.create_table(
        "models",
        _text("environment", key=True),
        _text("name", key=True),
        _text("fingerprint_data", null=True),
        _text("fingerprint_checks", null=True),
        _text("fingerprint_metadata", null=True),
        _text("data_version", null=True),
        _text("parents", null=True),
        _text("inputs", null=True),
        _text("relation", null=True),
        _text("kind", null=True),
        _text("columns", null=True),
        _number("published_at", null=True),
        _number("rows", null=True),
        _double("seconds"),
        _text("exports", null=True),
        _text("status", null=True),
        _number("attempted_at", null=True),
        _text("run", null=True),
        _text("error", null=True),
        _flag("checks_failed"),
        sqlite_with_rowid=False,
    )


def _histories() -> None:
    op.create_table(
        "data_versions",
        _text("environment", key=True),
        _text("model", key=True),
        _text("data_version", key=True),
        _text("fingerprint_data", null=True),
        _text("run"),
        _text("attempt"),
        _number("published_at"),
        _number("rows", null=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "schema_versions",
        _text("environment", key=True),
        _text("model", key=True),
        _number("version", key=True),
        _text("columns", null=True),
        _text("attempt"),
        _number("recorded_at"),
        sqlite_with_rowid=False,
    )


def _checks_and_events() -> None:
    op.create_table(
        "check_results",
        _text("attempt", key=True),
        _number("position", key=True),
        _text("run"),
        _text("environment"),
        _text("model"),
        _text("name"),
        _text("type"),
        _text("severity"),
        _flag("passed"),
        _text("message"),
        _number("failing", null=True),
        _text("sample", null=True),
        _number("recorded_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("id", _SERIAL, primary_key=True, autoincrement=True),
        _text("run"),
        _number("at"),
        _text("type"),
        _text("model", null=True),
        _text("data", null=True),
        sqlite_autoincrement=True,
    )
    op.create_index("events_by_run", "events", ["run", "id"])


def _leases_and_answers() -> None:
    op.create_table(
        "leases",
        _text("name", key=True),
        _text("owner"),
        _number("acquired_at"),
        _number("expires_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "answers",
        _text("key", key=True),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        _number("saved_at"),
    )
