"""``interlace plan --sql``: the statements of each load, which are those that run."""

from __future__ import annotations


def test_the_statements_of_a_replacement_and_of_an_append_are_shown(project):
    project.sql("a", "SELECT 1 AS id\n")
    project.sql("b", "-- @strategy: append\nSELECT id FROM a\n")
    project.run()

    said = project("plan", "--sql", "--force").out

    assert 'CREATE OR REPLACE TABLE "main"."a" AS SELECT 1 AS id;' in said
    assert 'INSERT INTO "main"."b" ("id")' in said
    assert [(1,)] == project.query("SELECT count(*) FROM b")


def test_what_is_shown_is_what_does_the_load(project):
    """The printed statements, run by hand, give the table that a run gives."""
    project.sql("a", "SELECT range AS id FROM range(3)\n")
    [statement] = project("plan", "--sql", "--json").json["sql"]["a"]

    import duckdb

    with duckdb.connect() as connection:
        connection.execute(statement)
        assert [(0,), (1,), (2,)] == connection.execute("FROM a ORDER BY id").fetchall()


def test_a_model_whose_parents_were_never_built_says_so(project):
    project.sql("a", "SELECT 1 AS id\n")
    project.sql("b", "-- @strategy: append\nSELECT id FROM a\n")

    said = project("plan", "--sql").out

    assert "-- its columns are known once what it reads is built" in said


def test_rows_of_python_are_said_to_be_rows_of_python(project):
    project.python("p", "from interlace import model\n\n@model\ndef p():\n    return [{'id': 1}]\n")

    assert "-- rows come from Python" in project("plan", "--sql").out


def test_a_merge_of_all_of_a_table_reads_that_table_and_makes_no_copy_of_it(project):
    project.sql("raw", "SELECT range AS id, 'n' AS name FROM range(3)\n")
    project.sql("kept", "-- @strategy: merge_by_key\n-- @key: id\nSELECT * FROM raw\n")
    project.run()
    project.sql("raw", "SELECT range AS id, CASE range WHEN 1 THEN 'm' ELSE 'n' END AS name FROM range(4)\n")

    said = project("plan", "--sql").out

    assert "__interlace_kept_batch" not in said
    assert 'FROM "main"."raw" AS "given"' in said
    assert "1 inserted, 1 updated, 2 unchanged" in project.run().out
    assert [(0, "n"), (1, "m"), (2, "n"), (3, "n")] == project.query("FROM kept ORDER BY id")


def test_a_merge_of_a_view_computes_it_once(project):
    project.sql("raw", "-- @materialise: view\nSELECT range AS id, 'n' AS name FROM range(3)\n")
    project.sql("kept", "-- @strategy: merge_by_key\n-- @key: id\nSELECT * FROM raw\n")
    project.run()

    said = project("plan", "--sql", "--force").out

    assert 'CREATE OR REPLACE TEMP TABLE "__interlace_kept_batch" AS SELECT * FROM "main"."raw"' in said
