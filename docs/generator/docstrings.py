"""Docstrings as Markdown: their prose, and their sections of named things."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = ["Docstring", "read"]

_SECTIONS: Final = ("Args", "Attributes", "Raises", "Returns")
_HEADING: Final = re.compile(rf"^({'|'.join(_SECTIONS)}):$")
_ITEM: Final = re.compile(r"^    (\S[^:]*):\s+(.*)$")


@dataclass(slots=True)
class Docstring:
    """What a docstring says.

    Attributes:
        text: the prose before the first section, as Markdown.
        items: by section, what it says of each name.
        plain: by section, its text where it names nothing (``Returns``).
    """

    text: str
    items: dict[str, dict[str, str]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)

    def of(self, section: str) -> Mapping[str, str]:
        """The named things of one section; empty where there is none."""
        return self.items.get(section, {})


def read(thing: object) -> Docstring:
    """The docstring of a class, function or module."""
    prose: list[str] = []
    found: dict[str, list[str]] = {}
    lines = prose
    for line in inspect.cleandoc(getattr(thing, "__doc__", None) or "").splitlines():
        heading = _HEADING.match(line)
        if heading:
            lines = found.setdefault(heading.group(1), [])
        else:
            lines.append(line)
    made = Docstring(_markdown("\n".join(prose).strip()))
    for section, said in found.items():
        made.items[section] = _items(said)
        made.plain[section] = _markdown(" ".join(" ".join(said).split()))
    return made


def _items(lines: list[str]) -> dict[str, str]:
    items: dict[str, str] = {}
    name = ""
    for line in lines:
        item = _ITEM.match(line)
        if item:
            name = item.group(1)
            items[name] = item.group(2)
        elif name and line.strip():
            items[name] += f" {line.strip()}"
    return {name: _markdown(" ".join(text.split())) for name, text in items.items()}


def _markdown(text: str) -> str:
    """Code is in single backticks, and a sentence is followed by one space."""
    return re.sub(r"(?<=[.:;])  (?=\S)", " ", text.replace("``", "`"))
