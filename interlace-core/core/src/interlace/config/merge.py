"""Overlays: a later layer wins, mappings are merged key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.config.origin import Entry, plain
from interlace.config.vars import declared

if TYPE_CHECKING:
    from interlace.config.origin import Path

__all__ = ["merge"]


def merge(base: Entry, overlay: Entry, path: Path = ()) -> Entry:
    """Lay one tree over another.

    Mappings are merged key by key; lists and scalars are replaced; a null takes a value away, so that its default
    holds again.  A connection or state whose ``type`` changes is replaced as a whole: options of two types do not mix.
    A new value of a variable keeps the variable's type.
    """
    if _is_variable(path):
        return _variable(base, overlay)
    if not (isinstance(base.value, dict) and isinstance(overlay.value, dict)) or _other_type(base, overlay, path):
        return overlay
    merged = dict(base.value)
    for key, entry in overlay.value.items():
        below = merged.get(key)
        merged[key] = entry if below is None else merge(below, entry, (*path, key))
    return Entry(merged, base.origin, base.key_origin)


def _other_type(base: Entry, overlay: Entry, path: Path) -> bool:
    typed = path == ("state",) or (path[:1] == ("connections",) and path == path[:2])
    old, new = base.mapping.get("type"), overlay.mapping.get("type")
    return typed and old is not None and new is not None and old.value != new.value


def _is_variable(path: Path) -> bool:
    return path[:1] == ("vars",) and path[1:] == path[1:2] and len(path) > 1


def _variable(base: Entry, overlay: Entry) -> Entry:
    """The declaration with another default; text from outside the files is read as the declared type."""
    if isinstance(overlay.value, dict):
        return overlay
    if isinstance(base.value, dict):
        return Entry({**base.value, "default": overlay}, overlay.origin, base.key_origin)
    if overlay.origin.kind == "file":
        return overlay
    try:
        kind = declared(plain(base)).type
    except ValueError:
        return overlay
    return Entry({"type": Entry(kind, base.origin, base.origin), "default": overlay}, overlay.origin, base.key_origin)
