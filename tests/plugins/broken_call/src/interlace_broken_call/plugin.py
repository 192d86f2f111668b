"""Raises when it is asked what it offers."""

from __future__ import annotations

from interlace.plugin import hookimpl

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections():
    """Not this time."""
    raise RuntimeError("the licence server does not answer")
