"""Rows that replace a table in the order of ``cluster_by``."""

from __future__ import annotations

from textwrap import dedent

import psycopg
import pytest

from interlace import Project
from interlace.errors import InvalidModel, InvalidProject

ROWS = "SELECT * FROM (VALUES (2, 'b'), (1, 'b'), (3, 'a')) AS given (id, name)"


@pytest.fixture
def write(tmp_path):
    """Write a model, and give the project's folder."""

    def made(path: str, text: str, connection: str = "type: duckdb, path: warehouse.duckdb"):
        (tmp_path / "config.yaml").write_text(f"connections:\n  default: {{{connection}}}\n")
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"))
        return tmp_path

    return made


def rows(root, name: str = "ids") -> list[int]:
    with Project.load(root) as project:
        assert project.run().status == "succeeded"
        return [row[0] for row in project.query(f"SELECT id FROM {name}")[1]]


def test_the_rows_of_a_query_stand_in_that_order(write):
    root = write("models/ids.sql", f"-- @cluster_by: name, id\n{ROWS} -- all of them\n")

    assert [3, 1, 2] == rows(root)


def test_other_columns_build_it_again(write):
    rows(write("models/ids.sql", f"-- @cluster_by: name, id\n{ROWS}\n"))

    assert [1, 2, 3] == rows(write("models/ids.sql", f"-- @cluster_by: id\n{ROWS}\n"))


def test_the_rows_of_python_and_of_seeds_do_so_too(write):
    write("seeds/plain.csv", "id\n2\n1\n3\n")
    write("seeds/plain.yaml", "cluster_by: id\n")
    root = write("models/ids.py", """
        from interlace import model

        @model(cluster_by="id")
        def ids():
            return [{"id": 2}, {"id": 1}, {"id": 3}]
    """)  # fmt: skip

    assert [1, 2, 3] == rows(root)
    with Project.load(root) as project:
        assert [(1,), (2,), (3,)] == project.query("SELECT id FROM plain")[1]


@pytest.mark.slow
def test_a_server_stores_them_in_that_order(write, postgres_url):
    connection = f"type: postgres, url: '{postgres_url}'"
    rows(write("models/ids.sql", f"-- @cluster_by: [name, id]\n{ROWS}\n", connection))

    with psycopg.connect(postgres_url) as server:
        assert [(3,), (1,), (2,)] == server.execute("SELECT id FROM ids ORDER BY ctid").fetchall()


def test_the_statement_is_shown(write):
    root = write("models/ids.sql", "-- @cluster_by: id\nSELECT 1 AS id\n")
    with Project.load(root) as project:
        _, statements = project.planned_sql()

    assert statements["ids"][0].endswith(' AS source ORDER BY "id"') or statements["ids"][0].endswith("ORDER BY id")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("-- @strategy: append", "'cluster_by' orders the rows that replace a table, and this model has the strategy 'append'"),
        ("-- @incremental: key(id)", "'cluster_by' orders the rows that replace a table, and this model has 'incremental'"),
        ("-- @materialise: view", "a model that is materialised as 'view' has no rows of its own, which 'cluster_by' would be about"),
        ("-- @materialise: none", "which 'cluster_by' would be about"),
    ],
)  # fmt: skip
def test_where_rows_are_added_it_is_refused(write, lines, said):
    root = write("models/ids.sql", f"{lines}\n-- @cluster_by: id\nSELECT 1 AS id\n")

    with pytest.raises((InvalidModel, InvalidProject), match=said):
        Project.load(root)
