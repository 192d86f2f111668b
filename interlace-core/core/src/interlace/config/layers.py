"""The layers of a configuration: the file, its overlays, and what a caller overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.config.origin import Entry, Origin
from interlace.errors import InvalidConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.config.files import ConfigFiles

__all__ = ["file_layers", "override_layers", "without_nulls"]

_FIXED: Final = ("environments", "base_environment", "default_environment")
_RAW: Final = ("connections", "environments", "models", "sources", "vars")


def file_layers(main: Entry, files: ConfigFiles, environment: str) -> list[Entry]:
    """``config.yaml``, what it says for the environment, and the environment's overlay file: the weakest first."""
    found = [without_nulls(main)]
    section = main.mapping.get("environments")
    inline = section.mapping.get(environment) if section else None
    for overlay in (inline, files.overlay(environment)):
        if overlay is not None and overlay.mapping:
            files.errors += [
                InvalidConfig(f"{key!r} can stand only in config.yaml itself.", where=child.key_origin.location())
                for key, child in overlay.mapping.items()
                if key in _FIXED
            ]
            found.append(overlay)
    return found


def override_layers(overrides: Mapping[str, object]) -> list[Entry]:
    """One layer for each dotted key."""
    layers = []
    for key, value in overrides.items():
        origin = Origin("override", key)
        entry = _given(value, origin)
        for part in reversed(key.split(".")):
            entry = Entry({part: entry}, origin, origin)
        layers.append(entry)
    return layers


def _given(value: object, origin: Origin) -> Entry:
    match value:
        case dict():
            return Entry({str(key): _given(child, origin) for key, child in value.items()}, origin, origin)
        case list() | tuple():
            return Entry([_given(child, origin) for child in value], origin, origin)
        case _:
            return Entry(value, origin, origin)  # type: ignore[arg-type]


def without_nulls(entry: Entry, depth: int = 2) -> Entry:
    """Without nulls in the upper levels: an empty section, or ``key:`` with nothing after it, means its default."""
    if depth == 0 or not isinstance(entry.value, dict):
        return entry
    kept = {
        key: child if key in _RAW else without_nulls(child, depth - 1)
        for key, child in entry.value.items()
        if child.value is not None
    }
    return Entry(kept, entry.origin, entry.key_origin)
