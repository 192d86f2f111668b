"""The files and folders that loading looks at: where they are, and what tells that one has changed."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Listing", "Stamp", "content_hash", "file_hash", "list_files", "stamp_of"]


class Stamp(NamedTuple):
    """What tells that a file or folder is as it was: its modification time in ns, its size and its inode.

    The size of a folder is 0: the time says whether names came or went.
    """

    path: str
    mtime_ns: int
    size: int
    inode: int

    @property
    def facts(self) -> tuple[int, int, int]:
        """Time, size and inode."""
        return self.mtime_ns, self.size, self.inode


@dataclass(slots=True)
class Listing:
    """The files below some folders, sorted by path; `folders` are all folders that were read."""

    files: list[Stamp] = field(default_factory=list)
    folders: list[Stamp] = field(default_factory=list)


def stamp_of(path: str) -> Stamp | None:
    """The stamp of a file or folder; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116  hot: thousands of files
    except OSError:
        return None
    return Stamp(path, found.st_mtime_ns, found.st_size, found.st_ino)


def list_files(folders: Iterable[Path]) -> Listing:
    """List all files below the folders that exist; hidden names and ``__pycache__`` are left out.

    Links are followed, each folder is read once.
    """
    listing = Listing()
    seen: set[tuple[int, int]] = set()
    todo = [str(folder) for folder in folders]
    while todo:
        folder = todo.pop()
        try:
            facts = os.stat(folder)  # noqa: PTH116
        except (FileNotFoundError, NotADirectoryError):
            continue
        if not stat.S_ISDIR(facts.st_mode) or (facts.st_dev, facts.st_ino) in seen:
            continue
        seen.add((facts.st_dev, facts.st_ino))
        listing.folders.append(Stamp(folder, facts.st_mtime_ns, 0, facts.st_ino))
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name[0] == "." or name == "__pycache__":
                    continue
                if entry.is_dir():
                    todo.append(entry.path)
                elif entry.is_file():
                    found = entry.stat()
                    listing.files.append(Stamp(entry.path, found.st_mtime_ns, found.st_size, found.st_ino))
    listing.files.sort(key=lambda stamp: stamp.path)
    listing.folders.sort(key=lambda stamp: stamp.path)
    return listing


def content_hash(content: bytes) -> bytes:
    """A hash of a file's bytes."""
    return hashlib.blake2b(content, digest_size=16).digest()


def file_hash(path: str) -> bytes:
    """A hash of a file's bytes, read in pieces."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
