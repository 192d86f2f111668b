from __future__ import annotations

import asyncio
import os
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from inline_snapshot import snapshot

from interlace.errors import ChecksFailed, InvalidTest, ModelFailed, QueryFailed, UsageError
from interlace.testing import (
    Bench,
    Expected,
    RowsDiffer,
    Run,
    Ways,
    frozen_clock,
    mock_dependency,
    test_model,
    test_model_sync,
    test_pipeline,
    test_pipeline_sync,
)

# ibis 12 asks DuckDB 1.5 for Arrow by a name that is deprecated there.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")

ORDERS = [
    {"customer": "ann", "amount": 60, "ordered_on": "2026-03-01"},
    {"customer": "ann", "amount": 50, "ordered_on": "2026-01-01"},
    {"customer": "bob", "amount": 7},
]
EVENTS = [{"id": 1, "kind": "view"}]


def test_a_sql_model_is_run_on_given_rows(bench):
    outcome = test_model_sync(
        "totals",
        {"shop_orders": ORDERS},
        [
            {"customer": "bob", "orders": 1, "total": 7, "vip": False},
            {"customer": "ann", "orders": 2, "total": 110, "vip": True},
        ],
        project=bench,
    )

    assert Decimal("110.00") == max(row["total"] for row in outcome.rows)
    assert ["customer", "orders", "total", "vip"] == outcome.table.column_names


def test_rows_that_differ_fail_the_test_and_are_shown(bench):
    with pytest.raises(AssertionError) as caught:
        test_model_sync(
            "totals",
            {"shop_orders": ORDERS},
            "customer,orders,total,vip\nann,2,100.00,true\ncid,1,7.00,false\n",
            project=bench,
        )

    assert isinstance(caught.value, RowsDiffer)
    assert snapshot("""\
totals is not as expected: 2 rows expected, 2 there; 1 changed, 1 missing, 1 extra, 0 equal

     customer  orders  total            vip
  ~  ann       2       100.00 → 110.00  true
  -  cid       1       7.00             false
  +  bob       1       7.00             false\
""") == str(caught.value)


def test_some_columns_and_a_tolerance(bench):
    test_model_sync(
        "totals",
        {"shop_orders": ORDERS},
        [{"customer": "ann", "total": 110.4}, {"customer": "bob", "total": 6.6}],
        columns=["customer", "total"],
        tolerance=0.5,
        project=bench,
    )


def test_variables_of_the_project_may_be_given(bench):
    outcome = test_model_sync("totals", {"shop_orders": ORDERS}, project=bench, vars={"vip": "200"})

    assert {False} == {row["vip"] for row in outcome.rows}


def test_an_unknown_variable_is_refused(bench):
    with pytest.raises(UsageError, match="no variable 'vipp'"):
        test_model_sync("totals", {"shop_orders": ORDERS}, project=bench, vars={"vipp": 1})


def test_seeds_are_read_from_their_files_unless_they_are_given(bench):
    totals = [{"customer": "ann", "vip": True}]

    test_model_sync("best", {"totals": totals}, [{"customer": "ann", "country": "NO"}], project=bench)
    test_model_sync(
        "best",
        {"totals": totals, "countries": "customer,country\nann,SE\n"},
        [{"customer": "ann", "country": "SE"}],
        project=bench,
    )


def test_an_ephemeral_model_is_inlined_or_given_or_tested_itself(bench):
    orders = {"shop_orders": ORDERS}

    through = test_model_sync("recent_total", orders, project=bench, at="2026-03-02")
    given = test_model_sync("recent_total", {"recent": [{"amount": 1}]}, project=bench)
    itself = test_model_sync("recent", orders, project=bench, at="2026-03-02")

    assert [Decimal("60.00"), 1] == [through.rows[0]["total"], given.rows[0]["total"]]
    assert [{"customer": "ann", "amount": Decimal("60.00")}] == itself.rows


def test_the_clock_of_sql_and_of_python_models_stands_still(bench):
    at = datetime(2026, 3, 2, 12, tzinfo=UTC)

    sql = test_model_sync("recent_total", {"recent": [{"amount": 1}]}, project=bench, at=at)
    python = test_model_sync("pages", {"events": EVENTS}, project=bench, at=at)

    assert [at, at] == [sql.rows[0]["made_at"], python.rows[0]["at"]]


def test_a_frozen_clock_gives_the_time_of_each_run(bench):
    with frozen_clock("2026-03-02T12:00:00") as clock:
        first = test_model_sync("pages", {"events": EVENTS}, project=bench)
        clock.move(days=1, hours=1)
        second = test_model_sync("pages", {"events": EVENTS}, project=bench)
        clock.set(date(2026, 1, 1))
        third = test_model_sync("pages", {"events": EVENTS}, project=bench)

    times = [outcome.rows[0]["at"] for outcome in (first, second, third)]
    assert [
        datetime(2026, 3, 2, 12, tzinfo=UTC),
        datetime(2026, 3, 3, 13, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
    ] == times


def test_a_time_without_a_zone_is_in_the_projects(make_project):
    root = make_project()
    (root / "config.yaml").write_text((root / "config.yaml").read_text() + "timezone: Asia/Tokyo\n")

    outcome = test_model_sync("pages", {"events": EVENTS}, project=root, at="2026-03-02T09:00:00")

    assert datetime(2026, 3, 2, tzinfo=UTC) == outcome.rows[0]["at"]


def test_a_python_model_is_converted_to_its_declared_columns(bench):
    outcome = test_model_sync("pages", {"events": EVENTS}, project=bench)

    assert ["string", "int32", "timestamp[us, tz=Etc/UTC]"] == [
        str(t).replace("=UTC", "=Etc/UTC") for t in outcome.table.schema.types
    ]
    assert [("view", 1)] == [(row["page"], row["views"]) for row in outcome.rows]


def test_a_python_model_may_be_named_by_its_function(make_project, monkeypatch):
    import importlib.util

    file = make_project() / "models" / "pages.py"
    spec = importlib.util.spec_from_file_location("pages_of_the_test", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert 1 == test_model_sync(module.pages, {"events": EVENTS}).rows[0]["views"]


def test_a_function_that_is_no_model_is_refused(bench):
    with pytest.raises(InvalidTest, match="is no model of the project"):
        test_model_sync(test_an_ephemeral_model_is_inlined_or_given_or_tested_itself, {}, project=bench)


def test_several_runs_state_the_end_state_of_the_table_after_each(bench):
    outcome = test_model_sync(
        "log",
        runs=[
            Run({"events": [{"id": 1, "kind": "a"}]}, [{"id": 1, "kind": "a"}]),
            Run({"events": [{"id": 2, "kind": "b"}]}, "id,kind\n1,a\n2,b\n"),
            Run(expect=[{"id": 1, "kind": "a"}, {"id": 2, "kind": "b"}, {"id": 2, "kind": "b"}]),
        ],
        project=bench,
    )

    assert {"log": {"inserted": 1}} == outcome.counts


def test_the_run_that_differs_is_named(bench):
    with pytest.raises(RowsDiffer, match="log after run 2 is not as expected"):
        test_model_sync("log", runs=[Run({"events": EVENTS}, EVENTS), Run({"events": EVENTS}, EVENTS)], project=bench)


def test_a_failing_model_raises_its_own_error(bench):
    with pytest.raises(QueryFailed, match="kind"):
        test_model_sync("log", {"events": [{"id": 1}]}, project=bench)


def test_a_python_model_that_raises_says_where(make_project):
    root = make_project(
        **{
            "models/broken.py": "from interlace import model\n\n\n@model\ndef broken(events):\n    raise ValueError('no')\n"
        }
    )

    with pytest.raises(ModelFailed, match=r"models/broken.py:6.*broken raised ValueError: no"):
        test_model_sync("broken", {"events": EVENTS}, project=root)


def test_an_error_may_be_expected(bench):
    test_model_sync(
        "log", runs=[Run({"events": [{"id": 1}]}, error="ILC-601"), Run({"events": EVENTS}, EVENTS)], project=bench
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [(EVENTS, "should have failed with 'nonsense', and succeeded"), ([{"id": 1}], "and failed with: ILC-601")],
)
def test_an_expected_error_must_come(bench, rows, said):
    with pytest.raises(AssertionError, match=said):
        test_model_sync("log", runs=[Run({"events": rows}, error="nonsense")], project=bench)


def test_checks_are_left_out_unless_they_are_asked_for(bench):
    bad = {"shop_orders": [{"customer": "ann", "amount": -1}]}

    test_model_sync("totals", bad, project=bench)
    with pytest.raises(ChecksFailed, match="total >= 0"):
        test_model_sync("totals", bad, project=bench, checks=True)


def test_nothing_of_the_project_is_written(bench):
    test_model_sync("totals", {"shop_orders": ORDERS}, project=bench)

    left = {str(p.relative_to(bench.root)) for p in bench.root.rglob("*") if p.is_file()}
    assert not {p for p in left if p.startswith(("data/", "out/", ".interlace/")) and p != ".interlace/models.cache"}


def test_a_pipeline_runs_all_models_between(bench):
    outcome = test_pipeline_sync(
        {"shop_orders": ORDERS},
        {"best": [{"customer": "ann", "country": "NO"}], "totals": None},
        project=bench,
    )

    assert {"best", "totals"} == set(outcome.tables)
    assert 2 == outcome.tables["totals"].num_rows


def test_a_pipeline_may_say_how_each_model_is_compared(bench):
    expected = Expected([{"customer": "ann"}], Ways(columns=["customer"]))

    test_pipeline_sync({"shop_orders": ORDERS}, {"best": expected}, project=bench)


def test_both_can_be_awaited(bench):
    async def story():
        one = await test_model("log", {"events": EVENTS}, EVENTS, project=bench)
        other = await test_pipeline({"shop_orders": ORDERS}, {"best": None}, project=bench)
        return len(one.rows), len(other.rows)

    assert (1, 1) == asyncio.run(story())


def test_the_project_is_that_of_the_working_folder(make_project, monkeypatch):
    monkeypatch.chdir(make_project() / "models")

    assert EVENTS == test_model_sync("log", {"events": EVENTS}).rows


def test_the_helpers_are_no_tests_of_pytest():
    assert {False} == {f.__test__ for f in (test_model, test_model_sync, test_pipeline, test_pipeline_sync)}


@pytest.mark.parametrize(
    ("model", "given", "said", "hint"),
    [
        ("total", {}, "no model, seed or source 'total'", "Did you mean 'totals'?"),
        (
            "totals",
            {},
            "totals reads the source 'shop_orders', whose rows are not given",
            "given: {shop_orders: [...]}",
        ),
        ("best", {}, "best reads the model 'totals', whose rows are not given", "given: {totals: [...]}"),
        ("totals", {"shop_order": []}, "no model, seed or source 'shop_order'", "Did you mean 'shop_orders'?"),
        (
            "totals",
            {"shop_orders": [], "events": []},
            "given for 'events', which totals does not read",
            "Read are: shop_orders.",
        ),
        ("countries", {}, "'countries' is a seed", None),
        ("told", {"events": []}, "'told' is a side effect", None),
    ],
)
def test_a_test_that_cannot_be_performed_says_why(bench, model, given, said, hint):
    with pytest.raises(InvalidTest, match=said) as caught:
        test_model_sync(model, given, project=bench)

    assert (hint or "") in (caught.value.hint or "")


def test_rows_must_be_given_in_the_first_run(bench):
    with pytest.raises(InvalidTest, match="'events' are given only in a later run"):
        test_model_sync("log", runs=[Run(), Run({"events": EVENTS})], project=bench)


def test_rows_cannot_be_given_twice(bench):
    with pytest.raises(InvalidTest, match=r"rows are given for 'events' twice, as 'events' and as 'shop.events'"):
        test_model_sync("log", {"events": EVENTS, "shop.events": EVENTS}, project=bench)


def test_runs_take_the_place_of_given_and_expect(bench):
    with pytest.raises(UsageError, match="'runs' takes the place"):
        test_model_sync("log", {"events": EVENTS}, runs=[Run()], project=bench)


def test_names_with_their_schema_are_the_same_models(make_project):
    root = make_project(
        **{
            "models/raw/readings.sql": "-- @schema: raw\nSELECT 1 AS id",
            "models/latest.sql": "SELECT max(r.id) AS id FROM raw.readings AS r",
            "models/qualified.sql": "SELECT count(*) AS n FROM main.log, shop.events",
        }
    )

    test_model_sync("latest", {"raw.readings": [{"id": 7}]}, [{"id": 7}], project=root)
    test_model_sync("raw.readings", {}, [{"id": 1}], project=root)
    test_model_sync("qualified", {"log": EVENTS, "shop.events": EVENTS}, [{"n": 1}], project=root)


def test_a_named_connection_is_left_as_it_was(make_project):
    import duckdb

    root = make_project()
    (root / "data").mkdir()
    file = root / "data" / "dev.duckdb"
    with duckdb.connect(str(file)) as database:
        database.execute("CREATE SCHEMA shop; CREATE TABLE shop.events AS SELECT 1 AS id, 'real' AS kind")

    test_model_sync(
        "log",
        runs=[Run({"events": EVENTS}, EVENTS), Run(expect=[*EVENTS, *EVENTS])],
        project=root,
        connection="default",
    )
    test_model_sync("recent_total", {"shop_orders": ORDERS}, project=root, connection="default")

    with duckdb.connect(str(file)) as database:
        relations = database.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
        schemas = database.execute(
            "SELECT schema_name FROM duckdb_schemas() WHERE schema_name LIKE '%test%'"
        ).fetchall()
        markers = database.execute("SELECT count(*) FROM _interlace.commits").fetchone()
    assert {("shop", "events"), ("_interlace", "commits")} == set(relations)
    assert ([], (0,)) == (schemas, markers)


def test_plugins_hear_nothing_of_tests(bench, monkeypatch):
    heard = []
    monkeypatch.setattr(type(bench.loaded.plugins), "notify", lambda *_, **__: heard.append(1))

    test_model_sync("log", {"events": EVENTS}, EVENTS, project=bench)

    assert [] == heard


def test_a_folder_without_a_project_is_an_error(tmp_path):
    from interlace.errors import ProjectNotFound

    with pytest.raises(ProjectNotFound):
        Bench.load(tmp_path)


def test_rows_given_with_types(bench):
    test_model_sync("log", {"events": mock_dependency(columns={"id": "INTEGER", "kind": "VARCHAR"})}, [], project=bench)


def test_an_unset_variable_of_the_real_connection_does_not_matter(make_project):
    root = make_project()
    text = (root / "config.yaml").read_text().replace("data/dev.duckdb", "${NOT_SET_ANYWHERE}/dev.duckdb")
    (root / "config.yaml").write_text(text)
    assert "NOT_SET_ANYWHERE" not in os.environ

    test_model_sync("log", {"events": EVENTS}, EVENTS, project=root)
