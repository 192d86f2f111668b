"""How many threads DuckDB computes with: one while every session reads little, all of them as soon as one may read much.

DuckDB divides work by row groups, so a second thread has nothing to do where all that is read fits into one of them;
waking it for nothing took a third of the time of a thousand small models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakSet

if TYPE_CHECKING:
    from threading import RLock

    import duckdb

    from interlace_duckdb.session import DuckDBSession

__all__ = ["LITTLE", "Breadth"]

LITTLE: Final = 122_880
"""Rows of one row group."""


class Breadth:
    """The threads of one open database, whose setting all its sessions share.

    Args:
        connection: what the setting is changed on.
        guard: held while `connection` is used.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, guard: RLock) -> None:
        self._connection = connection
        self._guard = guard
        self._wide: WeakSet[DuckDBSession] = WeakSet()
        self._narrow: WeakSet[DuckDBSession] = WeakSet()
        self._threads: int | None = None

    def widen(self, session: DuckDBSession) -> None:
        """The session may read much from now on."""
        with self._guard:
            self._narrow.discard(session)
            self._wide.add(session)
            self._settle()

    def narrow(self, session: DuckDBSession) -> None:
        """The session reads little from now on."""
        with self._guard:
            self._wide.discard(session)
            self._narrow.add(session)
            self._settle()

    def leave(self, session: DuckDBSession) -> None:
        """The session ends."""
        with self._guard:
            self._wide.discard(session)
            self._narrow.discard(session)
            if self._narrow:
                self._settle()

    def _settle(self) -> None:
        little = not self._wide
        if little and self._threads is None:
            (threads,) = self._connection.execute("SELECT current_setting('threads')").fetchall()[0]
            if threads > 1:
                self._connection.execute("SET GLOBAL threads = 1")
                self._threads = threads
        elif not little and self._threads is not None:
            self._connection.execute(f"SET GLOBAL threads = {self._threads}")
            self._threads = None
