"""The commands that look: show, why, info, describe, list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from inline_snapshot import snapshot

from interlace.contracts.state import ModelState


def test_show_prints_rows_of_a_model_as_a_table(run, project):
    assert run("show", "orders").out == snapshot("""\
id  name
 1  Ann
23  NULL
(2 rows)
""")
    assert ("query", ('SELECT * FROM "orders"', None, 20)) == project.calls[1]


def test_show_as_json_has_columns_and_rows(run, project):
    assert run("show", "orders", "--json").json == snapshot(
        {
            "columns": [{"name": "id", "type": "BIGINT"}, {"name": "name", "type": "VARCHAR"}],
            "rows": [{"id": 1, "name": "Ann"}, {"id": 23, "name": None}],
        }
    )


def test_show_runs_a_query_with_a_limit(run, project):
    run("show", "--sql", "SELECT 1", "--limit", "1", "-c", "lake")

    assert ("query", ("SELECT 1", "lake", 1)) == project.calls[1]


def test_show_quotes_the_name(run, project):
    run("show", "Daily Totals")

    assert 'SELECT * FROM "daily totals"' == project.calls[1][1][0]


def test_show_prints_the_sql_that_runs(run, project):
    assert "SELECT 'orders'\n" == run("show", "orders", "--compiled").out


@pytest.mark.parametrize(
    "words", [(), ("orders", "--sql", "SELECT 1"), ("orders", "--limit", "-1"), ("--sql", "x", "--compiled")]
)
def test_show_refuses_what_makes_no_sense(run, project, words):
    assert (2, "") == (run("show", *words).code, run("show", *words).out)


@pytest.mark.parametrize("command", ["show", "why", "info", "describe"])
def test_a_name_that_does_not_exist_gets_the_nearest(run, project, command):
    ended = run(command, "ordrs")

    assert 2 == ended.code
    assert "There is no model or source 'ordrs'. Did you mean 'orders'?" in ended.err


@pytest.mark.parametrize("command", ["why", "describe"])
def test_a_source_is_never_built(run, project, command):
    assert "'raw_orders' is a source (config.yaml:3)" in run(command, "raw_orders").err


def test_why_says_that_a_model_is_up_to_date_and_when_it_ran(run, project):
    assert run("why", "orders").out == snapshot("""\
orders (models/orders.sql:1) is up to date in dev:
  nothing changed
last run   2024-05-01 12:00:00 UTC, succeeded, run r1
published  2024-05-01 12:00:00 UTC, dev__main.orders, 1,234 rows, in 0.50 s
reads      raw_orders
read by    daily totals
""")


def test_why_says_what_made_a_model_stale(run, project):
    assert run("why", "daily totals").out == snapshot("""\
daily totals (models/daily totals.sql:1) will run in dev only if its parents' rows move:
  customers runs
last run   never
published  never
reads      customers (will run), orders
read by    nobody
""")


def test_why_as_json(run, project):
    data = run("why", "customers", "--json").json

    assert (True, "build", [{"code": "new", "text": "it is new", "details": []}]) == (
        data["stale"],
        data["action"],
        data["reasons"],
    )
    assert (["daily totals"], None) == (data["read_by"], data["state"])


def test_why_shows_the_last_failure(run, project):
    project.store.states["customers"] = ModelState(
        "customers", status="failed", attempted_at=datetime(2024, 5, 1, tzinfo=UTC), run="r7", error="boom\nmore"
    )

    assert "last run   2024-05-01 00:00:00 UTC, failed, run r7: boom\n" in run("why", "customers").out


def test_info_shows_the_project(run, project):
    project.root = "/demo"

    assert run("info").out == snapshot("""\
project      demo
folder       /demo
environment  dev
nodes        source 1, sql 3
connections  default → data/dev.duckdb
state        .interlace/state.db
""")


def test_info_shows_a_model_and_its_state(run, project):
    assert run("info", "orders").out == snapshot("""\
name          orders
kind          sql
file          models/orders.sql:1
relation      dev__main.orders
description   One row per order
parents       raw_orders
children      daily totals
materialise   table
strategy      replace
checks        unique(columns=['id'])
environment   dev
status        succeeded
attempted at  2024-05-01 12:00:00 UTC
run           r1
published at  2024-05-01 12:00:00 UTC
rows          1,234
seconds       0.50

column  type
id      BIGINT
amount  DECIMAL(18,3)
""")


def test_info_as_json_has_the_same_facts(run, project):
    data = run("info", "orders", "--json").json

    assert ("orders", "sql", "models/orders.sql", 1234) == (
        data["name"],
        data["kind"],
        data["file"],
        data["state"]["rows"],
    )


def test_describe_shows_columns(run, project):
    assert run("describe", "orders").out == snapshot("""\
orders (dev__main.orders, 2024-05-01 12:00:00 UTC)
One row per order
column  type           declared  description
id      BIGINT
amount  DECIMAL(18,3)
""")


def test_describe_of_a_model_that_never_ran_says_what_to_do(run, project):
    ended = run("describe", "customers")

    assert 2 == ended.code
    assert "Run it first: interlace run customers" in ended.err


def test_describe_writes_a_sidecar_and_writing_again_changes_nothing(run, project):
    (project.root / "models").mkdir()
    first = run("describe", "orders", "--write")
    text = (project.root / "models" / "orders.yaml").read_text(encoding="utf-8")
    second = run("describe", "orders", "--write", "--json").json

    assert "columns:\n  id: BIGINT\n  amount: DECIMAL(18,3)\n" == text
    assert "Wrote models/orders.yaml\n" in first.out
    assert None is second["written"]


def test_list_prints_names_parents_first(run, project, monkeypatch):
    assert ["raw_orders", "orders", "customers", "daily totals"] == run("list").out.splitlines()


def test_list_as_json_has_parents_and_children(run, project):
    data = {n["name"]: n for n in run("list", "--json").json}

    assert (["raw_orders"], ["daily totals"]) == (data["orders"]["parents"], data["orders"]["children"])
    assert data == {n["name"]: n for n in run("list", "--format", "json").json}


def test_list_as_a_tree_names_again_what_was_drawn_above(run, project):
    assert run("list", "--format", "tree").out == snapshot("""\
raw_orders
└── orders
    └── daily totals
customers
└── daily totals
""")
