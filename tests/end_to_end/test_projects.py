"""Seeds, sources, variables, sidecars, headers, environments: what a project is made of."""

from __future__ import annotations

import duckdb
import pytest


def test_a_seed_is_a_table_and_is_loaded_again_when_its_content_changes(project):
    project.write("seeds/countries.csv", "code,name\nde,Germany\n")
    project.sql("a", "SELECT name FROM countries")
    project.run()
    assert "Nothing to do" in project.run().out

    project.write("seeds/countries.csv", "code,name\nde,Germany\nfr,France\n")
    said = project.run("--json")

    assert {"countries": "succeeded", "a": "succeeded"} == said.statuses
    assert [("France",), ("Germany",)] == project.query("SELECT name FROM a ORDER BY name")


def test_a_seeds_sidecar_says_its_types(project):
    project.write("seeds/codes.csv", "code;amount\n007;1,5\n")
    project.write("seeds/codes.yaml", "columns: {code: VARCHAR, amount: VARCHAR}\noptions: {delimiter: ';'}\n")
    project.run()

    assert [("007", "1,5")] == project.query("FROM codes")


def test_a_json_seed_and_a_parquet_seed_are_tables(project):
    import pyarrow as pa
    import pyarrow.parquet as pq

    project.write("seeds/j.json", '[{"id": 1}, {"id": 2}]')
    pq.write_table(pa.table({"id": [3]}), project.root / "seeds" / "p.parquet")
    project.run()

    assert [(1,), (2,)] == project.query("SELECT id FROM j ORDER BY id")
    assert [(3,)] == project.query("FROM p")


def test_a_broken_seed_names_its_file(project):
    project.write("seeds/codes.csv", 'a,b\n1,2\n3\n"x')

    said = project("run")

    assert said.code in (1, 2)
    assert "seeds/codes.csv" in said.out + said.err


@pytest.fixture
def raw(project):
    """A project that reads a table that something else writes."""
    with duckdb.connect(str(project.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE TABLE raw.orders AS SELECT 1 AS id, now() AS loaded_at")
    project.write(
        "models/sources.yaml",
        """
        sources:
          raw_orders:
            relation: raw.orders
            freshness: {column: loaded_at, max_age: 1h}
    """,
    )
    project.sql("a", "SELECT id FROM raw_orders")
    return project


def test_a_source_is_read_where_it_is(raw):
    raw.run()

    assert [(1,)] == raw.query("FROM a")


def test_what_reads_a_source_runs_each_time(raw):
    raw.run()

    assert {"a": ["source"]} == raw("plan", "--json").reasons


def test_what_reads_a_source_with_a_cache_runs_when_it_has_expired(raw):
    raw.sql("a", "-- @cache: {ttl: 1h}\nSELECT id FROM raw_orders")
    raw.run()

    assert "Nothing to do" in raw.run().out


def test_a_cache_expires(raw):
    import time

    raw.sql("a", "-- @cache: {ttl: 1s}\nSELECT id FROM raw_orders")
    raw.run()
    time.sleep(1.1)

    assert {"a": ["expired"]} == raw("plan", "--json").reasons


def test_freshness_of_sources_is_checked(raw):
    assert 0 == raw("sources", "freshness").code
    with duckdb.connect(str(raw.root / "warehouse.duckdb")) as connection:
        connection.execute("UPDATE raw.orders SET loaded_at = TIMESTAMPTZ '2020-01-01'")

    said = raw("sources", "freshness")

    assert 1 == said.code
    assert "raw_orders" in said.out


def test_checks_of_sources_are_asked_when_somebody_wants_to_know(raw):
    raw.write(
        "models/sources.yaml",
        """
        sources:
          raw_orders:
            relation: raw.orders
            checks:
              - unique: id
              - row_count: {min: 2}
    """,
    )

    said = raw("sources", "check", "--json")

    assert 1 == said.code
    assert {"unique(id)": True, "row_count": False} == {c["name"]: c["passed"] for c in said.json}
    assert "1 row, at least 2 expected" in raw("sources", "check", "raw_orders").out


def test_sources_are_imported_from_what_stands(project):
    with duckdb.connect(str(project.root / "warehouse.duckdb")) as connection:
        connection.execute("CREATE SCHEMA raw; CREATE TABLE raw.orders AS SELECT 1 AS id")

    assert 0 == project("sources", "import", "raw.*").code
    project.sql("a", "SELECT id FROM orders")
    project.run()

    assert [(1,)] == project.query("FROM a")


def test_the_source_selector_takes_what_reads_it(raw):
    raw.sql("b", "SELECT 1 AS id")

    assert {"a": "succeeded"} == raw.run("--json", "--select", "source:raw_orders+").statuses


def test_a_missing_source_table_is_said(raw):
    raw.write("models/sources.yaml", "sources: {raw_orders: {relation: raw.nothing}}\n")

    said = raw.fails("run", code=1)

    assert "nothing" in said
    assert "models/a.sql" in said


# --- variables --------------------------------------------------------------------------------------------------------

VARS = """
    connections:
      default: {type: duckdb, path: warehouse.duckdb}
    vars:
      many: 2
      place: "O'Hare"
      since: {type: date, default: 2026-01-02}
"""


def test_variables_are_typed_literals(project):
    project.write("config.yaml", VARS)
    project.sql("a", "SELECT $many AS n, $place AS p, $since AS d, $env AS e, '$many' AS text")
    project.run()

    assert {"n": "INTEGER", "p": "VARCHAR", "d": "DATE", "e": "VARCHAR", "text": "VARCHAR"} == project.types("a")
    assert [("O'Hare", "dev", "$many")] == project.query("SELECT p, e, text FROM a")


def test_another_value_of_a_variable_runs_what_uses_it_and_nothing_else(project):
    project.write("config.yaml", VARS)
    project.sql("a", "SELECT $many AS n")
    project.sql("b", "SELECT 1 AS n")
    project.run()

    assert {"a": "succeeded"} == project.run("--json", "--var", "many=3").statuses
    assert [(3,)] == project.query("FROM a")


def test_a_variable_of_the_wrong_type_is_refused(project):
    project.write("config.yaml", VARS)
    project.sql("a", "SELECT $many AS n")

    said = project.fails("run", "--var", "many=lots")

    assert "many" in said
    assert "lots" in said


def test_a_variable_cannot_inject_sql(project):
    project.write("config.yaml", VARS)
    project.sql("a", "SELECT $place AS p")
    project.run("--var", "place='; DROP TABLE a; --")

    assert [("'; DROP TABLE a; --",)] == project.query("FROM a")


# --- definitions ------------------------------------------------------------------------------------------------------


def test_the_three_ways_to_say_a_models_keys_are_one(project):
    project.sql(
        "by_lines", "-- @key: id\n-- @tags: nightly, core\n-- @description: Orders: one row per order\nSELECT 1 AS id"
    )
    project.sql(
        "by_call",
        "-- @model(key=['id'], tags=['nightly', 'core'],\n--        description='Orders: one row per order')\nSELECT 1 AS id",
    )
    project.sql("by_sidecar", "SELECT 1 AS id")
    project.write(
        "models/by_sidecar.yaml", "key: id\ntags: [nightly, core]\ndescription: 'Orders: one row per order'\n"
    )
    project.write(
        "models/by_decorator.py",
        "from interlace import model\n\n@model(key='id', tags=['nightly', 'core'], description='Orders: one row per order')\ndef by_decorator():\n    return [{'id': 1}]\n",
    )

    facts = {m["name"]: m for m in project("list", "--json").json}

    assert 4 == len(facts)
    assert {("id",)} == {tuple(m["key"]) for m in facts.values()}
    assert {("nightly", "core")} == {tuple(m["tags"]) for m in facts.values()}
    assert {"Orders: one row per order"} == {m["description"] for m in facts.values()}


def test_several_models_live_in_one_sql_file(project):
    project.sql(
        "several", "-- @model(name='one')\nSELECT 1 AS id;\n\n-- @model(name='two')\nSELECT id + 1 AS id FROM one;\n"
    )
    project.run()

    assert [(2,)] == project.query("FROM two")


def test_defaults_of_a_folder_hold_for_the_models_in_it(project):
    project.write(
        "config.yaml",
        """
        connections:
          default: {type: duckdb, path: warehouse.duckdb}
        models:
          staging: {materialise: view, schema: staging}
          staging/raw: {materialise: table}
    """,
    )
    project.sql("staging/a", "SELECT 1 AS id")
    project.sql("staging/raw/b", "SELECT 1 AS id")
    project.sql("staging/c", "-- @materialise: table\nSELECT 1 AS id")
    project.run()

    assert [("b",), ("c",)] == project.query(
        "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'staging' ORDER BY 1"
    )
    assert [("a",)] == project.query("SELECT view_name FROM duckdb_views() WHERE schema_name = 'staging'")


def test_a_disabled_model_does_not_run_and_its_readers_are_told(project):
    project.sql("a", "-- @enabled: false\nSELECT 1 AS id")
    project.sql("b", "SELECT 1 AS id")
    assert {"b": "succeeded"} == project.run("--json").statuses

    project.sql("b", "SELECT * FROM a")

    assert "a" in project.fails("run")


def test_describe_writes_the_columns_into_a_sidecar(project):
    project.sql("a", "SELECT 1 AS id, 'x' AS name")
    project.run()

    assert 0 == project("describe", "a", "--write").code
    text = (project.root / "models" / "a.yaml").read_text()
    assert "id" in text
    assert "INTEGER" in text
    assert "Nothing to do" in project.run().out


def test_a_table_function_that_reads_a_file_counts_its_content(project):
    project.write("data/in.csv", "id\n1\n")
    project.sql("a", "SELECT * FROM read_csv('data/*.csv')")
    project.run()
    assert "Nothing to do" in project.run().out

    project.write("data/more.csv", "id\n2\n")

    assert {"a": ["inputs"]} == project("plan", "--json").reasons
    project.run()
    assert [(1,), (2,)] == project.query("SELECT id FROM a ORDER BY id")


def test_sql_that_calls_now_runs_each_time_unless_it_says_otherwise(project):
    project.sql("a", "SELECT now() AS moment")
    project.sql("b", "-- @volatile: false\nSELECT now() AS moment")
    project.run()

    assert {"a": ["volatile"]} == project("plan", "--json").reasons


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (["b"], {"b"}),
        (["+b"], {"a", "b"}),
        (["b+"], {"b", "c", "d"}),
        (["1+c+1"], {"b", "c", "d"}),
        (["tag:nightly"], {"a"}),
        (["owner:ann"], {"b"}),
        (["group:core"], {"c"}),
        (["path:models/deep"], {"d"}),
        (["?"], {"a", "b", "c", "d"}),
        (["a", "d"], {"a", "d"}),
        (["+c,b+"], {"b", "c"}),
        (["+d", "-x", "b"], {"a", "c", "d"}),
        (["state:modified"], {"a", "b", "c", "d"}),
    ],
)
def test_selectors(project, selection, expected):
    project.sql("a", "-- @tags: nightly\nSELECT 1 AS id")
    project.sql("b", "-- @owner: ann\nSELECT * FROM a")
    project.sql("c", "-- @group: core\nSELECT * FROM b")
    project.sql("deep/d", "SELECT * FROM c")

    said = project("list", "--json", *selection)

    assert expected == {m["name"] for m in said.json}, said.err


# --- environments -----------------------------------------------------------------------------------------------------


def test_an_environment_in_the_path_has_a_file_of_its_own(project):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: 'data/{env}.duckdb'}\n")
    project.sql("a", "SELECT $env AS e")
    project.run()
    project.run("--env", "prod")

    assert [("dev",)] == project.query("FROM a", "data/dev.duckdb")
    assert [("prod",)] == project.query("FROM a", "data/prod.duckdb")


def test_an_environment_without_a_place_of_its_own_writes_prefixed_schemas(project):
    project.write(
        "config.yaml", "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\nenvironments: [dev, prod]\n"
    )
    project.sql("a", "-- @schema: marts\nSELECT $env AS e")
    project.run("--env", "prod")
    project.run("--env", "dev")

    assert [("prod",)] == project.query("FROM marts.a")
    assert [("dev",)] == project.query("FROM dev__marts.a")


def test_an_overlay_changes_what_it_names_and_nothing_else(project):
    project.write("config.prod.yaml", "vars: {many: 9}\n")
    project.write(
        "config.yaml", "connections:\n  default: {type: duckdb, path: '{env}.duckdb'}\nvars: {many: 1, other: 2}\n"
    )
    project.sql("a", "SELECT $many AS n, $other AS o")
    project.run()
    project.run("-e", "prod")

    assert [(1, 2)] == project.query("FROM a", "dev.duckdb")
    assert [(9, 2)] == project.query("FROM a", "prod.duckdb")


def test_the_environment_may_come_from_the_process_and_the_option_wins(project):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: '{env}.duckdb'}\n")
    project.sql("a", "SELECT 1 AS id")

    by_variable = project("run", env={"INTERLACE_ENV": "test"})
    by_option = project("run", "--env", "stage", env={"INTERLACE_ENV": "test"})

    assert by_variable.out.startswith("Environment test")
    assert by_option.out.startswith("Environment stage")


def test_the_first_line_says_which_environment_and_where(project):
    project.sql("a", "SELECT 1 AS id")

    assert "Environment dev: default at warehouse.duckdb" == project.run().out.splitlines()[0]
    assert "Environment dev: default at warehouse.duckdb" == project("plan").out.splitlines()[0]


def test_secrets_come_from_the_env_file_and_are_masked_where_they_are_shown(project):
    project.write(
        "config.yaml",
        "connections:\n  default: {type: duckdb, path: '${WAREHOUSE:-warehouse.duckdb}'}\nvars: {api_token: '${TOKEN}'}\n",
    )
    project.write(".env", "TOKEN=s3cret-value\n")
    project.sql("a", "SELECT 1 AS id")
    project.run()

    assert "s3cret-value" not in project("config", "show").out
    assert "s3cret-value" not in project("config", "show", "--json").out
