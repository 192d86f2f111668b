"""What ended runs in "nothing to do"; read by `interlace.state.answers`."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from interlace.state.tables.kinds import metadata, text, time

__all__ = ["answers"]

answers = Table(
    "answers",
    metadata,
    text("key", primary_key=True),
    Column("answer", LargeBinary(), nullable=False, info={"holds": "bytes"}),
    time("saved_at"),
)
