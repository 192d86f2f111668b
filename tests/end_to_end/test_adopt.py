"""``interlace adopt``: a warehouse that something else filled, from the command line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import psycopg
import pytest

CONFIG = "connections:\n  default: {{{warehouse}}}\nsources:\n  raw: {{relation: lake.raw}}\n"
TODAY = datetime.now(UTC).date()
FILL = [
    "CREATE SCHEMA lake",
    f"""CREATE TABLE lake.raw AS SELECT * FROM (VALUES
    (1, 'a', DATE '{TODAY - timedelta(days=3)}'), (2, 'b', DATE '{TODAY - timedelta(days=1)}')) AS given (id, name, day)""",
    "CREATE TABLE names AS SELECT id, name FROM lake.raw WHERE id = 1",
    "CREATE TABLE days AS SELECT day, id FROM lake.raw WHERE id = 1",
    """CREATE TABLE versions AS SELECT id, name, CAST('2020-01-01 00:00:00+00' AS TIMESTAMP WITH TIME ZONE) AS since,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS until FROM lake.raw WHERE id = 1""",
    "CREATE VIEW shown AS SELECT id, name FROM names",
]


def fill(kind, project, make_warehouse):
    """A warehouse that something else filled."""
    made = make_warehouse(kind, project.root)
    project.write("config.yaml", CONFIG.format(warehouse=made.config))
    connect = {"duckdb": lambda: duckdb.connect(str(project.root / "warehouse.duckdb"))}
    connect["postgres"] = lambda: psycopg.connect(made._url, autocommit=True)
    with connect[kind]() as connection:
        for statement in FILL:
            connection.execute(statement)
    return made


@pytest.fixture
def warehouse(project, make_warehouse):
    return fill("duckdb", project, make_warehouse)


def write_models(project) -> None:
    project.sql("names", "-- @strategy: merge_by_key\n-- @key: id\nSELECT id, name FROM raw\n")
    project.sql("days", "-- @incremental: datetime(day)\nSELECT day, id FROM raw WHERE day >= $start AND day < $end\n")
    history = "-- @strategy: {name: scd_type_2, valid_from: since, valid_to: until}\n-- @key: id\n"
    project.sql("versions", f"{history}SELECT id, name FROM raw\n")
    project.sql("shown", "-- @materialise: view\nSELECT id, name FROM names\n")


@pytest.mark.parametrize("kind", ["duckdb", "postgres"])
def test_loads_go_on_from_what_was_adopted(kind, project, make_warehouse):
    warehouse = fill(kind, project, make_warehouse)
    write_models(project)
    said = project("adopt", "--yes")
    assert 0 == said.code, said.out + said.err
    assert "Adopted 4 relations in dev, as run " in said.out
    project.run()

    assert [
        [(1, "a"), (2, "b")],
        [(TODAY - timedelta(days=3), 1), (TODAY - timedelta(days=1), 2)],
        [(1, 2020), (2, datetime.now(UTC).year)],
    ] == warehouse.ask(
        [
            "SELECT id, name FROM shown ORDER BY id",
            "SELECT day, id FROM days ORDER BY id",
            "SELECT id, CAST(EXTRACT(year FROM since) AS integer) FROM versions WHERE until IS NULL ORDER BY id",
        ]
    )


@pytest.mark.usefixtures("warehouse")
def test_a_dry_run_tells_all_and_records_nothing(project):
    write_models(project)
    said = project("adopt", "--dry-run", "--json").json

    assert {"names", "days", "versions", "shown"} == {m["model"] for m in said["models"]}
    assert said["run"] is None
    assert "Nobody is there to answer." in project.fails("adopt")
    assert [] == project("runs", "list", "--json").json


@pytest.mark.usefixtures("warehouse")
def test_what_is_refused_is_told_with_the_whole_list(project):
    write_models(project)
    project.sql("names", "SELECT CAST(id AS smallint) AS id FROM raw\n")
    project.sql("shown", "SELECT id, name FROM names\n")
    said = project("adopt", "--yes")

    assert 2 == said.code
    assert "✗ names: its columns are others: id is " in said.out
    assert "is a view, and the model is a table" in said.out
    assert "Nothing is adopted: 2 models cannot be." in said.out
