"""Wrong definitions of models: said with file, line and the nearest right word, before anything runs."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("-- @materialse: view\nSELECT 1 AS id\n", ["models/a.sql:1", "materialse", "materialise"]),
        ("-- @model(materialse='view')\nSELECT 1 AS id\n", ["models/a.sql:1", "materialse", "materialise"]),
        ("-- @materialise: vew\nSELECT 1 AS id\n", ["models/a.sql:1", "vew", "view"]),
        ("-- @strategy: apend\nSELECT 1 AS id\n", ["models/a.sql:1", "apend", "append"]),
        ("-- @strategy: {name: append, by: id}\nSELECT 1 AS id\n", ["models/a.sql:1", "append", "by"]),
        ("-- @checks: [uniq: id]\nSELECT 1 AS id\n", ["models/a.sql:1", "uniq", "unique"]),
        ("-- @checks: [{unique: {columns: id, severty: warn}}]\nSELECT 1 AS id\n", ["models/a.sql:1", "severty", "severity"]),
        ("-- @checks: [{unique: id, severity: warn}]\nSELECT 1 AS id\n", ["models/a.sql:1", "unique: {…, severity: warn}"]),
        ("-- @export: {format: cvs, path: a.csv}\nSELECT 1 AS id\n", ["models/a.sql:1", "cvs", "csv"]),
        ("-- @export: {format: csv}\nSELECT 1 AS id\n", ["models/a.sql:1", "csv", "path"]),
        ("-- @timeout: soon\nSELECT 1 AS id\n", ["models/a.sql:1", "timeout", "soon"]),
        ("-- @enabled: 3\nSELECT 1 AS id\n", ["models/a.sql:1", "enabled", "true or false"]),
        ("-- @connection: wharehouse\nSELECT 1 AS id\n", ["models/a.sql:1", "wharehouse", "default"]),
        ("-- @key: id\n-- @primary_key: id\nSELECT 1 AS id\n", ["models/a.sql:2", "primary_key"]),
        ("-- @schedule: '*/5 * * * *'\nSELECT 1 AS id\n", ["models/a.sql:1", "schedule"]),
        ("-- @incremental: {by: day}\nSELECT 1 AS id\n", ["models/a.sql:1", "incremental"]),
        ("-- @model(tags=[])\n-- @checks: [unclosed\nSELECT 1 AS id\n", ["models/a.sql:2"]),
        ("-- @description: [\n-- @checks: {a: [}\nSELECT 1 AS id\n", ["models/a.sql:2"]),
        ("SELECT * FROM {{ ref('b') }}\n", ["models/a.sql:1", "dbt"]),
        ("SELECT * FROM b\n", ["models/a.sql:1", "'b'"]),
        ("SELECT * FROM a\n", ["a"]),
        ("", ["models/a.sql"]),
        ("-- @name: a\n", ["models/a.sql"]),
    ],
)  # fmt: skip
def test_the_message_names_file_line_and_the_nearest_word(project, text, words):
    project.sql("a", text)

    said = project.fails("run")

    assert [] == [word for word in words if word not in said], said
    assert not (project.root / "warehouse.duckdb").exists()


def test_broken_sql_is_shown_with_file_line_column_and_an_excerpt(project):
    project.sql("a", "-- @description: broken\nSELECT id,\n       name frm customers\nFROM x WHERE ((1)\n")

    said = project.fails("run")

    assert "ILC-211" in said
    assert "models/a.sql:" in said
    line, column = said.split("models/a.sql:")[1].split(":")[:2]
    assert 3 <= int(line) <= 4
    assert int(column) > 0
    assert "^" in said


def test_what_the_database_refuses_of_an_incremental_query_is_shown_with_file_and_line(project):
    project.sql("a", "-- @incremental: datetime(ts)\nSELECT\n    nme,\n    TIMESTAMP '2024-01-01' AS ts\n")

    said = project.fails("run", code=1)

    assert "models/a.sql:3: Binder Error" in said


def test_what_the_database_refuses_is_shown_with_file_and_line(project):
    project.sql("a", "SELECT 1 AS id")
    project.sql("b", "SELECT\n    id,\n    nme\nFROM a\n")

    said = project.fails("run", code=1)

    assert "models/b.sql:3" in said
    assert "nme" in said


def test_two_models_with_one_name_are_refused_naming_both_files(project):
    project.sql("a", "SELECT 1 AS id")
    project.sql("more/a", "SELECT 2 AS id")

    said = project.fails("run")

    assert "models/a.sql" in said
    assert "models/more/a.sql" in said


def test_two_names_that_differ_only_by_case_are_refused(project):
    project.sql("orders", "SELECT 1 AS id")
    project.sql("Orders", "SELECT 2 AS id")

    said = project.fails("run")

    assert "models/orders.sql" in said
    assert "models/Orders.sql" in said


def test_a_model_and_a_seed_with_one_name_are_refused(project):
    project.sql("orders", "SELECT 1 AS id")
    project.write("seeds/orders.csv", "id\n1\n")

    said = project.fails("run")

    assert "seeds/orders.csv" in said
    assert "models/orders.sql" in said


def test_a_cycle_names_its_path(project):
    for name, parent in (("a", "c"), ("b", "a"), ("c", "b")):
        project.sql(name, f"SELECT * FROM {parent}")

    said = project.fails("run")

    assert "a" in said
    assert "→" in said or "->" in said


def test_a_missing_upstream_gets_the_nearest_name(project):
    project.sql("customers", "SELECT 1 AS id")
    project.sql("b", "SELECT *\nFROM custmers\n")

    said = project.fails("run")

    assert "models/b.sql:2" in said
    assert "'customers'" in said


def test_a_missing_key_column_is_refused_and_nothing_is_published(project):
    project.sql("a", "-- @key: order_id\nSELECT 1 AS orderid")

    said = project.fails("run", code=1)

    assert "order_id" in said
    assert "'orderid'" in said
    assert [] == project.query("SELECT table_name FROM duckdb_tables() WHERE table_name = 'a'")


def test_a_column_that_breaks_its_contract_is_refused_and_nothing_is_published(project):
    project.sql("a", "-- @columns: {id: {type: BIGINT, contract: true}}\nSELECT 'x' AS id")

    said = project.fails("run", code=1)

    assert "contract" in said
    assert "BIGINT" in said
    assert "VARCHAR" in said
    assert [] == project.query("SELECT table_name FROM duckdb_tables() WHERE table_name = 'a'")


def test_a_file_that_is_not_utf8_is_named_with_its_line(project):
    project.write("models/a.sql", b"SELECT 1 AS id,\n 'caf\xe9' AS place\n")

    said = project.fails("run")

    assert "models/a.sql" in said
    assert "UTF-8" in said


def test_a_python_file_that_is_not_utf8_is_named(project):
    project.write("models/a.py", b"# caf\xe9\nfrom interlace import model\n")

    said = project.fails("run")

    assert "models/a.py" in said
    assert "utf-8" in said.lower()


def test_a_file_with_a_byte_order_mark_is_read(project):
    project.write("models/a.sql", b"\xef\xbb\xbfSELECT 1 AS id\n")

    assert {"a": "succeeded"} == project.run("--json").statuses


def test_a_file_of_windows_lines_is_read_and_its_lines_count_right(project):
    project.write("models/a.sql", b"-- @description: x\r\nSELECT 1 AS id\r\n")
    project.write("models/b.sql", b"SELECT\r\n  nme\r\nFROM a\r\n")

    said = project.fails("run", code=1)

    assert "models/b.sql:2" in said


def test_a_model_that_reads_one_that_was_never_built_says_how_to_build_both(project):
    project.sql("a", "SELECT 1 AS id")
    project.sql("b", "SELECT * FROM a")

    said = project.fails("run", "b")

    assert "a" in said
    assert "interlace run +b" in said


def test_a_selector_that_matches_nothing_gets_the_nearest_name(project):
    project.sql("customers", "SELECT 1 AS id")

    assert "'customers'" in project.fails("run", "custmers")


def test_a_state_selector_that_matches_nothing_is_no_error(project):
    project.sql("customers", "SELECT 1 AS id")

    assert 0 == project("run", "--select", "state:failed").code


def test_a_sidecar_may_not_repeat_a_key_of_the_file(project):
    project.sql("a", "-- @owner: ann\nSELECT 1 AS id")
    project.write("models/a.yaml", "owner: bob\n")

    said = project.fails("run")

    assert "models/a.yaml:1" in said
    assert "owner" in said


def test_a_sidecar_without_a_model_is_reported(project):
    project.sql("a", "SELECT 1 AS id")
    project.write("models/b.yaml", "owner: bob\n")

    said = project.fails("run")

    assert "models/b.yaml" in said


@pytest.mark.parametrize(
    "key", ["checks: [{unique: id}]", "export: {csv: a.csv}", "pre: SELECT 1", "columns: {id: {checks: [unique]}}"]
)
def test_what_is_about_a_relation_is_refused_for_a_model_without_one(project, key):
    project.sql("a", f"-- @materialise: ephemeral\n-- @{key}\nSELECT 1 AS id")

    said = project.fails("run")

    assert "models/a.sql:2" in said
    assert "has no relation" in said


def test_a_folders_defaults_are_for_its_relations_only(project):
    project.write(
        "config.yaml",
        "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\nmodels:\n  .: {checks: [{unique: id}]}\n",
    )
    project.sql("a", "-- @materialise: ephemeral\nSELECT 1 AS id")
    project.sql("b", "SELECT * FROM a")

    said = project.run("--json")

    assert [True] == [check["passed"] for check in said.models["b"]["checks"]]


def test_a_check_that_reads_what_does_not_exist_is_refused_before_anything_runs(project):
    project.sql("customers", "SELECT 1 AS id")
    project.sql("a", "-- @checks: [{relationships: {column: id, to: custmers, field: id}}]\nSELECT 1 AS id")

    said = project.fails("run")

    assert "models/a.sql:1" in said
    assert "'customers'" in said
    assert not (project.root / "warehouse.duckdb").exists()


@pytest.mark.parametrize("key", ["pre", "post"])
def test_a_broken_statement_beside_the_query_names_its_key_and_file(project, key):
    project.sql("a", f'-- @{key}: "SELEC 1"\nSELECT 1 AS id')

    said = project.fails("run", code=1)

    assert f"models/a.sql:1: '{key}': " in said or f"models/a.sql:2: '{key}': " in said
    assert "SELEC" in said


def test_an_expression_that_does_not_parse_is_refused_before_anything_ran(project):
    project.sql("a", "SELECT 1 AS id")
    project.sql("b", '-- @checks: [{expression: "id >"}]\nSELECT 1 AS id')
    said = project.fails()

    assert "models/b.sql:1: the expression 'id >' does not parse: Incomplete GT at column" in said
    assert not (project.root / "warehouse.duckdb").exists()


def test_two_columns_of_one_name_are_refused_with_their_line(project):
    project.sql("a", "SELECT\n  1 AS id,\n  2 AS id\n")

    said = project.fails("run")

    assert "models/a.sql:3:8: the query gives two columns 'id'" in said
    assert "Give one of them another name with AS, or leave it out." in said
