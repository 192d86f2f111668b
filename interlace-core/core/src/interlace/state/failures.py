"""SQLite's errors as sentences: which file, what is wrong, what to do."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from interlace.errors import StateError

__all__ = ["holders", "is_busy", "state_error"]

_SELF_HEALING = "Nothing in the warehouse is lost: without a state every model is simply run again."

_HINTS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: ("the disk is full", "free some space, then run again; what was recorded before is safe"),
    sqlite3.SQLITE_READONLY: ("it may not be written", "make the file and its folder writable, or set `state.path`"),
    sqlite3.SQLITE_PERM: ("it may not be written", "make the file and its folder writable, or set `state.path`"),
    sqlite3.SQLITE_CANTOPEN: (
        "it cannot be opened or made",
        "make its folder writable, or set `state.path` to a file in a folder that is",
    ),
    sqlite3.SQLITE_CORRUPT: ("the file is damaged", f"move it away and run again. {_SELF_HEALING}"),
    sqlite3.SQLITE_NOTADB: ("the file is no SQLite database", f"move it away and run again. {_SELF_HEALING}"),
    sqlite3.SQLITE_PROTOCOL: ("the file system cannot lock it", "set `state.path` to a local disk, or set `state.url`"),
    sqlite3.SQLITE_IOERR: (
        "reading or writing it failed",
        "look at the disk; on a network file system set `state.path` to a local disk, or set `state.url`",
    ),
}


def is_busy(error: sqlite3.Error) -> bool:
    """Whether waiting may help."""
    return _primary(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def state_error(error: sqlite3.Error | UnicodeDecodeError, path: Path, waited: float) -> StateError:
    """The error to raise for SQLite's.

    Args:
        error: one of the module's own; or that of Python, when a damaged file holds text that is none.
        waited: seconds that were spent waiting for a lock.
    """
    if isinstance(error, sqlite3.Error) and is_busy(error):
        return _locked(path, waited)
    garbled = isinstance(error, UnicodeDecodeError) or "Could not decode to UTF-8" in str(error)
    code = sqlite3.SQLITE_CORRUPT if garbled else _primary(error)
    what, hint = _HINTS.get(code, ("SQLite refused", "this may be a defect of Interlace: please report it"))
    return StateError(f"the state in {path}: {what} ({error})", hint=hint)


def _locked(path: Path, waited: float) -> StateError:
    pids = holders(path)
    who = f"process {', '.join(map(str, pids))}" if pids else "another process"
    error = StateError(
        f"the state in {path} is locked: {who} has been writing for over {waited:g} s",
        hint="wait for it or end it; `state.lock_timeout` says how long to wait",
    )
    error.transient = True
    return error


def _primary(error: Exception) -> int:
    # Errors that the module raises by itself, such as a closed connection, carry no code.
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def holders(path: Path) -> list[int]:
    """The other processes that hold a write lock on a SQLite file; empty where the system does not tell (not Linux)."""
    try:
        files = {p.stat().st_ino for p in (path, path.with_name(f"{path.name}-shm")) if p.exists()}
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return []
    # 1: POSIX  ADVISORY  WRITE 4711 00:2a:123456 120 120
    fields = [line.split() for line in lines if "->" not in line]
    found = {int(f[4]) for f in fields if f[3] == "WRITE" and int(f[5].rpartition(":")[2]) in files}
    return sorted(found - {os.getpid()})
