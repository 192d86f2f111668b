"""Models, schemas and folders may have any printable name."""

from __future__ import annotations

import pytest

NAMES = [
    "order",
    "select",
    "my orders",
    "it's",
    'a"b',
    "größe",
    "注文",
    "1st",
    "Group By",
    "table",
    "user",
    "a-b",
    "🦆",
]


@pytest.mark.parametrize("name", NAMES)
def test_any_printable_name_is_a_models_name(project, name):
    project.write(f"models/{name}.sql", 'SELECT 1 AS "the id", 2 AS "select"')
    quoted = '"' + name.replace('"', '""') + '"'
    project.sql("reader", f'SELECT "the id", "select" FROM {quoted}')
    project.write(
        f"models/{name}.yaml",
        "key: the id\nchecks: [{unique: the id}, {not_null: select}]\nexport: {csv: 'out/{model}.csv'}\n",
    )

    said = project.run("--json")
    again = project.run()

    assert {name: "succeeded", "reader": "succeeded"} == said.statuses
    assert [(1, 2)] == project.query(f"FROM {quoted}")
    assert "the id,select\n1,2\n" == (project.root / "out" / f"{name}.csv").read_text().replace('"', "")
    assert "Nothing to do" in again.out
    assert 0 == project("show", name).code
    assert 0 == project("why", name).code
    assert {name: "succeeded"} == project.run("--json", "--force", "--select", name).statuses


def test_a_project_in_a_folder_with_an_odd_name_runs(folder):
    assert 0 == folder("init", 'it\'s a "größe" (1) [x] #2').code
    assert 0 == folder("run", cwd='it\'s a "größe" (1) [x] #2').code


@pytest.mark.parametrize("schema", ["select", "my schema", "größe"])
def test_any_name_is_a_schemas_name(project, schema):
    project.sql("a", f"-- @schema: {schema}\nSELECT 1 AS id")
    project.sql("b", f'SELECT * FROM "{schema}".a')

    project.run()

    assert [(1,)] == project.query(f'FROM "{schema}".a')
    assert [(1,)] == project.query("FROM b")
