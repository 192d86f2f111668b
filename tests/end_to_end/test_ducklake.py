"""A project whose tables are in a lake."""

from __future__ import annotations

import pytest

CATALOGUES = ["lake/catalog.ducklake", "sqlite:lake/catalog.db", "postgres"]


@pytest.fixture(params=CATALOGUES)
def lake(project, request):
    """Seeds, a view, a table, a merge and a history, on each kind of catalogue."""
    pytest.importorskip("duckdb_extension_ducklake")
    catalog = request.param
    if catalog == "postgres":
        pytest.importorskip("duckdb_extension_postgres_scanner")
        catalog = request.getfixturevalue("postgres_url")
    elif catalog.startswith("sqlite"):
        pytest.importorskip("duckdb_extension_sqlite_scanner")
    project.write(
        "config.yaml",
        f"connections:\n  default: {{type: ducklake, catalog: '{catalog}', data_path: lake/data}}\n"
        "vars:\n  name: {type: text, default: Ann}\n",
    )
    project.write("seeds/orders.csv", "id,customer,amount\n1,1,10.5\n2,2,20\n3,1,5.25\n")
    project.sql("staging", "-- @materialise: view\nSELECT id, customer, amount FROM orders")
    project.sql("totals", "-- @schema: marts\nSELECT customer, sum(amount) AS total FROM staging GROUP BY 1")
    project.sql("log", "-- @strategy: append\nSELECT count(*) AS n FROM orders")
    project.sql("kept", "-- @key: id\n-- @strategy: merge\nSELECT 1 AS id, $name AS name")
    project.sql("past", "-- @key: id\n-- @strategy: scd_type_2\nSELECT 1 AS id, $name AS name")
    return project


def rows(project, sql):
    said = project("show", "--sql", sql, "--json")
    assert said.code == 0, said.err
    return said.json["rows"]


def test_every_strategy_loads_into_a_lake(lake):
    lake.run()
    lake.run("--var", "name=Bea")

    assert [[1, 15.75], [2, 20]] == sorted([c, float(t)] for c, t in values(lake, "SELECT customer, total FROM totals"))
    assert [["Bea"]] == values(lake, "SELECT name FROM kept")
    assert [["Ann", False], ["Bea", True]] == values(
        lake, "SELECT name, valid_to IS NULL FROM past ORDER BY valid_from"
    )


def values(project, sql):
    found = rows(project, sql)
    return [list(r.values()) if isinstance(r, dict) else list(r) for r in found]


def test_a_second_run_finds_nothing_to_do(lake):
    (lake.root / "models" / "log.sql").unlink()
    lake.run()

    assert "Nothing to do" in lake.run().out
