"""What is said of a project: recorded with each build, exported as one JSON document."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import duckdb
import jsonschema
import pytest

from interlace import Project
from interlace.errors import UsageError
from interlace.state.sqlite import SqliteTransaction

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "metadata.schema.json"
CONFIG = """
name: shop
connections:
  default: {type: duckdb, path: shop.duckdb}
vars: {least: 1, api_token: swordfish}
sources:
  raw: {relation: raw, description: What the shop sends, columns: {id: BIGINT}, checks: [{not_null: id}]}
"""
DAILY = """
-- @description: Revenue: one row per day
-- @owner: @ann
-- @tags: finance
-- @columns: {revenue: {description: In euros, type: BIGINT}}
-- @checks: [{not_null: {columns: [day, revenue], name: filled}}, {row_count: {min: 1}}]
SELECT day, sum(paid) AS revenue FROM orders WHERE paid >= $least GROUP BY day
"""
TOTALS = '''
from interlace import model


@model(columns={"n": "BIGINT"})
def totals(daily):
    """How many days.

    And more of it.
    """
    return daily.count().name("n").as_table()
'''


class Shop:
    """A project's folder, and short words for what is asked of it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def load(self, env: str | None = None) -> Project:
        return Project.load(self.root, env=env)

    def run(self, *select: str, env: str | None = None, **options):
        with self.load(env) as project:
            result = project.run(select, **options)
        assert result.status in {"succeeded", "nothing"}, result
        return result

    def metadata(self, *select: str, **options):
        with self.load() as project:
            return project.metadata(select, **options)

    def node(self, name: str):
        (found,) = self.metadata(name)["nodes"]
        return found

    def definition(self, name: str, env: str = "dev"):
        with self.load(env) as project:
            return project.store.definition(env, name)

    def versions(self, name: str, env: str = "dev"):
        with self.load(env) as project:
            return [document for *_, document in project.store.documents(env, name)]


@pytest.fixture
def empty(tmp_path):
    return Shop(tmp_path)


@pytest.fixture
def shop(empty):
    empty.write("config.yaml", CONFIG)
    empty.write("seeds/payments.csv", "id,paid,day\n1,250,2026-01-01\n2,0,2026-01-02\n")
    empty.write("models/orders.sql", "SELECT id, paid, day FROM payments")
    empty.write("models/daily.sql", DAILY)
    empty.write("models/totals.py", TOTALS)
    return empty


# --- what a run records -----------------------------------------------------------------------------------------------


def test_a_build_records_what_it_was_built_from(shop):
    shop.run()
    with shop.load() as project:
        present = project.store.snapshot("dev").models["daily"]
        fingerprint, definition = project.store.definition("dev", "daily")

    assert fingerprint == present.fingerprint
    assert DAILY.strip().splitlines()[-1] == definition.query
    assert ("Revenue: one row per day", "@ann") == tuple(definition.document[k] for k in ("description", "owner"))
    assert [("day", "DATE", None), ("revenue", "BIGINT", "In euros")] == [
        (c["name"], c["type"], c["description"]) for c in definition.document["columns"]
    ]


def test_what_is_no_sql_has_no_query(shop):
    shop.run()

    assert [None, None] == [shop.definition(name)[1].query for name in ("totals", "payments")]


@pytest.fixture
def written(monkeypatch):
    """The statements that write what models were built from."""
    found: list[str] = []
    many = SqliteTransaction.execute_many

    def execute_many(self, sql, values):
        if "definitions" in sql or "documents" in sql:
            found.extend([sql.split()[2]] * len(values))
        many(self, sql, values)

    monkeypatch.setattr(SqliteTransaction, "execute_many", execute_many)
    return found


def test_a_build_of_what_did_not_change_writes_no_definition(shop, written):
    shop.run()
    first = len(written)
    shop.run(force=True)

    assert (8, 8) == (first, len(written))


def test_another_query_that_says_the_same_is_no_new_version(shop):
    shop.run()
    before = shop.definition("orders")
    shop.write("models/orders.sql", "SELECT id, paid + 0 AS paid, day FROM payments")
    shop.run()
    after = shop.definition("orders")

    assert (before[1].rest, before[1].document) == (after[1].rest, after[1].document)
    assert (before[0] != after[0], before[1].query != after[1].query) == (True, True)
    assert 1 == len(shop.versions("orders"))


def test_a_description_alone_runs_nothing_and_is_recorded_with_the_next_check(shop):
    shop.run()
    shop.write("models/daily.sql", DAILY.replace("one row per day", "by day"))

    assert "nothing" == shop.run().status
    assert ["Revenue: one row per day"] == [d["description"] for d in shop.versions("daily")]
    with shop.load() as project:
        assert "succeeded" == project.check(["daily"]).status
    assert ["Revenue: one row per day", "Revenue: by day"] == [d["description"] for d in shop.versions("daily")]


def test_columns_that_move_with_a_parent_are_a_version_of_their_own(shop):
    shop.write("models/daily.sql", "SELECT * FROM orders")
    shop.run("+daily")
    shop.write("models/orders.sql", "SELECT id, paid, day, 1 AS extra FROM payments")
    shop.run("+daily")

    assert [3, 4] == [len(d["columns"]) for d in shop.versions("daily")]


def test_a_failed_build_records_nothing(shop):
    shop.run("+orders")
    shop.write("models/orders.sql", "SELECT id, paid, day, error('no') AS e FROM payments")
    with shop.load() as project:
        assert "failed" == project.run(["orders"]).status

    assert "SELECT id, paid, day FROM payments" == shop.definition("orders")[1].query


def test_the_value_of_a_variable_is_part_of_the_rest(shop):
    shop.run()
    before = shop.definition("daily")[1]
    shop.write("config.yaml", CONFIG.replace("least: 1", "least: 2"))
    shop.run()
    after = shop.definition("daily")[1]

    assert (before.query, before.document) == (after.query, after.document)
    assert before.rest != after.rest


def test_what_is_promoted_brings_its_definition(shop):
    shop.write("config.yaml", CONFIG + "environments:\n  prod:\n  dev:\n")
    shop.run(env="prod")
    shop.write("models/orders.sql", "SELECT id, paid, day, 1 AS one FROM payments")
    shop.run("+orders", env="dev")
    there = shop.definition("orders", "dev")
    with shop.load("prod") as project:
        project.promote("dev", ["+orders"])

    assert there == shop.definition("orders", "prod")
    assert "SELECT id, paid, day, 1 AS one FROM payments" == shop.definition("orders", "prod")[1].query
    assert [3, 4] == [len(d["columns"]) for d in shop.versions("orders", "prod")]


def test_what_is_adopted_has_the_definition_that_took_it(shop):
    shop.write("models/orders.sql", "SELECT 1 AS id")
    with duckdb.connect(str(shop.root / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE orders AS SELECT 1 AS id")
    with shop.load() as project:
        project.adopt(project.plan_adoption(["orders"]))

    assert ("SELECT 1 AS id", ["id"]) == (
        shop.definition("orders")[1].query,
        [c["name"] for c in shop.versions("orders")[0]["columns"]],
    )


def test_what_is_released_brings_its_definition(shop):
    shop.run()
    shop.write("models/daily.sql", DAILY.replace("sum(paid)", "max(paid)"))
    held = shop.run("daily", hold=True)
    before = shop.definition("daily")[1].query
    with shop.load() as project:
        project.release(held.id)

    assert ("sum" in before, "max" in shop.definition("daily")[1].query) == (True, True)


# --- the export -------------------------------------------------------------------------------------------------------


def strict(schema):
    """The schema, of which nothing may be left out."""
    if isinstance(schema, dict):
        found = {key: strict(value) for key, value in schema.items()}
        return {**found, "additionalProperties": False} if "properties" in schema and "required" in schema else found
    return [strict(item) for item in schema] if isinstance(schema, list) else schema


def test_the_document_is_what_its_schema_says(shop):
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    before = shop.metadata()
    shop.write(
        "models/log.sql", "-- @incremental: datetime(day)\n-- @export: {format: csv, path: x.csv}\nSELECT * FROM orders"
    )
    shop.run()

    for found in (before, shop.metadata(), shop.metadata(lineage=False)):
        jsonschema.validate(found, strict(schema))


def test_the_same_project_and_state_give_the_same_bytes(shop):
    shop.run()
    first, second = shop.metadata(), shop.metadata()
    assert first.pop("generated_at") != second.pop("generated_at")

    assert json.dumps(first) == json.dumps(second)


def test_a_sql_model_is_told_with_its_code_and_what_became_of_it(shop):
    shop.run()
    found = shop.node("daily")

    assert ("model", "sql", "models/daily.sql", 1, "main.daily") == tuple(
        found[k] for k in ("kind", "language", "file", "line", "relation")
    )
    assert 'SELECT day, sum(paid) AS revenue FROM "main"."orders" WHERE paid >= 1 GROUP BY day' == found["compiled"]
    assert ["orders"] == found["parents"]
    assert (1, "succeeded", True) == tuple(found["state"][k] for k in ("rows", "status", "current"))
    assert [(1, ["day", "revenue"])] == [(s["version"], [c["name"] for c in s["columns"]]) for s in found["schemas"]]


def test_checks_are_told_with_the_columns_that_they_name(shop):
    found = shop.node("daily")

    assert [("filled", "not_null", ["day", "revenue"]), (None, "row_count", [])] == [
        (c["name"], c["type"], c["columns"]) for c in found["checks"]
    ]
    assert [("revenue", ["filled"])] == [(c["name"], c["checks"]) for c in found["columns"]]


def test_a_python_model_is_told_by_its_docstring_and_its_function(shop):
    found = shop.node("totals")

    assert "How many days.\n\nAnd more of it." == found["description"]
    assert TOTALS.strip().partition("\n\n\n")[2] == found["code"]
    assert ("python", None, [("n", "BIGINT")]) == (
        found["language"],
        found["compiled"],
        [(c["name"], c["declared"]) for c in found["columns"]],
    )


def test_seeds_and_sources_are_told(shop):
    kinds = {n["name"]: (n["kind"], n["language"], n["code"]) for n in shop.metadata()["nodes"]}
    raw = shop.node("raw")

    assert (("seed", None, None), ("source", None, None)) == (kinds["payments"], kinds["raw"])
    assert ("What the shop sends", None, [], ["not_null"]) == (
        raw["description"],
        raw["state"],
        raw["schemas"],
        raw["columns"][0]["checks"],
    )


def test_before_anything_ran_nothing_of_the_state_is_told(shop):
    found = shop.node("orders")

    assert (None, [], []) == (found["state"], found["schemas"], found["columns"])


def test_edges_and_lineage_lead_to_what_is_selected(shop):
    shop.run()
    found = shop.metadata("daily")

    assert [{"from": "orders", "to": "daily"}] == found["edges"]
    assert [("day", "day", "passthrough"), ("paid", "revenue", "aggregated")] == [
        (e["from"]["column"], e["to"]["column"], e["kind"]) for e in found["lineage"]["columns"]
    ]
    assert {("orders", "paid", "filter_only")} <= {
        (e["from"]["node"], e["from"]["column"], e["kind"]) for e in found["lineage"]["rows"]
    }


def test_what_is_not_known_of_columns_is_said(shop):
    shop.write("models/totals.py", TOTALS.replace('columns={"n": "BIGINT"}', "volatile=False"))

    assert [("totals", None, "the columns of totals are not known before it has run")] == [
        tuple(u.values()) for u in shop.metadata("totals")["lineage"]["unknown"]
    ]


def test_without_lineage_there_is_none(shop):
    assert None is shop.metadata(lineage=False)["lineage"]


def test_what_is_another_in_each_load_stays_as_it_is_written(shop):
    shop.write(
        "models/log.sql", "-- @incremental: datetime(day)\nSELECT * FROM orders WHERE day >= $start AND id > $least"
    )

    assert 'SELECT * FROM "main"."orders" WHERE day >= $start AND id > 1' == shop.node("log")["compiled"]


def test_a_model_that_is_inlined_stands_in_its_readers(shop):
    shop.write("models/orders.sql", "-- @materialise: ephemeral\nSELECT id, paid, day FROM payments")
    found = shop.node("daily")

    assert 'FROM (\nSELECT id, paid, day FROM "main"."payments"\n) AS "orders" WHERE' in found["compiled"]
    assert None is shop.node("orders")["relation"]


def test_a_value_that_is_not_shown_is_not_filled_in(shop):
    shop.write("models/orders.sql", "SELECT id, paid, day, $api_token AS t, $env AS e FROM payments")
    shop.run()

    assert (
        'SELECT id, paid, day, $api_token AS t, \'dev\' AS e FROM "main"."payments"' == shop.node("orders")["compiled"]
    )
    assert "swordfish" not in json.dumps(shop.metadata())


def test_a_selector_that_means_nothing_is_an_error(shop):
    with pytest.raises(UsageError, match="dayly"):
        shop.metadata("dayly")


def test_an_export_opens_no_database(shop, monkeypatch):
    shop.run()
    from interlace_duckdb.connection import DuckDBConnection

    monkeypatch.setattr(DuckDBConnection, "session", lambda _: pytest.fail("a session"))

    assert 5 == len(shop.metadata()["nodes"])
