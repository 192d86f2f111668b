"""Rows that are read as a stream of Arrow (`Session.arrow`): what every engine says alike."""

from __future__ import annotations

from interlace.errors import QueryFailed

__all__ = ["stream_ended"]


def stream_ended(sql: str) -> QueryFailed:
    """Rows that are still read come no more: their session was asked something else."""
    return QueryFailed(
        "A stream of rows was ended by another statement of its session.",
        sql=sql,
        hint="Read the rows in a session of their own, or read them all at once.",
    )
