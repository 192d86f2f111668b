"""A project on a real PostgreSQL, by the command line."""

from __future__ import annotations

import csv
import json
import signal
import time
from textwrap import dedent

import pytest

ORDERS = """
id,customer,amount,ordered_on,note
1,ann,10.50,2024-01-01,
2,ben,20.00,2024-01-02,"a, ""quoted"" note"
3,ann,5.25,2024-01-03,
"""


@pytest.fixture
def shop(project, postgres_url):
    """Seeds, a view, tables of SQL and Python, checks and an export."""
    project.write("config.yaml", f"connections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n")
    project.write("seeds/orders.csv", ORDERS)
    project.write("seeds/orders.yaml", "columns:\n  amount: numeric(10,2)\n")
    project.sql("staging/stg_orders", "-- @materialise: view\nSELECT id, customer, amount, ordered_on FROM orders")
    project.sql(
        "marts/totals",
        """
        -- @schema: marts
        -- @export: {format: csv, path: out/totals.csv}
        -- @checks: [{not_null: customer}, {unique: customer}, {row_count: {min: 1}}, {range: {column: total, min: 0}}]
        SELECT customer, sum(amount)::numeric(12,2) AS total, count(*) AS orders, max(ordered_on) AS last
        FROM stg_orders GROUP BY customer
        """,
    )
    project.python(
        "marts/scored",
        """
        import pyarrow as pa
        from interlace import model

        @model(schema="marts")
        def scored(totals: pa.Table):
            return [{"customer": r["customer"], "mean": float(r["total"]) / r["orders"]} for r in totals.to_pylist()]
        """,
    )
    project.python(
        "marts/regulars",
        """
        import ibis
        from interlace import model

        @model(schema="marts")
        def regulars(totals: ibis.Table):
            return totals.filter(totals.orders > 1).select("customer", "total")
        """,
    )
    project.sql("marts/log", "-- @strategy: append\nSELECT customer, orders FROM totals")
    return project


def test_a_project_is_built(shop, ask):
    said = shop.run("--json")

    assert {"succeeded"} == set(said.statuses.values())
    assert [("ann", 7.875), ("ben", 20.0)] == ask("SELECT customer, mean FROM marts.scored ORDER BY 1")
    assert [("ann",)] == ask("SELECT customer FROM marts.regulars")
    assert [("orders", "BASE TABLE"), ("stg_orders", "VIEW")] == ask(
        "SELECT table_name::text, table_type::text FROM information_schema.tables "
        "WHERE table_schema = 'public' AND table_name <> 'log' ORDER BY 1"
    )
    assert [(10, 2)] == ask(
        "SELECT numeric_precision::int, numeric_scale::int FROM information_schema.columns "
        "WHERE table_name = 'orders' AND column_name = 'amount'"
    )


def test_the_export_is_written(shop):
    shop.run()
    with (shop.root / "out/totals.csv").open(newline="") as file:
        rows = list(csv.reader(file))

    assert ["customer", "total", "orders", "last"] == rows[0]
    assert [["ann", "15.75", "2", "2024-01-03"], ["ben", "20.00", "1", "2024-01-02"]] == sorted(rows[1:])


def test_the_second_run_has_nothing_to_do(shop):
    shop.run()

    assert {} == shop.run("--json").statuses


def test_a_table_that_somebody_dropped_is_built_again(shop, ask):
    shop.run()
    ask("DROP TABLE marts.scored")

    assert {"scored": "succeeded"} == shop.run("--json").statuses
    assert [(2,)] == ask("SELECT count(*) FROM marts.scored")


def test_what_changed_is_built_with_what_reads_it(shop, ask):
    shop.run()
    shop.write("seeds/orders.csv", ORDERS + "4,cyd,1.00,2024-01-04,\n")

    assert {"orders", "totals", "scored", "regulars", "log"} <= set(shop.run("--json").statuses)
    assert [("cyd", 1.0)] == ask("SELECT customer, mean FROM marts.scored WHERE customer = 'cyd'")
    assert [(5,)] == ask("SELECT count(*) FROM log")


def test_a_failed_check_leaves_yesterdays_table(shop, ask):
    shop.run()
    shop.write("seeds/orders.csv", ORDERS + "4,,-1.00,2024-01-04,\n")
    said = shop("run", "--json")

    assert 1 == said.code
    assert "failed" == said.statuses["totals"]
    assert [("ann",), ("ben",)] == ask("SELECT customer FROM marts.totals ORDER BY 1")


def test_an_error_of_the_database_names_the_line(shop):
    shop.sql("marts/broken", "SELECT customer,\n       no_such_column\nFROM totals")
    said = shop.fails("run", code=1)

    assert "broken.sql:2" in said
    assert 'column "no_such_column" does not exist' in said


def test_show_and_describe_and_plan_look_at_it(shop):
    shop.run()

    assert "7.875" in shop("show", "scored").out
    assert "15.75" in shop("show", "--sql", "SELECT total FROM totals ORDER BY 1").out
    assert "numeric(12,2)" in shop("describe", "totals").out
    assert 0 == shop("plan").code


def test_relations_of_the_warehouse_are_imported_as_sources(shop, ask):
    ask("CREATE SCHEMA legacy; CREATE TABLE legacy.people AS SELECT 1 AS id, now() AS seen")
    said = shop("sources", "import", "legacy.people")
    shop.sql("marts/people_seen", "SELECT id FROM legacy.people")
    shop.run()

    assert 0 == said.code, said.err
    assert "timestamp with time zone" in (shop.root / "models/sources.yaml").read_text().lower()
    assert [(1,)] == ask("SELECT id FROM people_seen")


def test_environments_write_to_schemas_of_their_own(shop, ask):
    config = (shop.root / "config.yaml").read_text()
    shop.write("config.yaml", config + "environments: [dev, prod]\n")
    shop.run("--env", "prod")
    shop.run("--env", "dev")

    assert [("dev__marts",), ("marts",)] == ask(
        "SELECT schemaname::text FROM pg_tables WHERE tablename = 'totals' ORDER BY 1"
    )


def test_a_server_that_is_down_is_said_in_a_line(project):
    project.write(
        "config.yaml", "connections: {default: {type: postgres, host: 127.0.0.1, port: 9, database: w, user: me}}\n"
    )
    project.sql("one", "SELECT 1 AS id")
    said = project.fails("run", code=1)

    assert "PostgreSQL at 127.0.0.1:9/w" in said


def test_an_option_that_is_wrong_is_named(project):
    project.write("config.yaml", "connections: {default: {type: postgres, host: db, databse: w}}\n")
    project.sql("one", "SELECT 1 AS id")
    said = project.fails("run")

    assert "databse" in said
    assert "'database'" in said


def test_secrets_are_not_shown(project):
    project.write(
        "config.yaml", "connections: {default: {type: postgres, url: 'postgresql://me:s3cr3t@127.0.0.1:9/w'}}\n"
    )
    project.sql("one", "SELECT 1 AS id")
    shown = project("run"), project("config", "show"), project("plan")

    assert "s3cr3t" not in "".join(said.out + said.err for said in shown)


@pytest.mark.parametrize("moment", [0.0, 0.4, 0.8])
def test_a_run_that_was_killed_is_made_up_for_by_the_next(shop, ask, wait, moment):
    shop.run()
    shop.sql("marts/slow", "SELECT n, pg_sleep(0.01)::text AS s FROM generate_series(1, 100) AS n")
    shop.sql("marts/slow_log", "-- @strategy: append\nSELECT n FROM slow")
    process = shop.start("run")
    wait(lambda: ask("SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(0.01)%' AND pid <> pg_backend_pid()"))
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    before = ask("SELECT to_regclass('slow')::text")
    said = shop.run("--json")

    assert before in ([(None,)], [("slow",)])
    assert {"succeeded"} == set(said.statuses.values())
    assert [(100, 100)] == ask("SELECT (SELECT count(*) FROM slow), (SELECT count(*) FROM slow_log)")
    assert {} == shop.run("--json").statuses


def test_a_load_that_committed_before_the_kill_is_not_done_again(shop, ask):
    """Killed between the commit of an append and its record: the marker says that it is there."""
    shop.run()
    shop.write(
        "sitecustomize.py",
        dedent(
            """
            import os, signal
            from interlace_postgres.transaction import Transaction

            commit = Transaction._commit

            def killed(self):
                commit(self)
                if os.environ.get("DIE") and os.path.exists("die"):
                    os.kill(os.getpid(), signal.SIGKILL)

            Transaction._commit = killed
            """
        ),
    )
    shop.write("die", "")
    shop.sql(
        "marts/log", "-- @strategy: append\n-- @description: changed\nSELECT customer, orders FROM totals WHERE true"
    )
    said = shop("run", "--select", "log", env={"PYTHONPATH": str(shop.root), "DIE": "1"})
    (shop.root / "die").unlink()
    again = shop.run("--json")

    assert -signal.SIGKILL == said.code
    assert [(4,)] == ask("SELECT count(*) FROM log")
    assert {} == again.statuses
    assert "was cut off" in json.dumps(again.json["notices"])
    assert [] == ask("SELECT 1 FROM _interlace.commits")
