"""What this distribution offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections() -> Iterable[Provider[Connection]]:
    """Folders, here and elsewhere."""
    return [
        Provider(
            "filesystem",
            "interlace_filesystem.connection:FilesystemConnection",
            "Files in a folder, on an SFTP server or in any store of fsspec",
            extra="filesystem",
        )
    ]
