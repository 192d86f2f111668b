"""0003: what models were built from, what is said of them by version, and which columns moved."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Written out and never changed, as in 0001.
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_COPIED = """
environment, name, fingerprint_data, fingerprint_checks, fingerprint_metadata, data_version, parents, inputs, relation,
  kind, columns, published_at, rows, seconds, exports, status, attempted_at, run, error, checks_failed"""


def _text(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, _TEXT, nullable=null, primary_key=key)


def _number(name: str, *, null: bool = False, key: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null, primary_key=key, autoincrement=False)


def upgrade() -> None:
    """Make the tables; the present of models gets a column that is empty."""
    if op.get_bind().dialect.name == "sqlite":
        _models_anew()
    else:
        op.add_column("models", _text("since", null=True))
    _definitions()
    _documents()


def _models_anew() -> None:
    # SQLite writes an added column behind the key, and so the table would not be that of a new store.
    op.rename_table("models", "models_0002")
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
        sa.Column("seconds", sa.Double(), nullable=True),
        _text("exports", null=True),
        _text("status", null=True),
        _number("attempted_at", null=True),
        _text("run", null=True),
        _text("error", null=True),
        sa.Column("checks_failed", sa.SmallInteger(), nullable=False),
        _text("since", null=True),
        sqlite_with_rowid=False,
    )
    op.execute(f"INSERT INTO models ({_COPIED}) SELECT {_COPIED} FROM models_0002")
    op.drop_table("models_0002")


def _definitions() -> None:
    op.create_table(
        "definitions",
        _text("environment", key=True),
        _text("model", key=True),
        _text("fingerprint_data"),
        _text("fingerprint_checks"),
        _text("fingerprint_metadata"),
        _text("query", null=True),
        _text("rest"),
        _text("attempt"),
        _number("recorded_at"),
        sqlite_with_rowid=False,
    )


def _documents() -> None:
    op.create_table(
        "documents",
        _text("environment", key=True),
        _text("model", key=True),
        _number("version", key=True),
        _text("fingerprint_data"),
        _text("fingerprint_checks"),
        _text("fingerprint_metadata"),
        _text("document", null=True),
        _text("attempt"),
        _number("recorded_at"),
        sqlite_with_rowid=False,
    )
