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
    """Buckets."""
    return [
        Provider(
            "s3",
            "interlace_s3.connection:S3Connection",
            "Files in Amazon S3 and compatible stores",
            extra="s3",
        )
    ]
