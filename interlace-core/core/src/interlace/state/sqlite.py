"""The embedded database: one SQLite file in WAL mode, so that many may read while one writes.

One connection behind a lock; any thread may use it.  Writers of other processes are waited for.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from interlace.errors import StateError
from interlace.state import ddl, revision, statements
from interlace.state.failures import is_busy, state_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from interlace.state.database import Row

__all__ = ["SqliteDatabase"]

T = TypeVar("T")

_SLICE = 0.25
"""Seconds that SQLite itself waits for a lock: short, so that Ctrl-C is heard between."""

_WORTH_COMPACTING = 1000
"""Free pages (of 4 KiB) from which on a file is made smaller, when they are also a quarter of it."""


class SqliteDatabase:
    """A SQLite file.

    Args:
        path: the file; it and its folder are made when they are missing.
        lock_timeout: seconds to wait for other writers.
    """

    not_held = ""  # who writes has all of the file

    def __init__(self, path: Path, *, lock_timeout: float = 30.0) -> None:
        self.path: Path | None = path
        self._path = path
        self._lock_timeout = lock_timeout
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    # --- opening ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Open the file, make the tables where it is new, and check their revision."""
        with self._lock, self._failures():
            if self._connection is None:
                connection = self._connected()
                try:
                    self._patiently(lambda: _prepare(connection, self._path))
                    revision.check(_found_revision(connection) or "", str(self._path))
                except BaseException:
                    connection.close()
                    raise
                self._connection = connection

    def close(self) -> None:
        """Close; SQLite then folds its ``-wal`` file into the database when nobody else has it open."""
        with self._lock, self._failures():
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> sqlite3.Connection:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StateError(
                f"the folder {self._path.parent} for the state cannot be made: {error.strerror}",
                hint="make it writable, or set `state.path` to a file in a folder that is",
            ) from error
        return sqlite3.connect(
            self._path, timeout=min(_SLICE, self._lock_timeout), isolation_level=None, check_same_thread=False
        )

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StateError(f"the state in {self._path} is not open")
        return self._connection

    # --- using ------------------------------------------------------------------------------------------------

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of one query."""
        with self._lock, self._failures():
            return self._patiently(lambda: self._open.execute(sql, values).fetchall())

    @contextmanager
    def writing(self) -> Iterator[SqliteTransaction]:
        """A transaction that holds the write lock from the start, so that it never has to give up half way."""
        with self._lock, self._failures():
            connection = self._open
            self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            with _ended(connection):
                yield SqliteTransaction(connection)

    @contextmanager
    def reading(self) -> Iterator[SqliteTransaction]:
        """A read transaction on a connection of its own: long reads hold nobody up."""
        with self._failures(), _closing(self._connected()) as connection:
            connection.execute("PRAGMA query_only=ON")
            connection.execute("BEGIN")
            yield SqliteTransaction(connection)

    # --- housekeeping -----------------------------------------------------------------------------------------

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the tables to this revision by Alembic, in one transaction."""
        from interlace.state.migrate import upgrade_sqlite

        with self._lock, self._failures():
            with _closing(self._connected()) as connection:
                before = self._patiently(lambda: _found_revision(connection))
                if before is None:
                    self._patiently(lambda: _prepare(connection, self._path))
            if before is not None:
                upgrade_sqlite(self._path, str(self._path), self._lock_timeout)
            return before, revision.REVISION

    def ahead(self, now: datetime) -> timedelta:
        """Zero: all who use the file have one clock."""
        del now
        return timedelta()

    def compact(self) -> None:
        """Make the file smaller when a quarter of it is free."""
        with self._lock, self._failures():
            free, pages = (
                self._open.execute(f"PRAGMA {what}").fetchone()[0] for what in ("freelist_count", "page_count")
            )
            if free > _WORTH_COMPACTING and free * 4 > pages:
                self._patiently(lambda: self._open.execute("VACUUM"))

    # --- waiting and failing ----------------------------------------------------------------------------------

    def _patiently(self, act: Callable[[], T]) -> T:
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                return act()
            except sqlite3.OperationalError as error:
                if not is_busy(error) or time.monotonic() >= deadline:
                    raise
                time.sleep(0.005)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise state_error(error, self._path, self._lock_timeout) from error


class SqliteTransaction:
    """What is done between BEGIN and COMMIT."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def each(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a query by their columns' names, in bounded memory."""
        cursor = self._connection.execute(sql)
        names = [d[0] for d in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))

    def execute(self, sql: str, values: Mapping[str, Any]) -> int:
        """Run one statement; gives the number of rows that it changed."""
        return self._connection.execute(sql, values).rowcount

    def execute_many(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for each of the values."""
        if values:
            self._connection.executemany(sql, values)


@contextmanager
def _ended(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled it back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _closing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    finally:
        connection.close()


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Put an opened file into WAL mode, and make the tables when it is empty."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        _refuse_foreign(connection, path)
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        if mode != "wal":
            raise StateError(
                f"the state cannot be kept in {path}: SQLite's WAL mode needs memory that processes share, which network "
                "file systems lack",
                hint="set `state.path` to a file on a local disk, or `state.url` to a PostgreSQL server",
            )
    connection.execute("PRAGMA synchronous=NORMAL")
    if _found_revision(connection) is None:
        connection.execute("BEGIN IMMEDIATE")
        with _ended(connection):
            # Another process may have made them while this one waited.
            if _found_revision(connection) is None:
                _refuse_foreign(connection, path)
                _create(connection)


def _found_revision(connection: sqlite3.Connection) -> str | None:
    try:
        found = connection.execute(statements.REVISION).fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    return found[0] if found else None


def _refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "store_revision" not in tables:
        raise StateError(
            f"{path} is a SQLite database, but not one of Interlace's state: it has the tables {', '.join(sorted(tables))}",
            hint="set `state.path` to a file of its own",
        )


def _create(connection: sqlite3.Connection) -> None:
    for statement in ddl.SQLITE:
        connection.execute(statement)
    connection.execute("INSERT INTO store_revision (version_num) VALUES (?)", (revision.REVISION,))
