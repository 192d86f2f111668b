"""Write, audit, publish, export: what readers of the tables see, and when."""

from __future__ import annotations

import csv
import json

import pytest


@pytest.fixture
def checked(project):
    """A published table whose next version fails a check."""
    project.sql("a", "-- @checks: [{unique: id}, {not_null: name}]\nSELECT 1 AS id, 'x' AS name")
    project.sql("b", "SELECT * FROM a")
    project.run()
    project.sql("a", "-- @checks: [{unique: id}, {not_null: name}]\nSELECT unnest([1, 1, 2]) AS id, 'y' AS name")
    return project


def test_a_failed_check_keeps_yesterdays_table(checked):
    said = checked("run", "--json")

    assert 1 == said.code
    assert {"a": "failed", "b": "blocked"} == said.statuses
    assert [(1, "x")] == checked.query("FROM a")
    assert [(1, "x")] == checked.query("FROM b")


def test_a_failed_check_shows_a_sample_and_keeps_it_in_the_state(checked):
    said = checked("run", "--json")
    run = said.json["run"]
    [attempt] = [a for a in checked("runs", "show", run, "--json").json["attempts"] if a["model"] == "a"]
    failed = [c for c in attempt["checks"] if not c["passed"]]

    assert ["unique"] == [c["type"] for c in failed]
    assert [1] == sorted({row["id"] for row in failed[0]["sample"]})


def test_a_failed_check_runs_again_after_a_repair(checked):
    checked("run")
    checked.sql("a", "-- @checks: [{unique: id}, {not_null: name}]\nSELECT unnest([1, 2]) AS id, 'y' AS name")

    assert {"a": "succeeded", "b": "succeeded"} == checked.run("--json").statuses
    assert 2 == len(checked.query("FROM b"))


def test_a_check_that_only_warns_publishes(project):
    project.sql("a", "-- @checks: [{unique: {columns: id, severity: warn}}]\nSELECT unnest([1, 1]) AS id")

    said = project.run()

    assert "unique" in said.out
    assert 2 == len(project.query("FROM a"))


def test_a_new_check_runs_on_the_published_table_without_building_it(project):
    project.sql("a", "SELECT 1 AS id")
    project.run()
    project.sql("a", "-- @checks: [{unique: id}]\nSELECT 1 AS id")

    said = project.run("--json")

    assert ["check"] == [m["action"] for m in said.json["models"]]


@pytest.mark.parametrize(
    "check",
    [
        "{unique: id}",
        "{not_null: name}",
        "{accepted_values: {column: name, values: [x]}}",
        "{row_count: {max: 2}}",
        "{expression: 'id < 3'}",
        "{relationships: {column: id, to: parents, field: id}}",
        "{range: {column: id, max: 2}}",
        "{pattern: {column: name, regex: '^[a-z]$'}}",
        "{freshness: {column: moment, max_age: 1h}}",
    ],
)
def test_each_kind_of_check_blocks(project, check):
    project.sql("parents", "SELECT 1 AS id")
    project.sql(
        "a",
        f"""
        -- @checks: [{check}]
        SELECT * FROM (VALUES (1, 'x', TIMESTAMP '2020-01-01'), (3, NULL, TIMESTAMP '2020-01-01'), (3, 'YY', NULL)) AS v (id, name, moment)
        WHERE 1 = (SELECT max(id) FROM parents)
    """,
    )

    said = project("run", "--json")

    assert 1 == said.code
    assert "failed" == said.statuses["a"]
    assert [False] == [c["passed"] for c in said.models["a"]["checks"]]


def test_columns_tagged_pii_are_masked_in_samples(project):
    project.write("models/a.yaml", "columns: {mail: {tags: [pii]}}\nchecks: [{unique: id}]\n")
    project.sql("a", "SELECT 1 AS id, 'ann@example.org' AS mail UNION ALL SELECT 1, 'bob@example.org'")

    said = project("run", "--json")

    assert 1 == said.code
    assert "example.org" not in said.out


def test_the_database_is_never_seen_without_the_table(project, wait):
    """A reader sees the old rows until the commit, then the new ones."""
    project.sql("a", "SELECT 1 AS id")
    project.run()
    project.sql("a", "-- @checks: [{expression: 'false'}]\nSELECT 2 AS id")

    project("run")

    assert [(1,)] == project.query("FROM a")


# --- materialisations and strategies ----------------------------------------------------------------------------------


def test_a_view_is_a_view(project):
    project.sql("a", "SELECT 1 AS id")
    project.sql("v", "-- @materialise: view\nSELECT id + 1 AS id FROM a")
    project.run()

    assert [("v",)] == project.query("SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'")
    assert [(2,)] == project.query("FROM v")


def test_a_table_may_become_a_view_and_a_view_a_table(project):
    project.sql("a", "SELECT 1 AS id")
    project.sql("b", "-- @materialise: view\nSELECT * FROM a")
    project.run()
    project.sql("a", "-- @materialise: view\nSELECT 2 AS id")
    project.sql("b", "SELECT * FROM a")

    project.run()

    assert [(2,)] == project.query("FROM b")
    assert [("a",)] == project.query("SELECT view_name FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'")


def test_an_ephemeral_model_is_part_of_its_readers_and_no_relation(project):
    project.sql("inner", "-- @materialise: ephemeral\nSELECT 1 AS id")
    project.sql("outer", 'SELECT "inner".id + 1 AS id FROM "inner"')
    project.run()

    assert [(2,)] == project.query('FROM "outer"')
    assert [("outer",)] == project.query("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'")

    project.sql("inner", "-- @materialise: ephemeral\nSELECT 5 AS id")

    assert {"outer": "succeeded"} == project.run("--json").statuses
    assert [(6,)] == project.query('FROM "outer"')


def test_an_ephemeral_python_model_is_handed_to_its_readers(project):
    project.write(
        "models/inner.py",
        "from interlace import model\n\n@model(materialise='ephemeral', name='inner_rows')\ndef inner():\n    return [{'id': 4}]\n",
    )
    project.sql("a", "SELECT id + 1 AS id FROM inner_rows")

    project.run()

    assert [(5,)] == project.query("FROM a")


def test_append_keeps_what_is_there(project):
    project.sql("batch", "SELECT 1 AS id")
    project.sql("log", "-- @strategy: append\nSELECT * FROM batch")
    project.run()
    project.sql("batch", "SELECT 2 AS id")
    project.run()

    assert [(1,), (2,)] == project.query("SELECT id FROM log ORDER BY id")
    assert "Nothing to do" in project.run().out


def test_append_admits_a_new_column_and_refuses_a_narrower_type(project):
    project.sql("log", "-- @strategy: append\nSELECT 1 AS id")
    project.run()
    project.sql("log", "-- @strategy: append\nSELECT 2 AS id, 'x' AS note")
    project.run()
    project.sql("log", "-- @strategy: append\nSELECT 'three' AS id")

    said = project.fails("run", code=1)

    assert "id" in said
    assert [(1, None), (2, "x")] == project.query("SELECT id, note FROM log ORDER BY id")


def test_strategy_none_checks_a_table_that_something_else_writes(project):
    import duckdb

    with duckdb.connect(str(project.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE TABLE theirs AS SELECT 1 AS id")
    project.sql("theirs", "-- @strategy: none\n-- @checks: [{unique: id}]\nSELECT 1 AS id")

    said = project.run("--json")

    assert [True] == [c["passed"] for c in said.models["theirs"]["checks"]]
    assert [(1,)] == project.query("FROM theirs")


def test_pre_and_post_run_in_the_models_transaction(project):
    project.sql("notes", "SELECT 'nothing' AS what")
    project.sql(
        "a",
        """
        -- @dependencies: notes
        -- @pre: "CREATE OR REPLACE TEMP MACRO doubled(x) AS x * 2"
        -- @post: ["INSERT INTO $this VALUES (8)"]
        SELECT doubled(3) + 1 AS id
    """,
    )

    said = project("run")

    assert 0 == said.code, said.out
    assert [(7,), (8,)] == project.query("SELECT id FROM a ORDER BY id")


# --- exports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "json", "jsonl", "parquet"])
def test_each_format_is_written_and_reads_back(project, kind):
    project.sql(
        "a", f"-- @export: {{format: {kind}, path: 'out/{{env}}/{{model}}.{kind}'}}\nSELECT 1 AS id, 'x,\"y' AS t"
    )
    project.run()
    file = project.root / "out" / "dev" / f"a.{kind}"

    match kind:
        case "csv":
            with file.open(newline="") as opened:
                found = [{**row, "id": int(row["id"])} for row in csv.DictReader(opened)]
        case "json":
            found = json.loads(file.read_text())
        case "jsonl":
            found = [json.loads(line) for line in file.read_text().splitlines()]
        case _:
            import pyarrow.parquet as pq

            found = pq.read_table(file).to_pylist()

    assert [{"id": 1, "t": 'x,"y'}] == found
    assert ["a." + kind] == [f.name for f in file.parent.iterdir()]


def test_a_failed_export_leaves_the_model_published_and_the_next_run_does_it_alone(project):
    project.sql("a", "-- @export: {csv: out/a.csv}\nSELECT 1 AS id")
    project.sql("b", "SELECT * FROM a")
    project.write("out", "a file in the way")

    first = project("run", "--json")
    (project.root / "out").unlink()
    second = project.run("--json")

    assert 1 == first.code
    assert {"a": "succeeded", "b": "succeeded"} == first.statuses
    assert first.models["a"]["export_errors"]
    assert [("a", "export")] == [(m["model"], m["action"]) for m in second.json["models"]]
    assert "id\n1\n" == (project.root / "out" / "a.csv").read_text()
    assert "Nothing to do" in project.run().out


def test_null_needs_no_quotes_as_an_option_of_csv_files(project):
    project.write("seeds/given.csv", "id,n\n1,-\n")
    project.write("seeds/given.yaml", "options: {null: '-'}\n")
    project.sql("a", "-- @export: {format: csv, path: out/a.csv, null: NA}\nSELECT id, n FROM given")

    project.run()

    assert "id,n\n1,NA\n" == (project.root / "out/a.csv").read_text()


def test_a_failed_run_keeps_yesterdays_export(project):
    project.sql("a", "-- @export: {csv: a.csv}\nSELECT 1 AS id")
    project.run()
    project.sql("a", "-- @export: {csv: a.csv}\n-- @checks: [{row_count: {min: 5}}]\nSELECT 2 AS id")
    project("run")

    assert "id\n1\n" == (project.root / "a.csv").read_text()


def test_an_export_that_was_deleted_is_written_again(project):
    project.sql("a", "-- @export: {csv: a.csv}\nSELECT 1 AS id")
    project.run()
    (project.root / "a.csv").unlink()

    assert ["export"] == [m["action"] for m in project.run("--json").json["models"]]
    assert (project.root / "a.csv").exists()
