"""What this distribution offers.  It is described without importing it: the driver is imported when a project names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections() -> list[Provider[Connection]]:
    """One type of connection."""
    # YOURS: what it is, in a line; 'interlace plugins list' shows it.
    return [Provider("example", "interlace_example.connection:ExampleConnection", "A SQLite file")]
