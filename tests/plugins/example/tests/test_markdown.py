from __future__ import annotations

import re

import pytest

from interlace.testing.conformance.exporter import ExporterConformance
from interlace_example.markdown import Markdown


def cells(line):
    """The cells of a line, unescaped."""
    return [re.sub(r"\\(.)", r"\1", cell.strip()) for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


class TestMarkdown(ExporterConformance):
    @pytest.fixture
    def connect(self, connect):
        return connect

    @pytest.fixture
    def exporter(self):
        return Markdown

    @pytest.fixture
    def read(self):
        def read(path):
            header, _, *lines = path.read_text(encoding="utf-8").splitlines()
            rows = [dict(zip(cells(header), cells(line), strict=True)) for line in lines]
            return [{"id": int(row["id"]), "item": row["item"] or None} for row in rows]

        return read

    def test_what_markdown_means_is_escaped(self, export, path):
        export("SELECT 'a|b' AS \"x|y\", 'two' || char(10) || 'lines' AS z")

        assert "| x\\|y | z |\n| --- | --- |\n| a\\|b | two<br>lines |\n" == path.read_text(encoding="utf-8")
