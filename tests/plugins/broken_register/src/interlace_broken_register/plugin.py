"""Implements a hook that does not exist."""

from __future__ import annotations

from interlace.plugin import Provider, hookimpl

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_conections():
    """A slip of the pen."""
    return [Provider("broken-register", "interlace_broken_register.connection:Never", "Never reached")]
