"""What the kinds of file systems have in common: a few operations below one folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from interlace.contracts.files import FileInfo

__all__ = ["Place"]


class Place(Protocol):
    """A folder somewhere.  Paths are relative to it, and checked."""

    def shown(self) -> str:
        """Where it is, for people."""

    def walk(self, folder: str) -> Iterator[FileInfo]:
        """All files below a folder, ``""`` or one that ends in ``/``; none where it is not there."""

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with files."""

    def read(self, path: str) -> BinaryIO:
        """Open a file; `FileNotFoundError` where there is none."""

    def create(self, path: str) -> BinaryIO:
        """Open a new file to write, and make its folder."""

    def finish(self, written: BinaryIO) -> None:
        """Close a file that was created, once it is on disk."""

    def move(self, source: str, target: str) -> None:
        """Put a file into the place of another, in one step."""

    def carry(self, source: str, target: str) -> None:
        """Put a file into a folder, which is made; `FileNotFoundError` where there is no such file."""

    def remove(self, path: str) -> None:
        """Remove a file; nothing where there is none."""

    def close(self) -> None:
        """End what is shared."""
