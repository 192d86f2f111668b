"""Offers a connection type whose class is not there."""

from __future__ import annotations

from interlace.plugin import Provider, hookimpl

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections():
    """A target that somebody renamed."""
    return [Provider("broken-resolve", "interlace_broken_resolve.connection:Gone", "Its class is gone")]
