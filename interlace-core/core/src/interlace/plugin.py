"""The plugin author's whole door: everything that a plugin module may import.

A ``plugin.py`` imports this module and nothing else, describes what it offers with `Provider`
values, and is named by an entry point in the group ``interlace``::

    # pyproject.toml
    [project.entry-points.interlace]
    acme = "interlace_acme.plugin"

    # interlace_acme/plugin.py
    from interlace.plugin import Provider, hookimpl

    INTERLACE_HOOK_API = 1

    @hookimpl
    def interlace_connections():
        return [Provider("acme", "interlace_acme.connection:AcmeConnection", "The Acme store")]

Only the standard library and pluggy are imported here, so that describing costs next to nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import pluggy

__all__ = ["GROUP", "HOOK_API", "Provider", "hookimpl", "hookspec"]

T = TypeVar("T")

GROUP: Final = "interlace"
"""pluggy's project name, the entry-point group and the prefix of every hook."""

HOOK_API: Final = 1
"""The major number of the hook specifications. A plugin states it as ``INTERLACE_HOOK_API = 1``."""

hookimpl = pluggy.HookimplMarker(GROUP)
hookspec = pluggy.HookspecMarker(GROUP)

_NAME = re.compile(r"[a-z][a-z0-9_\-]*|\.[a-z0-9]+")
_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True)
class Provider(Generic[T]):
    """One thing that a plugin offers, described without importing it.

    Args:
        name: the word that users write, such as ``postgres``; for a model loader the file suffix, such as ``.sql``.
        target: where the class lives, as ``module:Class``; imported when a project first names it.
        summary: one line for ``interlace plugins``.
        aliases: other words accepted for the same thing.
        extra: the extra of ``interlace`` that installs what the target imports (the install hint).
        experimental: said beside the name wherever it is listed.

    Raises:
        ValueError: the name or the target is not of the form above.
    """

    name: str
    target: str
    summary: str
    aliases: tuple[str, ...] = ()
    extra: str | None = None
    experimental: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.aliases, str) or not isinstance(self.aliases, tuple):
            object.__setattr__(
                self, "aliases", (self.aliases,) if isinstance(self.aliases, str) else tuple(self.aliases)
            )
        for word in (self.name, *self.aliases):
            if not _NAME.fullmatch(word):
                raise ValueError(f"provider name {word!r} must be lower case letters, digits, '_' and '-'")
        if not _TARGET.fullmatch(self.target):
            raise ValueError(f"target {self.target!r} of provider {self.name!r} must read 'module:Class'")
