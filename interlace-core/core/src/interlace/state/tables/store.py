"""The revision of the tables themselves, in the form that Alembic keeps it."""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, String, Table

from interlace.state.tables.kinds import metadata

__all__ = ["store_revision"]

store_revision = Table(
    "store_revision",
    metadata,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="store_revision_pkc"),
)
