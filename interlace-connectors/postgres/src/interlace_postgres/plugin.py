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
    """PostgreSQL, on this machine or another."""
    return [
        Provider(
            "postgres",
            "interlace_postgres.connection:PostgresConnection",
            "PostgreSQL, from version 13 on",
            aliases=("postgresql",),
            extra="postgres",
        )
    ]
