"""DuckDB's exceptions as the errors of Interlace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import duckdb

from interlace.errors import ConnectionFailure, QueryFailed
from interlace_duckdb.locked import database_locked, is_lock_refusal

__all__ = ["cleaned", "lost_its_cause", "open_failed", "query_failed", "refused"]

_HINTS: Final = (
    (re.compile(r"No space left on device|disk is full", re.IGNORECASE), "The disk is full: make room and run again."),
    (
        re.compile(r"^Out of Memory Error"),
        "Raise the connection's 'memory_limit', lower its 'threads', or set a 'temp_directory' with room to spill to.",
    ),
    (
        re.compile(r"Extension \"(\w+)\" not found|existing extension"),
        "Name the extension under the connection's 'extensions', and install its package duckdb-extension-NAME.",
    ),
    (re.compile(r"read-only mode"), "The connection is 'read_only': true."),
)
_TRANSIENT: Final = re.compile(r"Conflict|conflict|Could not set lock")


def query_failed(error: duckdb.Error, sql: str) -> QueryFailed:
    """The error for a statement that DuckDB refused; a conflict with another transaction is transient."""
    message = cleaned(str(error))
    failed = QueryFailed(message, sql=sql, hint=_hint(message))
    failed.transient = isinstance(error, duckdb.TransactionException) and bool(_TRANSIENT.search(message))
    failed.transient = failed.transient or "database is locked" in message  # the catalogue of a lake in SQLite
    return failed


def lost_its_cause(error: duckdb.Error) -> bool:
    """Whether DuckDB only says that a query ended, and not why."""
    return isinstance(error, duckdb.InterruptException) or "unsuccessful or closed pending query" in str(error)


def cleaned(message: str) -> str:
    """DuckDB's message without empty lines and without trailing blanks."""
    return "\n".join(line.rstrip() for line in message.splitlines() if line.strip())


def _hint(message: str) -> str | None:
    return next((hint for pattern, hint in _HINTS if pattern.search(message)), None)


def refused(message: str, hint: str | None = None) -> ConnectionFailure:
    """An error that trying again does not mend."""
    failure = ConnectionFailure(message, hint=hint)
    failure.transient = False
    return failure


def open_failed(error: duckdb.Error, file: Path | None) -> ConnectionFailure:
    """The error for a database that could not be opened."""
    message = cleaned(str(error))
    if file is None:
        return refused(f"DuckDB could not be started: {message}")
    if is_lock_refusal(message):
        return database_locked(file, message)
    said, hint = _why(message)
    return refused(f"The database {file} {said}: {message}", hint)


def _why(message: str) -> tuple[str, str | None]:
    if "version number" in message:
        return (
            "was written by a newer DuckDB than this one",
            f"This is DuckDB {duckdb.__version__}: install the newer one, or export the data with it.",
        )
    if "checksum" in message or "Corrupt" in message or "not a valid DuckDB" in message:
        return "is damaged, or no DuckDB database", "Restore it from a copy, or name another file under 'path'."
    if "Permission denied" in message or "Read-only file system" in message:
        return "may not be written", "Grant the right to write the file and its folder, or set 'read_only: true'."
    return "cannot be opened", _hint(message)
