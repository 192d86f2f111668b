"""Writing a file so that a reader sees the old one or the new one, never a part."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from interlace.contracts.exporter import Exported
from interlace.errors import ExportFailed, QueryFailed

__all__ = ["failures_of", "replacing", "write_file"]


def write_file(path: Path, write: Callable[[Path], int]) -> Exported:
    """Write a file through a temporary one beside it.

    Args:
        path: the file; its parent folders are made.
        write: writes all rows to the path that it is given, and says how many.

    Raises:
        ExportFailed: it cannot be written; what was at `path` is still there, and nothing else is.
    """
    with failures_of(path), replacing(path) as temporary:
        rows = write(temporary)
        size = temporary.stat().st_size
    return Exported(path, rows, size)


@contextlib.contextmanager
def failures_of(path: Path) -> Iterator[None]:
    """Raise what goes wrong while a file is written as `ExportFailed`."""
    import pyarrow as pa

    try:
        yield
    except OSError as error:
        raise ExportFailed(f"{path} cannot be written: {error.strerror or error}") from error
    except QueryFailed as error:
        raise ExportFailed(f"{path} cannot be written: {error.message}", hint=error.hint) from error
    except pa.ArrowException as error:
        hint = "Cast the column in the model to a type that the format has."
        raise ExportFailed(f"{path} cannot be written: {error}", hint=hint) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a new path beside `path`; what was written there takes its place when the block ends without an error.

    A link is followed, so that the file it points to is replaced.
    """
    final = Path(os.path.realpath(path))
    if final.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary = final.with_name(f".{final.name[:200]}.{uuid.uuid4().hex}.tmp")
    try:
        yield temporary
        _sync(temporary)
        os.replace(temporary, final)  # noqa: PTH105  the name of the system call that is atomic
        _sync(final.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
