"""The connection type ``filesystem``."""

from __future__ import annotations

import errno
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from interlace.contracts.file_patterns import checked_path, folder_of, matcher
from interlace.contracts.files import FileConnection, FileInfo
from interlace.errors import ConnectionFailure, InterlaceError
from interlace_filesystem.config import FilesystemOptions

if TYPE_CHECKING:
    from interlace.contracts.options import Options
    from interlace_filesystem.place import Place

__all__ = ["FilesystemConnection"]


class FilesystemConnection(FileConnection):
    """A folder: of this machine, on an SFTP server, or in a store of fsspec."""

    Config: ClassVar[type[Options]] = FilesystemOptions
    config: FilesystemOptions

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        if not isinstance(config, FilesystemOptions):
            raise TypeError(f"a filesystem connection takes FilesystemOptions, not {type(config).__name__}")
        super().__init__(name, config, root=root)
        self._guard = RLock()
        self._made: Place | None = None

    def open(self) -> None:
        """Nothing is opened before it is used."""

    def close(self) -> None:
        """End the connection to a server."""
        with self._guard:
            place, self._made = self._made, None
        if place is not None:
            place.close()

    def where(self) -> str:
        """The folder's path, or its URL without a password."""
        return self._place().shown()

    def list(self, pattern: str) -> Iterator[FileInfo]:
        """The files whose path matches."""
        wanted = matcher(pattern)
        with self._refusals(pattern):
            for found in self._place().walk(folder_of(pattern)):
                if wanted.match(found.path):
                    yield found

    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with files."""
        with self._refusals(checked_path(path)):
            return self._place().exists(path)

    def read(self, path: str) -> BinaryIO:
        """Open a file."""
        with self._refusals(checked_path(path)):
            try:
                return self._place().read(path)
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                raise FileNotFoundError(errno.ENOENT, "There is no such file", self.shown(path)) from None

    @contextmanager
    def write(self, path: str) -> Iterator[BinaryIO]:
        """Write a file beside its place, and put it there when the block ends."""
        folder, slash, name = checked_path(path).rpartition("/")
        place = self._place()
        # Names may have 255 bytes; a listing leaves out what begins with a dot.
        temporary = f"{folder}{slash}.{uuid.uuid4().hex}.{name[-150:]}.tmp"
        with self._refusals(path):
            written = place.create(temporary)
        try:
            yield written
            with self._refusals(path):
                place.finish(written)
                place.move(temporary, path)
        except BaseException:
            # What happened first is what is said.
            with suppress(OSError, InterlaceError):
                written.close()
            with suppress(OSError, InterlaceError), self._refusals(path):
                place.remove(temporary)
            raise

    def delete(self, path: str) -> None:
        """Remove a file."""
        with self._refusals(checked_path(path)):
            self._place().remove(path)

    def move(self, path: str, target: str) -> None:
        """Put a file into another place, in one step."""
        with self._refusals(checked_path(path)):
            try:
                self._place().carry(path, checked_path(target))
            except (FileNotFoundError, NotADirectoryError) as error:
                if not self._place().exists(path):
                    raise FileNotFoundError(errno.ENOENT, "There is no such file", self.shown(path)) from None
                failure = ConnectionFailure(f"{self.shown(target)} ({self.name}): {error.strerror or error}.")
                failure.transient = False
                raise failure from error

    def local_folder(self) -> Path | None:
        """The folder under ``path``."""
        return None if self.config.path is None else _folder(self.config.path, self.root)

    def _place(self) -> Place:
        with self._guard:
            if self._made is None:
                self._made = _place(self.config, self.root)
            return self._made

    @contextmanager
    def _refusals(self, path: str) -> Iterator[None]:
        """Raise what the place says no to as errors of ours; that a file is not there goes through."""
        try:
            yield
        except (InterlaceError, FileNotFoundError):
            raise
        except Exception as error:
            if not isinstance(error, OSError | EOFError | ValueError | NotImplementedError) and not _is_ssh(error):
                raise
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            failure = ConnectionFailure(f"{self.shown(path)} ({self.name}): {said}.")
            failure.transient = isinstance(error, ConnectionError | TimeoutError | EOFError) or _is_ssh(error)
            raise failure from error


def _place(options: FilesystemOptions, root: Path) -> Place:
    if options.path is not None:
        from interlace_filesystem.local import LocalPlace

        return LocalPlace(_folder(options.path, root))
    if options.is_sftp:
        from interlace_filesystem.sftp import SftpPlace

        return SftpPlace(options, root)
    from interlace_filesystem.elsewhere import FsspecPlace

    return FsspecPlace(options)


def _folder(path: str, root: Path) -> Path:
    return (root / Path(path).expanduser()).absolute()


def _is_ssh(error: Exception) -> bool:
    return any(cls.__module__.partition(".")[0] == "paramiko" for cls in type(error).__mro__)
