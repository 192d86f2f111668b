"""Commands that plugins offer; looked up only for help, completion and words that no built-in command answers to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

__all__ = ["Extension", "plugin_commands"]


@dataclass(frozen=True, slots=True)
class Extension:
    """One command of a plugin: its line of help, and how to import its ``typer.Typer``."""

    summary: str
    load: Callable[[], Any]


@cache
def plugin_commands() -> Mapping[str, Extension]:
    """The commands of all plugins by name, sorted; nothing that they offer is imported."""
    from functools import partial

    from interlace.plugins import PluginManager

    offered = PluginManager.discover().commands()
    return {p.name: Extension(p.summary, partial(offered.get, p.name)) for p in offered.providers()}
