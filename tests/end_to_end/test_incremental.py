"""Intervals through the command line: what is due, ranges, backfills that are killed and go on."""

from __future__ import annotations

import random
import time

import pytest

DAYS = 60

DAILY = """
-- @incremental: {by: datetime, column: ts, start: 2024-01-01, batch_size: 1}
SELECT ts, range AS n FROM hours WHERE ts >= $start AND ts < $end
"""


@pytest.fixture
def hourly(project):
    """A project with a table of the hours of sixty days, and one that is loaded from it day by day."""
    project.sql(
        "hours", f"SELECT range, TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * range AS ts FROM range({DAYS * 24})"
    )
    project.sql("daily", DAILY)
    project.run("hours")
    return project


def days(project, table="daily"):
    return [n for (n,) in project.query(f"SELECT count(*) FROM {table} GROUP BY date_trunc('day', ts) ORDER BY 1")]


def test_a_backfill_lists_its_windows_and_loads_nothing_on_a_dry_run(hourly):
    said = hourly("backfill", "daily", "--since", "2024-01-01", "--until", "2024-01-05", "--window", "2d", "--dry-run")

    assert 0 == said.code
    assert [
        "daily: 2 windows",
        "  2024-01-01 … 2024-01-03  never loaded",
        "  2024-01-03 … 2024-01-05  never loaded",
        "2 windows to load.",
    ] == said.out.splitlines()[1:]
    assert [("hours",)] == hourly.query(
        "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND schema_name = 'main'"
    )


def test_a_dry_run_as_json_has_the_windows(hourly):
    said = hourly("backfill", "daily", "--since", "2024-01-01", "--until", "2024-01-03", "--dry-run", "--json")

    [step] = said.json["steps"]
    assert [("2024-01-01T00:00:00+00:00", ["new"]), ("2024-01-02T00:00:00+00:00", ["new"])] == [
        (i["start"], i["why"]) for i in step["intervals"]
    ]


def test_a_backfill_loads_what_is_missing_and_only_with_force_what_is_not(hourly):
    words = ["backfill", "daily", "--since", "2024-01-01", "--until", "2024-01-04", "--json"]
    first, second, third = hourly(*words), hourly(*words), hourly(*words, "--force")

    assert {"inserted": 72} == {k: n for k, n in first.models["daily"]["counts"].items() if n}
    assert "nothing" == second.json["status"]
    assert {"inserted": 72, "deleted": 72} == {k: n for k, n in third.models["daily"]["counts"].items() if n}


def test_a_range_of_run_loads_again_what_was_loaded(hourly):
    hourly("backfill", "daily", "--since", "2024-01-01", "--until", "2024-01-04")

    said = hourly.run("--since", "2024-01-02", "--until", "2024-01-03", "--json")

    assert {"inserted": 24, "deleted": 24} == {k: n for k, n in said.models["daily"]["counts"].items() if n}
    assert "hours" not in said.models


def test_a_plan_says_which_intervals_are_due(hourly):
    hourly("backfill", "daily", "--since", "2024-01-01", "--until", "2024-01-04")
    hourly("backfill", "daily", "--since", "2024-01-06", "--until", "2024-01-08")

    [step] = hourly("plan", "--json").json["steps"]

    assert "2 intervals are missing: 2024-01-04 … 2024-01-05" in [r["text"] for r in step["reasons"]]
    assert ["interval", "gap"] == [r["code"] for r in step["reasons"]]


def test_nothing_to_do_is_kept_until_the_next_interval_ends(hourly):
    hourly.run()

    plan = hourly("plan", "-v")
    again = hourly.run()

    assert "is loaded up to" in plan.out
    assert "Nothing to do" in again.out


def test_what_does_not_go_together_is_refused(hourly):
    assert "is for models that are incremental" in hourly.fails("backfill", "hours")
    assert "Say which models" in hourly.fails("backfill")
    assert "a date such as" in hourly.fails("run", "--since", "yesterday")
    assert "a number and a unit" in hourly.fails("run", "--since", "2024-01-01", "--window", "1 fortnight")
    assert "before it begins" in hourly.fails("run", "--since", "2024-01-02", "--until", "2024-01-01")
    assert "makes all anew" in hourly.fails("run", "--full-refresh", "--since", "2024-01-02")


def test_a_history_is_loaded_one_interval_after_the_other_with_its_end_as_its_time(hourly):
    hourly.write(
        "models/prices.sql",
        """
        -- @incremental: {by: datetime, column: day, start: 2024-01-01}
        -- @strategy: scd_type_2
        -- @key: id
        SELECT 1 AS id, CAST(range // 48 AS INTEGER) AS price, CAST($start AS DATE) AS day
        FROM hours WHERE ts = CAST($start AS TIMESTAMP)
        """.replace("-- @strategy: scd_type_2", "-- @strategy: {name: scd_type_2, track: [price]}"),
    )

    hourly("backfill", "prices", "--until", "2024-01-07")

    assert [(0, "2024-01-02", "2024-01-04"), (1, "2024-01-04", "2024-01-06"), (2, "2024-01-06", None)] == hourly.query(
        "SELECT price, strftime(valid_from, '%Y-%m-%d'), strftime(valid_to, '%Y-%m-%d') FROM prices ORDER BY valid_from"
    )


def test_a_full_refresh_never_touches_a_history(hourly):
    hourly.sql("kept", "-- @strategy: scd_type_2\n-- @key: id\nSELECT 1 AS id, 'a' AS v")
    hourly.run("kept")
    hourly.sql("kept", "-- @strategy: scd_type_2\n-- @key: id\nSELECT 1 AS id, 'b' AS v")

    said = hourly.run("kept", "--full-refresh")

    assert "kept is not made anew" in said.out
    assert [("a",), ("b",)] == hourly.query("SELECT v FROM kept ORDER BY valid_from")


def test_a_backfill_that_is_killed_goes_on_and_ends_as_one_that_was_not(hourly, make_project, tmp_path):
    # So many days that a load is not over before it is killed, on whatever machine.
    hours, until = (
        f"SELECT range, TIMESTAMP '2024-01-01' + INTERVAL 1 HOUR * range AS ts FROM range({400 * 24})",
        "2025-02-04",
    )
    hourly.sql("hours", hours)
    hourly.run("hours")
    whole = make_project(tmp_path / "whole")
    for file in ("hours", "daily"):
        whole.sql(file, (hourly.root / "models" / f"{file}.sql").read_text())
    whole.run("hours")
    whole("backfill", "daily", "--until", until)
    chance = random.Random(3)
    kills = 0
    for _ in range(12):
        child = hourly.start("backfill", "daily", "--until", until)
        time.sleep(chance.uniform(0.3, 0.8))
        kills += child.poll() is None
        child.kill()
        child.communicate()

    said = hourly("backfill", "daily", "--until", until)

    assert 0 == said.code, said.out + said.err
    assert kills >= 3
    query = "SELECT ts, n FROM daily ORDER BY ts"
    assert whole.query(query) == hourly.query(query)
    assert "Nothing to load." in hourly("backfill", "daily", "--until", until, "--dry-run").out


def test_an_edited_model_says_which_intervals_are_of_its_older_definition(hourly):
    yearly = DAILY.replace("batch_size: 1", "grain: year")
    hourly.sql("daily", yearly)
    hourly.run("daily")
    hourly.sql("daily", yearly.replace("range AS n", "range + 1 AS n"))

    plan, run = hourly("plan", "daily").out, hourly("run", "daily").out

    for said in plan, run:
        assert "from an older definition: 2024" in said
        assert "'interlace backfill daily' loads them again" in said
        assert "Nothing to do: 1 model " in said
