"""A folder in a store of fsspec."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from interlace.contracts.files import FileInfo
from interlace.errors import ConnectionFailure

if TYPE_CHECKING:
    from interlace_filesystem.config import FilesystemOptions

__all__ = ["FsspecPlace"]


class FsspecPlace:
    """A folder that fsspec reaches; a file takes the place of another as the store's own `mv` does it."""

    def __init__(self, options: FilesystemOptions) -> None:
        import fsspec.core

        self._url = options.url or ""
        protocol = self._url.partition("://")[0]
        try:
            made = fsspec.core.url_to_fs(self._url, **options.options)
        except (ImportError, ValueError) as error:
            failure = ConnectionFailure(f"fsspec cannot open {protocol}://: {error}.")
            failure.transient = False
            raise failure from error
        self._fs: Any = made[0]
        self._root: str = made[1].rstrip("/")

    def shown(self) -> str:
        """The URL, without user and password."""
        protocol, _, rest = self._url.partition("://")
        return f"{protocol}://{rest.rpartition('@')[2]}".rstrip("/")

    def walk(self, folder: str) -> Iterator[FileInfo]:
        """Below a folder."""
        self._fs.invalidate_cache()
        start = len(self._root) + 1
        for place, _, files in self._fs.walk(self._at(folder).rstrip("/"), detail=True):
            for name, found in sorted(files.items()):
                path = f"{str(place).rstrip('/')}/{name}"[start:]
                yield FileInfo(path, int(found.get("size") or 0), _modified(found), _text(found.get("ETag")))

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with files."""
        self._fs.invalidate_cache()
        return bool(self._fs.isfile(self._at(path))) or next(self.walk(f"{path}/"), None) is not None

    def read(self, path: str) -> BinaryIO:
        """Open a file."""
        opened: BinaryIO = self._fs.open(self._at(path), "rb")
        return opened

    def create(self, path: str) -> BinaryIO:
        """Open a new file, and make its folder."""
        self._fs.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
        opened: BinaryIO = self._fs.open(self._at(path), "wb")
        return opened

    def finish(self, written: BinaryIO) -> None:
        """Close it: that sends what is left."""
        written.close()

    def move(self, source: str, target: str) -> None:
        """Put a file into the place of another."""
        self._fs.mv(self._at(source), self._at(target))

    def carry(self, source: str, target: str) -> None:
        """Put a file into a folder, which is made where the store has any."""
        self._fs.invalidate_cache()
        if not self._fs.isfile(self._at(source)):
            raise FileNotFoundError
        self._fs.makedirs(self._at(target).rpartition("/")[0], exist_ok=True)
        self._fs.mv(self._at(source), self._at(target))

    def remove(self, path: str) -> None:
        """Remove a file."""
        with contextlib.suppress(FileNotFoundError):
            self._fs.rm_file(self._at(path))

    def close(self) -> None:
        """The file system is fsspec's own, which keeps it."""

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


def _modified(found: dict[str, Any]) -> datetime | None:
    for key in ("LastModified", "last_modified", "mtime", "modified", "created"):
        value = found.get(key)
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
    return None


def _text(value: object) -> str | None:
    return value.strip('"') if isinstance(value, str) else None
