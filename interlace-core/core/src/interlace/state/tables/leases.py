"""Who holds what, until when."""

from __future__ import annotations

from sqlalchemy import Table

from interlace.state.tables.kinds import metadata, text, time

__all__ = ["leases"]

leases = Table(
    "leases",
    metadata,
    text("name", primary_key=True),
    text("owner"),
    time("acquired_at"),
    time("expires_at"),
    sqlite_with_rowid=False,
)
