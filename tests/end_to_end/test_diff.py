"""``interlace diff``: a model of one environment beside the same model of another."""

from __future__ import annotations

import os
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

ORDERS = """
-- @key: id
-- @columns: {email: {tags: [pii]}}
SELECT
  id,
  CASE WHEN id = 2 AND $env = 'dev' THEN 99.5 ELSE id * 10.5 END::double precision AS amount,
  CASE WHEN id IN (2, 3) AND $env = 'dev' THEN NULL ELSE 'Grün ' || id::text END AS item,
  $env || '@example.com' AS email,
  DATE '2024-01-01' AS day
FROM (VALUES (1), (2), (3), (4), (5)) AS given (id)
WHERE id <> CASE WHEN $env = 'dev' THEN 1 ELSE 5 END
"""
TIMES = "SELECT item FROM (VALUES ('a'), ('a'), ('b'), ($env)) AS given (item)"

IN_ONE_FILE = "connections:\n  default: {type: duckdb, path: warehouse.duckdb}\nenvironments: [dev, prod]\n"
FILE_EACH = "connections:\n  default: {type: duckdb, path: 'data/{env}.duckdb'}\n"


def on_server(request, url=None):
    url = url or request.getfixturevalue("postgres_url")
    return f"connections:\n  default: {{type: postgres, url: '{url}'}}\n"


@pytest.fixture
def another_database(postgres_server):
    """The URL of a database that was not there before, on the same server."""
    name = f"diff_{os.getpid()}"
    with psycopg.connect(postgres_server, autocommit=True) as administrator:
        administrator.execute(f"CREATE DATABASE {name} STRATEGY wal_log")
        yield urlunsplit(urlsplit(postgres_server)._replace(path=f"/{name}"))
        administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["one file", "a file each", "one server", "a server and a file", "two databases"])
def shop(request, project):
    """Two models in two environments, of which each says which one it is."""
    declared = "environments: [dev, prod]\n"
    match request.param:
        case "one file":
            project.write("config.yaml", IN_ONE_FILE)
        case "a file each":
            project.write("config.yaml", FILE_EACH)
        case "one server":
            project.write("config.yaml", on_server(request) + declared)
        case "a server and a file":
            project.write("config.yaml", declared)
            project.write("config.prod.yaml", on_server(request))
            project.write("config.dev.yaml", FILE_EACH)
        case "two databases":
            project.write("config.yaml", declared)
            project.write("config.prod.yaml", on_server(request))
            project.write("config.dev.yaml", on_server(request, request.getfixturevalue("another_database")))
    project.sql("orders", ORDERS)
    project.sql("times", TIMES)
    project.run("--env", "prod")
    project.run()
    return project


@pytest.fixture
def one_file(project):
    """A project of two environments in one file, without models."""
    project.write("config.yaml", IN_ONE_FILE)
    return project


def diff(project, *words, code=1):
    said = project("diff", *words, "--json")
    assert code == said.code, said.out + said.err
    return said.json


def build(project, **queries):
    """Build models whose query in prod is one and in dev another."""
    for environment in (0, 1):
        for name, both in queries.items():
            project.sql(name, both[environment])
        project.run("--env", ("prod", "dev")[environment])


def test_rows_are_told_by_the_key_and_counted_by_column(shop):
    found = diff(shop, "orders", "--exclude", "email")

    assert {
        "from": 4, "to": 4, "only_from": 1, "only_to": 1, "changed": 2, "equal": 1,
        "changed_columns": {"amount": 1, "item": 2},
    } == found["rows"]  # fmt: skip
    assert {"only_from": [], "only_to": [], "types": []} == found["columns"]
    assert (["id"], False) == (found["key"], found["equal"])


def test_rows_of_each_sort_are_shown(shop):
    found = diff(shop, "orders", "--exclude", "email")["samples"]

    assert {
        "only_from": [{"values": {"id": 1, "amount": 10.5, "item": "Grün 1", "day": "2024-01-01"}, "times": 1}],
        "only_to": [{"values": {"id": 5, "amount": 52.5, "item": "Grün 5", "day": "2024-01-01"}, "times": 1}],
        "changed": [
            {"key": {"id": 2}, "changed": {"amount": {"from": 21.0, "to": 99.5}, "item": {"from": "Grün 2", "to": None}}},
            {"key": {"id": 3}, "changed": {"item": {"from": "Grün 3", "to": None}}},
        ],
    } == found  # fmt: skip


def test_what_is_masked_is_counted_and_not_shown(shop):
    said = shop("diff", "orders", "--json")

    assert 3 == said.json["rows"]["changed_columns"]["email"]
    assert {"from": "***", "to": "***"} == said.json["samples"]["changed"][0]["changed"]["email"]
    assert "@example.com" not in said.out + shop("diff", "orders").out


def test_without_a_key_rows_are_compared_whole_with_their_multiplicity(shop):
    shop.sql("times", TIMES.replace("('b'), ", ""))
    shop.run()
    found = diff(shop, "times")

    assert {"from": 4, "to": 3, "only_from": 2, "only_to": 1, "changed": None, "equal": 2, "changed_columns": {}} == (
        found["rows"]
    )
    assert [{"values": {"item": "b"}, "times": 1}, {"values": {"item": "prod"}, "times": 1}] == (
        found["samples"]["only_from"]
    )


def test_a_condition_and_columns_narrow_what_is_compared(shop):
    found = diff(shop, "orders", "--where", "id between 3 and 4", "--columns", "item,day")
    nothing = diff(shop, "orders", "--where", "id = 4", "--columns", "item", code=0)

    assert ({"item": 1}, 2) == (found["rows"]["changed_columns"], found["rows"]["from"])
    assert (True, 1) == (nothing["equal"], nothing["rows"]["equal"])


def test_nothing_is_left_behind(shop):
    before = shop("show", "orders").out
    diff(shop, "orders")

    assert before == shop("show", "orders").out
    assert "Nothing to do" in shop("run", "times", "orders").out


def test_it_is_said_in_words(one_file):
    build(
        one_file,
        orders=(
            "-- @key: id\nSELECT 1 AS id, 5 AS amount, 'x' AS gone",
            "-- @key: id\nSELECT 1 AS id, 6.5 AS amount, 'y' AS new",
        ),
    )
    said = one_file("diff", "orders")

    assert (1, "") == (said.code, said.err)
    assert (
        "orders: prod (main.orders) → dev (dev__main.orders), by id\n"
        "column gone VARCHAR: only in prod\n"
        "column new VARCHAR: only in dev\n"
        "column amount: INTEGER in prod, DECIMAL(2,1) in dev\n"
        "rows: 1 → 1: 1 changed, 0 equal\n"
        "column  rows changed\n"
        "amount             1\n"
        "\n"
        "changed:\n"
        "id  column  prod  dev\n"
        "1   amount  5     6.5\n"
    ) == said.out


def test_equal_tables_end_with_0(one_file):
    build(one_file, orders=("SELECT 1 AS id", "SELECT 1 AS id"))
    said = one_file("diff", "orders")

    assert (0, "rows: 1 → 1: 1 equal\nNo difference.\n") == (said.code, said.out.partition("\n")[2])


def test_equal_rows_of_other_types_are_a_difference(one_file):
    build(one_file, orders=("SELECT 1::INTEGER AS id", "SELECT 1::BIGINT AS id"))
    found = diff(one_file, "orders")

    assert [{"name": "id", "from": "INTEGER", "to": "BIGINT"}] == found["columns"]["types"]
    assert (0, 0, 1) == tuple(found["rows"][k] for k in ("only_from", "only_to", "equal"))


def test_more_rows_than_the_sample_are_said_to_be_more(one_file):
    build(one_file, orders=("SELECT range AS id FROM range(5)", "SELECT range + 100 AS id FROM range(7)"))
    said = one_file("diff", "orders", "--sample", "2").out

    assert "only in prod (2 of 5 rows):\nid\n0\n1\n" in said
    assert "only in dev (2 of 7 rows):\nid\n100\n101\n" in said
    assert "only in prod (" not in one_file("diff", "orders", "--sample", "0").out


def test_a_long_value_is_cut_on_the_screen_and_whole_as_data(one_file):
    build(one_file, orders=("SELECT repeat('a', 100) AS x", "SELECT 'b' AS x"))

    assert "\n" + "a" * 59 + "…\n" in one_file("diff", "orders").out
    assert "a" * 100 == diff(one_file, "orders")["samples"]["only_from"][0]["values"]["x"]


@pytest.mark.parametrize(("tolerance", "changed"), [("0", 3), ("0.01", 2), ("0.5", 1)])
def test_floats_may_lie_apart_by_the_tolerance(one_file, tolerance, changed):
    query = "-- @key: id\nSELECT * FROM (VALUES (1, 1.0::DOUBLE), (2, {}), (3, {}), (4, {}), (5, 'nan')) t (id, x)"
    build(one_file, orders=(query.format("2.0", "3.0", "NULL"), query.format("2.005", "3.25", "4.0")))

    assert changed == diff(one_file, "orders", "--tolerance", tolerance)["rows"]["changed"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("(1), (1), (2)", "(id) is no key of orders in dev; keys that several rows have: 1."),
        ("(NULL), (NULL), (2)", "(id) is no key of orders in dev; rows without one (NULL): 2."),
    ],
)
def test_what_is_no_key_is_refused(one_file, rows, said):
    build(one_file, orders=("SELECT 1 AS id", f"SELECT id FROM (VALUES {rows}) t (id)"))

    assert said in one_file.fails("diff", "orders", "--key", "id")
    assert 3 == diff(one_file, "orders", "--whole-rows")["rows"]["to"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "prd"], "The project has no environment 'prd'.\nDid you mean 'prod'?"),
        (["--from", "prd"], "The project has no environment 'prd'.\nDid you mean 'prod'?"),
        (["--from", "dev"], "Both sides are 'dev'."),
        (["--key", "idd"], "There is no column 'idd' for the key, in prod. Did you mean 'id'?"),
        (["--columns", "itm"], "There is no column 'itm' for --columns. Did you mean 'item'?"),
        (["--exclude", "itm"], "There is no column 'itm' for --exclude. Did you mean 'item'?"),
        (["--exclude", "id", "--key", "id"], "--exclude id: it is of the key"),
        (["--columns", " , "], "--columns names no column."),
        (["--columns", "item", "--exclude", "id"], "--columns and --exclude exclude each other."),
        (["--key", "id", "--whole-rows"], "--key and --whole-rows exclude each other."),
        (["--tolerance", "0.1"], "--tolerance needs a key"),
        (["--tolerance", "nan", "--key", "id"], "--tolerance nan: a number, at least 0."),
        (["--sample", "-1"], "--sample -1: at least 0."),
        (["--where", "idd > 1"], "--where 'idd > 1' names 'idd', no column of orders in prod. Did you mean 'id'?"),
        (["--where", "id >"], "--where 'id >' does not parse"),
        (["--where", "id IN (SELECT 1)"], "holds a query"),
        (["--where", "1 = 1; DROP TABLE main.orders"], "is not one condition"),
    ],
)
def test_a_slip_is_named_with_what_is_right(one_file, words, said):
    query = "SELECT 1 AS id, 'a' AS item"
    build(one_file, orders=(query, query))

    assert said in one_file.fails("diff", "orders", *words)


def test_a_model_that_does_not_exist_gets_the_nearest(one_file):
    one_file.sql("orders", "SELECT 1 AS id")

    assert "There is no model or source 'ordrs'. Did you mean 'orders'?" in one_file.fails("diff", "ordrs")


def test_a_model_without_rows_of_its_own_cannot_be_compared(one_file):
    one_file.sql("orders", "-- @materialise: ephemeral\nSELECT 1 AS id")

    assert "orders is materialised as 'ephemeral': it has no rows" in one_file.fails("diff", "orders")


@pytest.mark.parametrize("config", [IN_ONE_FILE, FILE_EACH])
def test_a_model_that_is_not_built_in_one_of_them_says_where(project, config):
    project.write("config.yaml", config)
    project.sql("orders", "SELECT 1 AS id")
    project.run()
    said = project.fails("diff", "orders")

    assert "orders is not built in prod: there is no main.orders in " in said
    assert "interlace run orders --env prod" in said
    assert not (project.root / "data" / "prod.duckdb").exists()


def test_what_is_deferred_to_the_other_is_one_relation(one_file):
    one_file.write("config.yaml", IN_ONE_FILE + "defer_to: prod\n")
    one_file.sql("orders", "SELECT 1 AS id")
    one_file.run("--env", "prod")
    said = one_file("diff", "orders")

    assert (0, "orders: prod and dev read the same relation, main.orders.\n") == (said.code, said.out)


def test_a_source_is_compared_where_its_connection_leads(project):
    project.write("config.yaml", FILE_EACH + "sources:\n  legacy: {relation: main.orders}\n")
    project.sql("orders", "SELECT CASE WHEN $env = 'dev' THEN 2 ELSE 1 END AS id")
    project.run("--env", "prod")
    project.run()

    assert (1, 1) == tuple(diff(project, "legacy")["rows"][k] for k in ("only_from", "only_to"))


def test_a_connection_that_only_reads_takes_no_rows(project):
    project.write("config.yaml", FILE_EACH + "environments: [dev, prod]\n")
    project.sql("orders", "SELECT $env AS name")
    project.run("--env", "prod")
    project.run()
    for environment in ("dev", "prod"):
        project.write(f"config.{environment}.yaml", "connections:\n  default: {access: read}\n")
    both = project.fails("diff", "orders")
    (project.root / "config.dev.yaml").unlink()

    assert "neither of the connections 'default' and 'default' can take the other's rows" in both
    assert 1 == diff(project, "orders")["rows"]["only_to"]


def test_json_on_a_server_is_compared_as_its_text(request, project):
    project.write("config.yaml", on_server(request) + "environments: [dev, prod]\n")
    project.sql("docs", "-- @key: id\nSELECT 1 AS id, json_build_object('env', $env::text) AS doc")
    project.run("--env", "prod")
    project.run()

    assert {"doc": 1} == diff(project, "docs")["rows"]["changed_columns"]
    assert (1, 1) == tuple(diff(project, "docs", "--whole-rows")["rows"][k] for k in ("only_from", "only_to"))


def test_text_keys_are_told_apart_whatever_the_collations_are(request, project):
    project.write("config.yaml", "environments: [dev, prod]\n")
    project.write("config.prod.yaml", on_server(request))
    project.write("config.dev.yaml", FILE_EACH)
    names = ["a", "A", "ä", "Ä", "z", "Z", "é", "e", "ß", "ss", "", " ", "a ", "_a", "-a", "\N{SNOWMAN}"]
    values = ", ".join(f"('{name}')" for name in names)
    project.sql("names", f"-- @key: name\nSELECT name FROM (VALUES {values}) AS given (name)")
    project.run("--env", "prod")
    project.run()

    assert len(names) == diff(project, "names", code=0)["rows"]["equal"]
    assert len(names) == diff(project, "names", "--whole-rows", code=0)["rows"]["equal"]


EVERY_TYPE = {
    "whole": "12345678901::BIGINT",
    "exact": "1.50::DECIMAL(9,3)",
    "real": "0.1::REAL",
    "double": "0.1::DOUBLE PRECISION",
    "truth": "TRUE",
    "text": "'Grün ''quoted'' '",
    "day": "DATE '2024-02-29'",
    "clock": "TIME '23:59:59.123456'",
    "moment": "TIMESTAMP '2024-03-31 02:30:00.123456'",
    "instant": "TIMESTAMPTZ '2024-03-31 02:30:00.5+02'",
    "uuid": "'6b1e4c3a-0000-4000-8000-0123456789ab'::UUID",
    "list": "ARRAY[1, 2, NULL]::INTEGER[]",
    "nothing": "NULL::INTEGER",
    "span": "INTERVAL '1 day'",
}


def test_equal_values_of_every_type_are_equal_on_two_engines(request, project):
    project.write("config.yaml", "environments: [dev, prod]\n")
    project.write("config.prod.yaml", on_server(request))
    project.write("config.dev.yaml", FILE_EACH)
    values = ", ".join(f"{value} AS {name}" for name, value in EVERY_TYPE.items())
    project.sql("every", f"-- @key: whole\nSELECT {values}")
    project.run("--env", "prod")
    project.run()
    found = diff(project, "every", code=0)

    assert ([], {}) == (found["columns"]["types"], found["rows"]["changed_columns"])
    assert 1 == found["rows"]["equal"]
    assert 1 == diff(project, "every", "--whole-rows", code=0)["rows"]["equal"]
