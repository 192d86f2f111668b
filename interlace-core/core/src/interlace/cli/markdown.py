"""Markdown as GitHub and GitLab show it: what comes from a project is always code, so that it is shown as it is.

Nothing in it is then markup, a link, or the name of somebody who would be told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

__all__ = ["Limited", "bare", "code", "details", "fence", "table"]

_MARKUP: Final = "\\`*_[]~|@$"
"""What is markup in the text of a paragraph, beside what is HTML."""


def code(text: str) -> str:
    """Text as code in a line, also in a table: as it is, but for line ends and what is not printable."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    plain = line and line == line.strip() and not any(c in line for c in "`|\\")
    return f"`{line}`" if plain else f"<code>{bare(line)}</code>"


def bare(text: str) -> str:
    """Text without any markup in it, for a paragraph, a cell or HTML."""
    found = escape(text, quote=False)
    for c in _MARKUP:
        found = found.replace(c, f"&#{ord(c)};")
    return found.replace("://", "&#58;//").replace("www.", "www&#46;")


def fence(text: str, language: str = "") -> str:
    """A block of code."""
    longest = max((len(run) for run in _backticks(text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{language}\n{text.rstrip()}\n{marks}\n"


def _backticks(text: str) -> Iterable[str]:
    return "".join(c if c == "`" else " " for c in text).split()


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], align: str = "") -> str:
    """A table of cells that are Markdown already; `align` is ``<`` or ``>`` for each column."""
    sides = align.ljust(len(headers), "<")
    lines = [headers, ["--:" if side == ">" else "---" for side in sides], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def details(summary: str, body: str) -> str:
    """What is folded away below a line, which is HTML."""
    return f"<details><summary>{summary}</summary>\n\n{body.rstrip()}\n\n</details>\n"


class Limited:
    """A text of blocks that is no longer than a limit: what does not fit is left out whole, and counted.

    Args:
        limit: characters.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit - len(_left_out(999_999, limit)) - 1
        self._limit = limit
        self._blocks: list[str] = []
        self._out = 0

    @property
    def room(self) -> int:
        """How many characters more it can take."""
        return self._left

    def add(self, block: str) -> None:
        """Add a block, if it fits."""
        if len(block) + 1 <= self._left:
            self._blocks.append(block)
            self._left -= len(block) + 1
        else:
            self._out += 1

    def __str__(self) -> str:
        blocks = [*self._blocks, *([_left_out(self._out, self._limit)] if self._out else [])]
        return "\n".join(blocks)


def _left_out(blocks: int, limit: int) -> str:
    return f"Left out, for a comment has room for {limit:,} characters: {blocks:,} of the parts.\n"
