"""The queries that Python models returned, kept for who asks what their columns are made of."""

from __future__ import annotations

from textwrap import dedent

import pytest

from interlace import Project
from interlace.testing import test_model_sync as perform

CONFIG = "connections:\n  default: {type: duckdb, path: shop.duckdb}\n"
MODELS = """
    import ibis
    from interlace import model

    @model
    def totals(daily: ibis.Table):
        return daily.mutate(more=daily.revenue + 1)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "models" / "daily.sql").write_text("SELECT 1 AS day, 2 AS revenue")
    (tmp_path / "models" / "totals.py").write_text(dedent(MODELS))
    return tmp_path


def edges(root, column: str) -> list[tuple[str, str]]:
    with Project.load(root) as project, project.lineage() as lineage:
        return [(e.column, e.kind) for e in lineage.of("totals").edges(column)]


def run(root) -> None:
    with Project.load(root) as project:
        assert "succeeded" == project.run().status


def test_an_expression_is_followed_as_the_query_that_it_is(root):
    run(root)

    assert [("revenue", "transformed")] == edges(root, "more")
    assert [("day", "passthrough")] == edges(root, "day")


def test_an_expression_of_an_older_definition_is_not_followed(root):
    run(root)
    (root / "models" / "totals.py").write_text(dedent(MODELS).replace("+ 1", "+ daily.day"))

    assert [("day", "transformed"), ("revenue", "transformed")] == edges(root, "more")


def test_a_unit_test_does_not_say_what_a_model_returns(root):
    run(root)
    kept = (root / ".interlace" / "expressions" / "totals.json").read_bytes()

    perform("totals", {"daily": [{"revenue": 3}]}, project=root)

    assert kept == (root / ".interlace" / "expressions" / "totals.json").read_bytes()


def test_a_file_that_is_no_kept_query_is_none(root):
    run(root)
    (root / ".interlace" / "expressions" / "totals.json").write_text("{")

    assert [("day", "transformed"), ("revenue", "transformed")] == edges(root, "more")
