"""What runs staged and did not publish yet."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from interlace.state.tables.kinds import json, metadata, text, time

__all__ = ["held"]

held = Table(
    "held",
    metadata,
    text("run", primary_key=True),
    text("model", primary_key=True),
    text("environment"),
    text("connection"),
    text("relation"),
    text("staged"),
    time("at"),
    text("base", nullable=True),
    Column("record", LargeBinary(), nullable=False, info={"holds": "bytes"}),
    json("difference"),
)
