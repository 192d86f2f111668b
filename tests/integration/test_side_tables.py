"""Looking at what loads and checks keep beside a model's own table."""

from __future__ import annotations

import pytest

from interlace import Project
from interlace.cli.lookup import node_or_beside
from interlace.errors import UsageError


@pytest.fixture
def project(tmp_path):
    (tmp_path / "config.yaml").write_text("connections:\n  default: {type: duckdb, path: warehouse.duckdb}\n")
    (tmp_path / "models").mkdir()
    rows = "SELECT id FROM (VALUES (1), (NULL)) AS t (id)\n"
    (tmp_path / "models/m.sql").write_text(
        f"-- @schema: marts\n-- @strategy: {{name: merge_by_key, null_keys: skip, rejects: keep}}\n-- @key: id\n{rows}"
    )
    (tmp_path / "models/q.sql").write_text(f"-- @checks: [not_null: {{columns: id, on_failure: quarantine}}]\n{rows}")
    with Project.load(tmp_path) as loaded:
        assert loaded.run().status == "succeeded"
        yield loaded


@pytest.mark.parametrize("word", ["m__rejects", "M__Rejects", "marts.m__rejects"])
def test_a_side_table_is_found_by_its_name(project, word):
    assert (("marts", "m__rejects"), "default") == node_or_beside(project, word)


def test_a_query_finds_them_without_their_schema(project):
    assert [(1, 1)] == project.query("SELECT count(r._reason), count(q._check) FROM m__rejects r, q__quarantine q")[1]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("m__reject", "There is no 'm__reject' beside m. Did you mean 'm__rejects'? There are: m__rejects."),
        ("mm", "There is no model or source 'mm'. Did you mean 'm'?"),
        ("x__rejects", "There is no model or source 'x__rejects'."),
    ],
)
def test_a_name_that_is_none_is_said_with_the_nearest(project, word, said):
    with pytest.raises(UsageError) as caught:
        node_or_beside(project, word)

    assert said in caught.value.message


def test_a_query_with_a_name_that_is_none_names_the_nearest(project):
    with pytest.raises(UsageError) as caught:
        project.query("FROM q__quarantin")

    assert "Did you mean 'q__quarantine'?" in (caught.value.hint or "")
