"""Which plugins are installed: entry points of the group ``interlace``, read from the metadata of distributions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from interlace.plugin import GROUP
from interlace.plugins.failure import PluginFailure
from interlace.plugins.origin import Origin, normalised

if TYPE_CHECKING:
    from importlib.metadata import Distribution

__all__ = ["find_plugins"]

_MODULE: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_HEADER: Final = re.compile(rf"^\s*\[\s*{GROUP}\s*\]", re.MULTILINE)
_FIELD: Final = re.compile(r"^(Name|Version)[ \t]*:[ \t]*(\S+)", re.MULTILINE | re.IGNORECASE)


def find_plugins() -> tuple[list[Origin], list[PluginFailure]]:
    """Find the installed plugins, in an order that does not depend on the file system.

    One distribution with broken metadata loses its own plugins only: ``importlib.metadata.entry_points()`` would raise
    for all.  Where a distribution is there twice, the first on ``sys.path`` counts, as for imports.
    """
    import importlib.metadata

    found: dict[str, tuple[list[Origin], list[PluginFailure]]] = {}
    for distribution in importlib.metadata.distributions():
        text = _entry_points(distribution)
        if text is not None:
            name, version = _identity(distribution)
            found.setdefault(name, _read(text, name, version))
    groups = [found[name] for name in sorted(found)]
    return [o for origins, _ in groups for o in sorted(origins)], [f for _, failures in groups for f in failures]


def _entry_points(distribution: Distribution) -> str | None:
    """The text of its entry points if it has some of ours.  Most have none: nothing else of those is read."""
    try:
        text = distribution.read_text("entry_points.txt")
    except (OSError, UnicodeError):
        return None
    return text if text and _HEADER.search(text) else None


def _identity(distribution: Distribution) -> tuple[str, str]:
    """Its name and version, by two fields of its metadata: parsing all of it as a message costs half a millisecond."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    fields = {key.lower(): value for key, value in reversed(_FIELD.findall(text))}
    return normalised(fields.get("name", f"unnamed in {distribution.locate_file('')}")), fields.get(
        "version", "unknown"
    )


def _read(text: str, distribution: str, version: str) -> tuple[list[Origin], list[PluginFailure]]:
    origins, failures = [], []
    for line in _lines_of_group(text):
        name, equals, value = (part.strip() for part in line.partition("="))
        if equals and name and _MODULE.fullmatch(value):
            origins.append(Origin(distribution, name, value, version))
        else:
            message = f"entry point {line!r} does not read 'name = package.module'"
            failures.append(PluginFailure(name or distribution, "metadata", message, distribution, version))
    return origins, failures


def _lines_of_group(text: str) -> Iterator[str]:
    inside = False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            inside = line.strip("[] \t") == GROUP
        elif inside and line and not line.startswith(("#", ";")):
            yield line
