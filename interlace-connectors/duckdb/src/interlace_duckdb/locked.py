"""A database file that another process holds: who it is, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from interlace.errors import DatabaseLocked

__all__ = ["database_locked", "is_lock_refusal"]

_HOLDER = re.compile(r"held in (?P<program>.+?)(?: \(PID (?P<pid>\d+)\))?(?: by user (?P<user>\S+?))?\.(?:\s|$)")
_LONGEST = 200


def is_lock_refusal(message: str) -> bool:
    """Whether DuckDB's message says that it could not lock the file."""
    return "Could not set lock on file" in message or "being used by another process" in message


def database_locked(file: Path, message: str) -> DatabaseLocked:
    """The error for a file that is locked, from DuckDB's message."""
    found = _HOLDER.search(message)
    holder = _described(found) if found else None
    pid = found["pid"] if found else None
    stop = f"process {pid}" if pid else "it"
    return DatabaseLocked(
        f"The database {file} is in use by {holder or 'another process'}.",
        holder=holder,
        hint="DuckDB lets one process at a time open a file for writing, and no other one beside it. "
        f"Wait for it (interlace run --wait), or stop {stop}.",
    )


def _described(found: re.Match[str]) -> str:
    program, pid, user = found["program"], found["pid"], found["user"]
    name = Path(program).name
    said = [f"process {pid} ({name}"] if pid else [f"{name}"]
    command = _command_line(pid) if pid else None
    if pid:
        said[0] += f": {command})" if command else ")"
    if user:
        said.append(f"of user {user}")
    return " ".join(said)


def _command_line(pid: str) -> str | None:
    """What a process was started with, where the system says so."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return None
    text = " ".join(word.decode("utf-8", "replace") for word in words)
    flat = " ".join(text.split())
    return (flat if len(flat) <= _LONGEST else flat[: _LONGEST - 1] + "…") or None
