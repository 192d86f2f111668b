"""``interlace docs``: the project as one JSON document, and what was said of a model; migrations that a plan tells of."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.slow  # together they are: some seconds of runs


@pytest.fixture
def shop(project):
    project.write("config.yaml", "connections:\n  default: {type: duckdb, path: shop.duckdb}\n")
    project.sql("orders", "-- @description: All orders\nSELECT 1 AS id, 2.5::DECIMAL(9, 2) AS paid")
    project.sql("daily", "SELECT sum(paid) AS paid FROM orders")
    return project


def test_an_export_is_one_json_document_with_a_node_on_each_line(shop):
    said = shop("docs", "export", "--no-lineage")
    lines = said.out.splitlines()

    assert (0, "") == (said.code, said.err)
    assert ["daily", "orders"] == [node["name"] for node in said.json["nodes"]]
    assert ["daily", "orders"] == [
        json.loads(line.strip().rstrip(","))["name"] for line in lines if "daily.sql" in line or "orders.sql" in line
    ]
    assert '  {"from": "orders", "to": "daily"}' in lines
    assert said.json["edges"] == [{"from": "orders", "to": "daily"}]


def test_an_export_goes_to_a_file_and_is_the_same_each_time(shop):
    shop.run()
    texts = []
    for _ in range(2):
        said = shop("docs", "export", "--out", "meta.json")
        assert (0, "Wrote 2 nodes to meta.json.\n") == (said.code, said.out)
        texts.append((shop.root / "meta.json").read_text())

    assert 1 == len({"\n".join(line for line in text.splitlines() if "generated_at" not in line) for text in texts})
    assert {"meta.json"} == {f.name for f in shop.root.iterdir() if f.name.startswith("meta")}


def test_what_is_selected_is_exported(shop):
    assert ["daily"] == [n["name"] for n in shop("docs", "export", "daily", "--json").json["nodes"]]
    assert ["orders"] == [n["name"] for n in shop("docs", "export", "-x", "daily").json["nodes"]]


def test_a_file_that_cannot_be_written_is_an_error(shop):
    assert "--out" in shop.fails("docs", "export", "-o", "no/such/folder.json")
    (shop.root / "there").mkdir()

    assert "Is a directory" in shop.fails("docs", "export", "-o", "there")
    assert [] == [f.name for f in shop.root.iterdir() if f.suffix == ".part"]


def test_a_selector_that_means_nothing_is_an_error(shop):
    assert "Did you mean 'daily'?" in shop.fails("docs", "export", "dayly")


def test_the_history_says_what_each_version_changed(shop):
    shop.run()
    shop.sql(
        "orders",
        "-- @description: Each order\n-- @columns: {id: {description: Its number}}\nSELECT 1::BIGINT AS id, 'x' AS note",
    )
    shop.sql("daily", "SELECT count(*) AS n FROM orders")
    shop.run()
    said = shop("docs", "history", "orders")

    assert [
        "orders, version 1, 2 columns",
        "orders, version 2, 2 columns",
        '  ~ description: "All orders" -> "Each order"',
        "  - paid DECIMAL(9,2)",
        '  ~ id.type: "INTEGER" -> "BIGINT"',
        '  ~ id.description: nothing -> "Its number"',
        "  + note VARCHAR",
    ] == [", ".join(p for p in line.split(", ") if "UTC" not in p) for line in said.out.splitlines()]


def test_the_history_as_json_has_the_documents(shop):
    shop.run()
    (version,) = shop("docs", "history", "main.orders", "--json").json

    assert (1, "All orders", []) == (version["version"], version["document"]["description"], version["changes"])
    assert {"data", "checks", "metadata"} == set(version["fingerprint"])


def test_a_model_that_was_never_built_has_no_history(shop):
    assert """\
error[ILC-100] Nothing is recorded of 'orders' in dev.
It is with the first run that builds it.
""" == shop.fails("docs", "history", "orders")
    assert "Nothing is recorded of 'order' in dev. Did you mean 'orders'?" in shop.fails("docs", "history", "order")


def test_docs_alone_lists_its_commands(shop):
    assert "export" in shop("docs").out + shop("docs").err
    assert "There is no command 'interlace docs exprt'. Did you mean 'export'?" in shop.fails("docs", "exprt")


# --- what a plan says of migrations -----------------------------------------------------------------------------------


def migration(shop, number: int) -> None:
    shop.write(f"migrations/000{number}_t{number}.sql", f"-- up\nCREATE TABLE t{number} (a INTEGER);\n")


def test_a_plan_and_a_run_say_that_migrations_are_pending(shop):
    migration(shop, 1)
    one = shop("plan").out
    migration(shop, 2)
    two, run, nothing = shop("plan", "--json").json["notices"], shop("run").out, shop("run").out

    assert "1 migration is pending: interlace migrate up" in one
    assert ["2 migrations are pending: interlace migrate up"] == two
    assert ["2 migrations are pending" in said for said in (run, nothing)] == [True, True]


def test_what_was_answered_before_a_migration_came_is_not_answered_again(shop):
    shop.run()
    before = [shop("run").out, shop("run").out]
    migration(shop, 1)
    pending = [shop("run").out, shop("run").out]
    assert 0 == shop("migrate", "up", "--yes").code
    after = [shop("run").out, shop("run").out, shop("plan").out]

    assert [False, False, True, True, False, False, False] == [
        "pending" in said for said in (*before, *pending, *after)
    ]


def test_a_migration_that_is_wrong_does_not_stop_a_run(shop):
    shop.write("migrations/0001_x.sql", "SELECT 1")

    said = shop("run")

    assert 0 == said.code
    assert (
        "whether migrations are pending is not known: migrations/0001_x.sql:1: it has no statement"
        in said.out + said.err
    )
