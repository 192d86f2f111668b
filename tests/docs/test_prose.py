"""The Markdown of the repository: its links lead somewhere, its fragments of code are well formed."""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
LEFT_OUT = {".git", ".nox", ".venv", "changes", "dist", "node_modules", "templates"}


def _pages():
    """All but those in folders that are left out, into which it does not look: environments hold a hundred thousand files."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = set(folders) - LEFT_OUT
        yield from (Path(folder, file) for file in files if file.endswith(".md"))


PAGES = sorted(_pages())
PARSERS = {
    "json": json.loads,
    "py": ast.parse,
    "python": ast.parse,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
    "yml": yaml.safe_load,
}

every_page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


@every_page
def test_every_link_of_a_page_leads_to_a_file(path, page_at):
    local = [target for target in page_at(path).targets if not re.match(r"[a-z]+:", target)]

    broken = []
    for target in local:
        name, _, fragment = target.partition("#")
        file = (path.parent / name) if name else path
        if not file.exists() or (fragment and file.suffix == ".md" and fragment not in page_at(file).anchors):
            broken.append(target)

    assert [] == broken


@every_page
def test_every_fragment_of_code_in_a_page_parses(path, page_at):
    for fence in page_at(path).fences:
        parse = None if "broken" in fence.words else PARSERS.get(fence.language)
        if parse is not None:
            parse(fence.content)
