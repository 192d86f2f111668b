"""What the store needs of a database: transactions, and statements as text with ``:name`` parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

__all__ = ["Database", "Reader", "Row", "Writer"]

Row = tuple[Any, ...]


class Reader(Protocol):
    """A place to ask; within one `Database.reading` all answers are of one moment."""

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of a query."""

    def each(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a query by their columns' names, in bounded memory."""


class Writer(Protocol):
    """A transaction that may write."""

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of a query, which sees what this transaction wrote."""

    def execute(self, sql: str, values: Mapping[str, Any]) -> int:
        """Run one statement; gives the number of rows that it changed."""

    def execute_many(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for each of the values; nothing for none."""


class Database(Protocol):
    """SQLite or a server; any thread may call.  Whatever fails in it is raised as `StateError`."""

    path: Path | None
    """The local file; None for a server."""

    not_held: str
    """What a query ends with that takes only rows which no other transaction holds, and holds them; nothing for a file."""

    def open(self) -> None:
        """Open it, make the tables where there are none, and check their revision."""

    def close(self) -> None:
        """Close; closing twice does nothing."""

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of one query."""

    def reading(self) -> AbstractContextManager[Reader]:
        """A transaction that only reads, and does not hold up writers."""

    def writing(self) -> AbstractContextManager[Writer]:
        """A transaction: committed at the end, rolled back when anything is raised."""

    def ahead(self, now: datetime) -> timedelta:
        """How far its clock is ahead of this machine's, which shows `now`; in whole seconds, zero for a file."""

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the tables to this Interlace's revision; needs not be open."""

    def compact(self) -> None:
        """Give freed space back, where it is much."""
