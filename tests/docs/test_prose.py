"""The Markdown of the repository: its links lead somewhere, its fragments of code are well formed."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
LEFT_OUT = {".git", ".nox", ".venv", "changes", "dist", "node_modules"}
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not LEFT_OUT & set(path.relative_to(ROOT).parts) and "templates" not in path.parts
)
PARSERS = {
    "json": json.loads,
    "py": ast.parse,
    "python": ast.parse,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "yml": yaml.safe_load,
}


def tokens(page: Path) -> list:
    found = []
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        found += [token, *(token.children or [])]
    return found


def anchors(page: Path) -> set[str]:
    """The fragments that a forge makes of headings."""
    parsed = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    titles = [parsed[i + 1].content for i, token in enumerate(parsed) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page):
    targets = [str(t.attrs.get("href") or t.attrs.get("src")) for t in tokens(page) if t.type in ("link_open", "image")]
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]

    broken = []
    for target in local:
        path, _, fragment = target.partition("#")
        file = (page.parent / path) if path else page
        if not file.exists() or (fragment and file.suffix == ".md" and fragment not in anchors(file)):
            broken.append(target)

    assert [] == broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_fragment_of_code_in_a_page_parses(page):
    for token in tokens(page):
        parse = PARSERS.get(token.info.strip()) if token.type == "fence" else None
        if parse is not None:
            parse(token.content)
