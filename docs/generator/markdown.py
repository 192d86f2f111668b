"""Pieces of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["GENERATED", "code", "joined", "table"]

GENERATED = "<!-- written by docs/generate.py: change the code that it is made from -->"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar inside a cell is escaped."""
    lines = [_line(head), "|" + "---|" * len(head), *(_line(row) for row in rows)]
    return "\n".join(lines)


def code(text: object) -> str:
    """Text as code."""
    return f"`{text}`"


def joined(*parts: str) -> str:
    """A page of these parts, a blank line between them and one line feed at the end."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"
