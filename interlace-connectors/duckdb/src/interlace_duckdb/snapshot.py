"""A copy of a database file as it stands, made while nobody can write to it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from interlace_duckdb.failures import open_failed, refused
from interlace_duckdb.instance import join, leave, unshared

if TYPE_CHECKING:
    from interlace.errors import InterlaceError
    from interlace_duckdb.config import DuckDBOptions

__all__ = ["copy_database"]

_PIECE = 1 << 30


def copy_database(name: str, options: DuckDBOptions, file: Path, root: Path, path: Path) -> None:
    """Copy a database file.

    It is copied as it is on disk, with shared blocks where the file system has them; where this process has it open, its
    tables and views are copied by DuckDB.

    Args:
        name: of the connection.
        path: the new file.

    Raises:
        ConnectionFailure: there is no such file, or the copy cannot be written.
        DatabaseLocked: another process writes to it.
    """
    log = file.with_name(f"{file.name}.wal")
    with unshared(file) as instance:
        if path.exists():
            raise refused(f"The database {file} cannot be copied to {path}: File exists.")
        if instance is not None:
            instance.copy_to(path)
            return
        if log.exists():  # a crash left it: opening the file takes it in, closing it makes a checkpoint
            leave(join(name, options, file, root))
        if log.exists():
            raise refused(f"The database {file} cannot be copied: DuckDB left {log.name} beside it.")
        try:
            _copy(file, path)
        except BlockingIOError:
            raise _held(file) from None
        except OSError as error:
            raise refused(f"The database {file} cannot be copied to {path}: {error.strerror}.") from error


def _copy(file: Path, path: Path) -> None:
    source = os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        _lock(source)
        with path.open("xb") as target:
            _pour(source, target.fileno())
            os.fsync(target.fileno())
    finally:
        os.close(source)


def _lock(source: int) -> None:
    """The lock that DuckDB takes to read: a process that writes is kept out."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover  on Windows nobody can read what is open for writing
        return
    fcntl.lockf(source, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _pour(source: int, target: int) -> None:
    """Copy all bytes, inside the file system where it can."""
    left = os.fstat(source).st_size
    if hasattr(os, "copy_file_range"):
        try:
            while left and (done := os.copy_file_range(source, target, min(left, _PIECE))):
                left -= done
        except OSError:
            pass  # not on this file system, or not from one to the other: what is left is read and written
    while left and (block := os.read(source, min(left, 1 << 20))):
        view = memoryview(block)
        while view:
            view = view[os.write(target, view) :]
        left -= len(block)


def _held(file: Path) -> InterlaceError:
    """The error for a file that another process writes to: DuckDB knows who it is."""
    try:
        duckdb.connect(str(file), read_only=True).close()
    except duckdb.Error as error:
        return open_failed(error, file)
    return refused(f"The database {file} was in use by another process: try again.")
