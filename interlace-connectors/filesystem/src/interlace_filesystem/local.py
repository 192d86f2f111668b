"""A folder of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from interlace.contracts.files import FileInfo

__all__ = ["LocalPlace"]


class LocalPlace:
    """A folder of this machine; links are followed, but none is listed as a folder, so that no walk goes in circles."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def shown(self) -> str:
        """The folder's absolute path."""
        return str(self._root)

    def walk(self, folder: str) -> Iterator[FileInfo]:
        """Below a folder, in the order of names."""
        try:
            with os.scandir(self._root / folder) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self.walk(f"{folder}{entry.name}/")
            elif entry.is_file():
                stat = entry.stat()
                yield FileInfo(f"{folder}{entry.name}", stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with files."""
        return (self._root / path).is_file() or next(self.walk(f"{path}/"), None) is not None

    def read(self, path: str) -> BinaryIO:
        """Open a file."""
        return (self._root / path).open("rb")

    def create(self, path: str) -> BinaryIO:
        """Open a new file, and make its folder."""
        file = self._root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("xb")

    def finish(self, written: BinaryIO) -> None:
        """Wait until it is on disk, and close it."""
        written.flush()
        os.fsync(written.fileno())
        written.close()

    def move(self, source: str, target: str) -> None:
        """Put a file into the place of another, in one step; the folder's entries are on disk then."""
        final = self._root / target
        os.replace(self._root / source, os.path.realpath(final))  # noqa: PTH105  the name of the system call that is atomic
        descriptor = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def carry(self, source: str, target: str) -> None:
        """Put a file into a folder, which is made."""
        final = self._root / target
        final.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self._root / source, final)  # noqa: PTH105  as above

    def remove(self, path: str) -> None:
        """Remove a file."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            (self._root / path).unlink()

    def close(self) -> None:
        """Nothing is shared."""
