"""A connection to a place with files: a folder, a bucket, a server for file transfer.  It has no tables.

Models read files from it, and exports are written to it.  A connector subclasses `FileConnection` and passes
``interlace.testing.conformance.files``.
"""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from interlace.contracts.connection import Capabilities, Connection
from interlace.errors import UnsupportedCapability

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.options import Options

__all__ = ["FileConnection", "FileInfo", "ObjectStore"]

_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class FileInfo:
    """One file of a listing.

    Attributes:
        path: below the connection's place, with ``/`` between folders.
        size: in bytes.
        modified: when it was written, UTC; None where the place does not say.
        etag: another value for other content, in the words of the place; None where it has none.
    """

    path: str
    size: int
    modified: datetime | None = None
    etag: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """How an engine reads the files by itself: an S3 bucket, or one of a store that speaks its protocol.

    Attributes:
        scope: the beginning of all its addresses: ``s3://bucket/prefix``.
        key: the access key's id; None for a bucket that anybody may read.
        secret: the key.
        token: of a session.
        region: of the bucket.
        endpoint: ``host:port`` of a store that is not Amazon's.
        tls: whether the endpoint speaks TLS.
        addressing: ``path`` where the bucket stands in the path, ``virtual`` where it stands in the host's name.
    """

    scope: str
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    region: str | None = None
    endpoint: str | None = None
    tls: bool = True
    addressing: str | None = None


class FileConnection(Connection):
    """A place with files, shared by the threads of a run.

    A path is relative to the place, has ``/`` between folders, and leads out of it by no ``..``.  What a place says no to
    (no such bucket, no right, not reachable) is a `ConnectionFailure`, `transient` where trying again may help.
    """

    dialect: ClassVar[str] = ""
    has_tables: ClassVar[bool] = False

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        super().__init__(name, config, root=root)
        self.capabilities = Capabilities()

    def session(self) -> Session:
        """Refuse: there is nobody to ask a query of.

        Raises:
            UnsupportedCapability: always.
        """
        raise UnsupportedCapability(
            f"The connection {self.name!r} has files, no tables: no model can be on it, and no query be asked of it.",
            hint=f"Python models read from it by context.files({self.name!r}); exports name it: connection: {self.name}.",
        )

    def shown(self, path: str) -> str:
        """A file for people: ``s3://bucket/marts/orders.csv``, without secrets."""
        return f"{self.where().rstrip('/')}/{path}"

    def object_store(self) -> ObjectStore | None:
        """How an engine reads the files by itself; None where it cannot."""
        return None

    def local_folder(self) -> Path | None:
        """The folder that it is, where that is one of this machine; None elsewhere."""
        return None

    # --- what a place does ------------------------------------------------------------------------------------

    @abstractmethod
    def list(self, pattern: str) -> Iterator[FileInfo]:
        """The files whose path matches, in any order; none where the folder is not there.

        Args:
            pattern: ``*`` and ``?`` stand for characters of a name, ``[ab]`` for one of some, ``**`` for any folders; a name
                that begins with a dot is matched only by a dot.

        Raises:
            UsageError: the pattern is no path below the place.
        """

    @abstractmethod
    def exists(self, path: str) -> bool:
        """Whether there is a file, or a folder with files."""

    @abstractmethod
    def read(self, path: str) -> BinaryIO:
        """Open a file to read; it can seek, and keeps a bounded part in memory.  Close it, or use it in ``with``.

        Raises:
            FileNotFoundError: there is none.
        """

    @abstractmethod
    def write(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Write a file: what is at `path` is replaced when the block ends, and stays when the block raises.

        Folders on the way are made.  The file that the block is given is written from its beginning to its end.

        Raises:
            WriteRefused: the connection is ``access: read``.
        """

    @abstractmethod
    def delete(self, path: str) -> None:
        """Remove a file; nothing happens where there is none.

        Raises:
            WriteRefused: the connection is ``access: read``.
        """

    def upload(self, source: Path, path: str) -> None:
        """Write a local file's content, as `write` does."""
        with source.open("rb") as opened, self.write(path) as target:
            shutil.copyfileobj(opened, target, _PIECE)

    def download(self, path: str, target: Path) -> None:
        """Write a file's content to a local file.

        Raises:
            FileNotFoundError: there is none.
        """
        with self.read(path) as opened, target.open("wb") as written:
            shutil.copyfileobj(opened, written, _PIECE)

    def move(self, path: str, target: str) -> None:
        """Put a file into another place, whose folders are made; what is there is replaced.

        Cut off in the middle, the file may be in both places, and is in one of them.

        Raises:
            FileNotFoundError: there is none.
            WriteRefused: the connection is ``access: read``.
        """
        with self.read(path) as opened, self.write(target) as written:
            shutil.copyfileobj(opened, written, _PIECE)
        self.delete(path)
