"""Where a value of the configuration was written, and the tree of values that remember it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from interlace.errors import Location

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime

__all__ = ["DEFAULT", "Entry", "Origin", "Path", "Scalar", "dotted", "find", "flatten", "plain"]

Path = tuple[str | int, ...]
"""The keys and positions that lead to a value, outermost first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written.

    Attributes:
        kind: ``file``, ``variable`` (of the environment), ``override`` (of the command line or a call) or ``default``.
        name: the file, relative to the project's root, or the name of the variable or override.
        line: counts from 1; None where there are no lines.
        column: counts from 1.
        excerpt: the text of that line, for messages.
    """

    kind: Literal["file", "variable", "override", "default"]
    name: str = ""
    line: int | None = None
    column: int | None = None
    excerpt: str | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        if self.kind == "default":
            return "default"
        return self.name if self.line is None else f"{self.name}:{self.line}"

    def location(self, *, excerpt: bool = True) -> Location | None:
        """The place for an error's message; None for a default."""
        if self.kind == "default":
            return None
        return Location(self.name, self.line, self.column, self.excerpt if excerpt else None)


DEFAULT = Origin("default")

if TYPE_CHECKING:
    Scalar = str | int | float | bool | date | datetime | bytes | None
else:
    Scalar = object


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with its origin: a mapping of entries, a list of entries or a scalar.

    Attributes:
        origin: where the value stands.
        key_origin: where its key stands; the value's own place where it has no key.
    """

    value: dict[str, Entry] | list[Entry] | Scalar
    origin: Origin
    key_origin: Origin

    @property
    def mapping(self) -> dict[str, Entry]:
        """Its entries by key; empty when it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}


def plain(entry: Entry) -> object:
    """The value without origins: dictionaries, lists and scalars."""
    match entry.value:
        case dict() as mapping:
            return {key: plain(child) for key, child in mapping.items()}
        case list() as items:
            return [plain(child) for child in items]
        case scalar:
            return scalar


def find(entry: Entry, path: Sequence[str | int]) -> tuple[Entry, Path]:
    """The entry at a path, or the nearest one above it that exists, with the path that was found."""
    found: list[str | int] = []
    for part in path:
        child = _child(entry, part)
        if child is None:
            break
        entry = child
        found.append(part)
    return entry, tuple(found)


def _child(entry: Entry, part: str | int) -> Entry | None:
    value = entry.value
    if isinstance(value, dict):
        return value.get(str(part))
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def flatten(entry: Entry, path: Path = ()) -> Iterator[tuple[Path, Entry]]:
    """Every scalar, and every empty mapping or list, with its path."""
    match entry.value:
        case dict() as mapping if mapping:
            for key, child in mapping.items():
                yield from flatten(child, (*path, key))
        case list() as items if items:
            for position, child in enumerate(items):
                yield from flatten(child, (*path, position))
        case _:
            yield path, entry


def dotted(path: Sequence[str | int]) -> str:
    """A path for people: ``connections.default.path``, ``plugins.disabled[0]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
