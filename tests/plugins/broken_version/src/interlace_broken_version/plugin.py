"""Written for a hook API of the far future."""

from __future__ import annotations

from interlace.plugin import Provider, hookimpl

INTERLACE_HOOK_API = 99


@hookimpl
def interlace_connections():
    """Never called."""
    return [Provider("broken-version", "interlace_broken_version.connection:Never", "Never reached")]
