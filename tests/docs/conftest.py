"""Pages of the documentation, taken apart: their fences of code, their links, their headings."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Fence:
    """A block of code: its language, the other words of its info string, where it begins."""

    language: str
    words: tuple[str, ...]
    content: str
    line: int

    def value(self, name: str) -> str | None:
        """What stands after ``name=`` in its info string."""
        return next((w.partition("=")[2] for w in self.words if w.startswith(f"{name}=")), None)


class Page:
    """One Markdown file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.text = path.read_text(encoding="utf-8")
        self.tokens = MarkdownIt().enable("table").parse(self.text)

    @cached_property
    def fences(self) -> list[Fence]:
        found = []
        for token in self.tokens:
            if token.type == "fence":
                language, *words = token.info.split() or [""]
                found.append(Fence(language, tuple(words), token.content, (token.map or [0])[0] + 1))
        return found

    @cached_property
    def headings(self) -> list[str]:
        return [self.tokens[i + 1].content for i, token in enumerate(self.tokens) if token.type == "heading_open"]

    @cached_property
    def anchors(self) -> set[str]:
        """The fragments that a forge makes of headings."""
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in self.headings}

    @cached_property
    def targets(self) -> list[str]:
        """Where its links and images lead."""
        everything = [t for token in self.tokens for t in (token, *(token.children or []))]
        return [str(t.attrs.get("href") or t.attrs.get("src")) for t in everything if t.type in ("link_open", "image")]


@pytest.fixture(scope="session")
def docs() -> Path:
    return DOCS


@pytest.fixture(scope="session")
def page_at():
    """A function that opens a page by its path."""
    return cache(Page)


@pytest.fixture(scope="session")
def open_page(page_at):
    """A function that opens a page by its path below ``docs``."""
    return lambda name: page_at(DOCS / name)
