"""Incremental models, run through `Project` with a clock of the test's own, on a real DuckDB."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest

from interlace import Project
from interlace.errors import InvalidModel, InvalidProject, UsageError

EVENTS = "SELECT * FROM read_csv('events.csv', columns = {'id': 'INTEGER', 'ts': 'TIMESTAMP', 'v': 'INTEGER'})"

DAILY = """
    -- @incremental: {by: datetime, column: ts, start: 2024-01-01}
    SELECT id, ts, v FROM events WHERE ts >= $start AND ts < $end
"""


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Folder:
    """A project with a table of events, and a clock."""

    root: Path
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        (self.root / "models").mkdir(parents=True)
        self.write(
            "config.yaml", f"timezone: {self.timezone}\nconnections:\n  default: {{type: duckdb, path: w.duckdb}}\n"
        )
        self.sql("events", EVENTS)

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(dedent(text).lstrip("\n"), encoding="utf-8")

    def sql(self, name: str, text: str) -> None:
        self.write(f"models/{name}.sql", text)

    def events(self, *rows: tuple[int, str, int]) -> None:
        self.write("events.csv", "id,ts,v\n" + "".join(f"{i},{ts},{v}\n" for i, ts, v in rows))

    def run(self, now: str, *select: str, **options: Any) -> Any:
        words = {k: options.pop(k) for k in ("since", "until", "window", "scope") if k in options}
        with Project.load(self.root, environ={}) as project:
            result = project.run(select, at=at(now), asked=project.asked_range(**words), **options)
        assert not options.get("must", True) or result.status in {"succeeded", "nothing"}, result.outcomes
        return result

    def try_run(self, now: str, *select: str, **options: Any) -> Any:
        with Project.load(self.root, environ={}) as project:
            return project.run(select, at=at(now), **options)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.root / "w.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def ids(self, table: str = "daily") -> list[int]:
        return [row[0] for row in self.query(f"SELECT id FROM {table} ORDER BY id")]

    def intervals(self, model: str = "daily") -> list[tuple[str, str, bool]]:
        with Project.load(self.root, environ={}) as project:
            found = project.store.intervals(project.environment, model)
        return [(f"{i.start:%m-%d %H}", f"{i.end:%m-%d %H}", i.partial) for i in found]

    def cursor(self, model: str) -> str | None:
        with Project.load(self.root, environ={}) as project:
            return project.store.cursor(project.environment, model)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "p")


def one_a_day(days: int, start: str = "2024-01-01") -> list[tuple[int, str, int]]:
    first = at(start)
    return [(d, f"{first + timedelta(days=d, hours=12):%Y-%m-%d %H:%M:%S}", 1) for d in range(days)]


def reasons(result: Any, model: str = "daily") -> list[str]:
    step = result.plan.step(model)
    return [r.code for r in step.reasons] if step is not None else []


# --- by datetime ----------------------------------------------------------------------------------------------------


def test_all_that_has_ended_is_loaded_and_nothing_after(folder):
    folder.events(*one_a_day(30))
    folder.sql("daily", DAILY)

    folder.run("2024-01-11T05:00")

    assert list(range(10)) == folder.ids()
    assert [("01-01 00", "01-11 00", False)] == folder.intervals()


def test_the_next_run_loads_the_next_interval_and_one_in_between_nothing(folder):
    folder.events(*one_a_day(30))
    folder.sql("daily", DAILY)
    folder.run("2024-01-11T05:00")

    between = folder.run("2024-01-11T23:00")
    after = folder.run("2024-01-12T00:00")

    assert "nothing" == between.status
    assert ["interval"] == reasons(after)
    assert list(range(11)) == folder.ids()


def test_a_query_that_names_no_bounds_is_guarded(folder):
    folder.events(*one_a_day(30))
    folder.sql("daily", "-- @incremental: {by: datetime, column: ts, start: 2024-01-04}\nSELECT * FROM events")

    result = folder.run("2024-01-11T05:00")

    assert list(range(3, 10)) == folder.ids()
    assert 23 == result.outcomes["daily"].counts["rejected"]


def test_a_gap_is_found_and_filled(folder):
    folder.events(*one_a_day(30))
    folder.sql("daily", DAILY)
    folder.run("2024-01-20", since="2024-01-01", until="2024-01-03")
    folder.run("2024-01-20", since="2024-01-05", until="2024-01-07")

    result = folder.run("2024-01-10")

    assert ["gap", "interval"] == sorted(reasons(result))
    assert "2 intervals are missing: 2024-01-03 … 2024-01-04" in [r.text for r in result.plan.step("daily").reasons]
    assert list(range(9)) == folder.ids()


def test_a_failed_interval_stays_unprocessed_and_the_others_before_it_are_kept(folder):
    folder.events(*one_a_day(10))
    failing = DAILY.replace("v FROM", "CASE WHEN id = 5 THEN error('boom') ELSE v END AS v FROM")
    folder.sql("daily", failing.replace("2024-01-01}", "2024-01-01, batch_size: 1}"))

    failed = folder.try_run("2024-01-09")

    assert "failed" == failed.status
    assert list(range(5)) == folder.ids()
    assert "01-06 00" == folder.intervals()[-1][1]

    folder.sql("daily", DAILY.replace("2024-01-01}", "2024-01-01, batch_size: 1}"))
    again = folder.run("2024-01-09")

    assert 3 == len(again.plan.step("daily").intervals)
    assert list(range(8)) == folder.ids()


def test_an_edit_is_forward_only_and_the_plan_says_what_an_older_definition_loaded(folder):
    folder.events(*one_a_day(10))
    folder.sql("daily", DAILY)
    folder.run("2024-01-05")
    folder.sql("daily", DAILY.replace("id, ts, v FROM", "id, ts, v + 1 AS v FROM"))

    nothing = folder.run("2024-01-05T01:00")
    result = folder.run("2024-01-06")

    assert "nothing" == nothing.status
    rest = next(u for u in nothing.plan.up_to_date if u.model == "daily")
    assert "4 intervals come from an older definition: 2024-01-01 … 2024-01-04" == rest.reasons[-1].text
    assert ["interval", "older_definition"] == reasons(result)
    assert [(0, 1), (1, 1), (2, 1), (3, 1), (4, 2)] == folder.query("SELECT id, v FROM daily ORDER BY id")


def test_only_a_range_or_a_full_refresh_recomputes_what_an_older_definition_loaded(folder):
    folder.events(*one_a_day(10))
    folder.sql("daily", DAILY)
    folder.run("2024-01-05")
    folder.sql("daily", DAILY.replace("id, ts, v FROM", "id, ts, v + 1 AS v FROM"))

    folder.run("2024-01-05", since="2024-01-02", until="2024-01-04", scope="older")
    assert [1, 2, 2, 1] == [v for (v,) in folder.query("SELECT v FROM daily ORDER BY id")]

    folder.run("2024-01-05", full_refresh=True)
    assert [2, 2, 2, 2] == [v for (v,) in folder.query("SELECT v FROM daily ORDER BY id")]


def test_a_full_refresh_may_change_the_type_of_a_column(folder):
    folder.events(*one_a_day(5))
    folder.sql("daily", DAILY)
    folder.run("2024-01-04")
    folder.sql("daily", DAILY.replace("id, ts, v FROM", "id, ts, 'x' AS v FROM"))

    folder.run("2024-01-04", full_refresh=True)

    assert [("x",)] == folder.query("SELECT DISTINCT v FROM daily")
    assert [("01-01 00", "01-04 00", False)] == folder.intervals()


def test_lookback_takes_late_rows_in(folder):
    folder.events(*one_a_day(5))
    folder.sql("daily", DAILY.replace("start: 2024-01-01", "start: 2024-01-01, lookback: 2"))
    folder.run("2024-01-06")
    folder.events(*one_a_day(6), (100, "2024-01-03 01:00:00", 1), (101, "2024-01-04 01:00:00", 1))

    result = folder.run("2024-01-07")

    assert ["interval", "lookback"] == [c for c in reasons(result) if c in {"interval", "lookback"}]
    assert [0, 1, 2, 3, 4, 5, 101] == folder.ids()


def test_rows_that_came_late_alone_are_a_reason_only_with_a_lookback(folder):
    folder.events(*one_a_day(5))
    folder.sql("daily", DAILY)
    folder.sql("late", DAILY.replace("start: 2024-01-01", "start: 2024-01-01, lookback: 2"))
    folder.run("2024-01-06")
    folder.events(*one_a_day(5), (101, "2024-01-05 01:00:00", 1))

    result = folder.run("2024-01-06T01:00")

    assert ["parent_runs", "lookback"] == reasons(result, "late")
    assert [] == reasons(result, "daily")
    assert [0, 1, 2, 3, 4, 101] == folder.ids("late")
    assert "nothing" == folder.run("2024-01-06T02:00").status


def test_an_interval_that_is_not_over_is_loaded_again_where_that_is_allowed(folder):
    folder.events((1, "2024-01-01 01:00:00", 1))
    folder.sql("daily", DAILY.replace("start: 2024-01-01", "start: 2024-01-01, allow_partial: true"))
    folder.run("2024-01-01T02:00")
    assert [("01-01 00", "01-02 00", True)] == folder.intervals()

    folder.events((1, "2024-01-01 01:00:00", 1), (2, "2024-01-01 23:00:00", 1))
    folder.run("2024-01-02T02:00")

    assert [1, 2] == folder.ids()
    assert [("01-01 00", "01-02 00", False), ("01-02 00", "01-03 00", True)] == folder.intervals()


def test_without_a_start_the_first_load_is_of_everything_that_is_over(folder):
    folder.events((1, "1999-12-31 00:00:00", 1), (2, "2024-01-01 01:00:00", 1), (3, "2024-01-02 01:00:00", 1))
    folder.sql("daily", DAILY.replace(", start: 2024-01-01", ""))

    first = folder.run("2024-01-02T05:00")
    second = folder.run("2024-01-03")

    assert "everything before 2024-01-02 is due" == first.plan.step("daily").reasons[-1].text
    assert 1 == len(second.plan.step("daily").intervals)
    assert [1, 2, 3] == folder.ids()


def test_a_model_whose_history_has_not_begun_is_an_empty_table(folder):
    folder.events(*one_a_day(3))
    folder.sql("daily", DAILY.replace("2024-01-01", "2030-01-01"))
    folder.sql("child", "SELECT count(*) AS n FROM daily")

    folder.run("2024-01-05")

    assert [(0,)] == folder.query("SELECT n FROM child")
    assert "nothing" == folder.run("2024-01-06").status


def test_a_table_that_was_dropped_is_loaded_from_the_start(folder):
    folder.events(*one_a_day(5))
    folder.sql("daily", DAILY)
    folder.run("2024-01-05")
    with duckdb.connect(str(folder.root / "w.duckdb")) as connection:
        connection.execute("DROP TABLE daily")

    folder.run("2024-01-05T01:00")

    assert [0, 1, 2, 3] == folder.ids()


def test_a_child_waits_for_intervals_that_its_parent_has_not_loaded(folder):
    folder.events(*one_a_day(10))
    folder.sql("daily", DAILY)
    folder.sql("child", DAILY.replace("FROM events", "FROM daily"))
    folder.run("2024-01-05")

    alone = folder.run("2024-01-07", "child")
    both = folder.run("2024-01-07")

    assert "nothing" == alone.status
    assert "2 intervals wait for daily: 2024-01-05 … 2024-01-06" == alone.plan.up_to_date[0].reasons[-1].text
    assert "succeeded" == both.status
    assert list(range(6)) == folder.ids("child")


def test_python_models_are_told_their_interval(folder):
    folder.events()
    folder.write(
        "models/daily.py",
        """
        from interlace import model

        @model(incremental={"by": "datetime", "column": "ts", "start": "2024-01-01", "batch_size": 1})
        def daily(context):
            start, end = context.interval.start, context.interval.end
            return [{"id": start.day, "ts": start, "hours": (end - start).total_seconds() / 3600}]
        """,
    )

    folder.run("2024-01-04")

    assert [(1, 24.0), (2, 24.0), (3, 24.0)] == folder.query("SELECT id, hours FROM daily ORDER BY id")


# --- time zones -----------------------------------------------------------------------------------------------------


def test_days_follow_the_clocks_of_the_projects_zone(tmp_path):
    folder = Folder(tmp_path / "p", "Europe/Berlin")
    folder.events()
    folder.sql(
        "daily",
        """
        -- @incremental: {by: datetime, column: ts, start: 2024-03-30, batch_size: 1}
        SELECT $start AS ts, CAST($end AS TIMESTAMPTZ) - CAST($start AS TIMESTAMPTZ) AS took,
               TIMESTAMPTZ '2024-01-01' AS zoned
        """.replace("$start AS ts", "CAST($start AS TIMESTAMPTZ) AS ts"),
    )

    folder.run("2024-04-01T12:00")

    assert [(timedelta(hours=24),), (timedelta(hours=23),)] == folder.query("SELECT took FROM daily ORDER BY ts")


@pytest.mark.parametrize("type_", ["TIMESTAMP", "DATE"])
def test_a_column_without_a_zone_shows_the_clocks_of_the_projects_zone(tmp_path, type_):
    folder = Folder(tmp_path / "p", "Europe/Berlin")
    folder.events((1, "2024-01-01 00:00:00", 1), (2, "2024-01-01 23:59:59", 1), (3, "2024-01-02 00:00:00", 1))
    folder.sql(
        "daily",
        f"""
        -- @incremental: {{by: datetime, column: ts, start: 2024-01-01}}
        SELECT id, CAST(ts AS {type_}) AS ts FROM events WHERE CAST(ts AS {type_}) >= $start AND CAST(ts AS {type_}) < $end
        """,
    )

    folder.run("2024-01-01T23:00")

    assert [1, 2] == folder.ids()


def test_a_column_with_a_zone_is_compared_as_a_moment(tmp_path):
    folder = Folder(tmp_path / "p", "Europe/Berlin")
    folder.events((1, "2023-12-31 22:59:59", 1), (2, "2023-12-31 23:00:00", 1), (3, "2024-01-01 23:00:00", 1))
    folder.sql(
        "daily",
        """
        -- @incremental: {by: datetime, column: ts, start: 2024-01-01}
        SELECT id, CAST(ts AS TIMESTAMPTZ) AS ts FROM events WHERE CAST(ts AS TIMESTAMPTZ) >= $start
        """,
    )

    folder.run("2024-01-01T23:00")

    assert [2] == folder.ids()


# --- by key ---------------------------------------------------------------------------------------------------------

KEYED = """
    -- @incremental: {by: key, column: id}
    -- @key: id
    SELECT id, v FROM events WHERE $cursor IS NULL OR id > $cursor
"""


def test_by_key_only_what_is_greater_than_the_cursor_is_loaded(folder):
    folder.events((1, "2024-01-01", 1), (2, "2024-01-01", 1))
    folder.sql("keyed", KEYED)
    folder.run("2024-01-01")
    folder.events((1, "2024-01-01", 9), (2, "2024-01-01", 1), (3, "2024-01-01", 1))

    folder.run("2024-01-02")

    assert [(1, 1), (2, 1), (3, 1)] == folder.query("SELECT id, v FROM keyed ORDER BY id")
    assert "3" == folder.cursor("keyed")


def test_by_key_a_query_that_names_no_cursor_is_guarded(folder):
    folder.events((1, "2024-01-01", 1))
    folder.sql("keyed", "-- @incremental: key(id)\nSELECT id, v FROM events")
    folder.run("2024-01-01")
    folder.events((1, "2024-01-01", 9), (2, "2024-01-01", 1))

    folder.run("2024-01-02")

    assert [(1, 1), (2, 1)] == folder.query("SELECT id, v FROM keyed ORDER BY id")


def test_by_key_a_lookback_takes_late_commits_in(folder):
    folder.events((1, "2024-01-01", 1), (5, "2024-01-01", 1))
    folder.sql("keyed", KEYED.replace("column: id}", "column: id, lookback: 3}"))
    folder.run("2024-01-01")
    folder.events((1, "2024-01-01", 1), (3, "2024-01-01", 1), (5, "2024-01-01", 1), (6, "2024-01-01", 1))

    folder.run("2024-01-02")

    assert [1, 3, 5, 6] == folder.ids("keyed")


def test_by_key_the_cursor_never_moves_backwards(folder):
    folder.events((1, "2024-01-01", 1), (5, "2024-01-01", 1))
    folder.sql("keyed", KEYED.replace("column: id}", "column: id, lookback: 4}"))
    folder.run("2024-01-01")
    folder.events((2, "2024-01-01", 1))

    folder.run("2024-01-02")

    assert "5" == folder.cursor("keyed")
    assert [1, 2, 5] == folder.ids("keyed")


def test_by_key_a_full_refresh_forgets_the_cursor(folder):
    folder.events((1, "2024-01-01", 1), (5, "2024-01-01", 1))
    folder.sql("keyed", KEYED)
    folder.run("2024-01-01")
    folder.events((2, "2024-01-01", 1))

    folder.run("2024-01-02", full_refresh=True)

    assert [2] == folder.ids("keyed")
    assert "2" == folder.cursor("keyed")


def test_by_key_a_time_loses_nothing_while_rows_are_committed_late(folder):
    """Rows are committed out of order, at most six hours late; the overlap and the key take them all in, once."""
    chance = random.Random(7)
    rows = [(i, at("2024-01-01") + timedelta(minutes=30 * i)) for i in range(200)]
    arrival = {i: ts + timedelta(hours=chance.uniform(0, 6)) for i, ts in rows}
    folder.sql(
        "keyed",
        """
        -- @incremental: {by: key, column: ts, lookback: 6h}
        -- @key: id
        SELECT id, ts FROM events WHERE $cursor IS NULL OR ts >= $cursor
        """,
    )
    for hours in range(0, 120, 12):
        now = at("2024-01-01") + timedelta(hours=hours)
        folder.events(*[(i, f"{ts:%Y-%m-%d %H:%M:%S}", 1) for i, ts in rows if arrival[i] <= now])
        folder.run(f"{now:%Y-%m-%dT%H:%M}")

    assert [i for i, _ in rows] == folder.ids("keyed")


def test_by_key_a_range_saves_no_cursor(folder):
    folder.events((1, "2024-01-01 00:00:00", 1), (2, "2024-01-02 00:00:00", 1), (3, "2024-01-03 00:00:00", 1))
    folder.sql("keyed", "-- @incremental: key(ts)\n-- @key: id\nSELECT id, ts, v FROM events")
    folder.run("2024-01-04")
    folder.events((1, "2024-01-01 00:00:00", 1), (2, "2024-01-02 00:00:00", 7), (9, "2024-01-09 00:00:00", 1))

    folder.run("2024-01-04", since="2024-01-02", until="2024-01-03")

    assert [(1, 1), (2, 7), (3, 1)] == folder.query("SELECT id, v FROM keyed ORDER BY id")
    assert "2024-01-03 00:00:00" == folder.cursor("keyed")


def test_by_key_python_models_are_told_the_cursor(folder):
    folder.events()
    folder.write(
        "models/keyed.py",
        """
        from interlace import model

        @model(incremental={"by": "key", "column": "id"}, key="id")
        def keyed(context):
            first = 1 if context.cursor is None else context.cursor + 1
            return [{"id": n} for n in range(first, first + 2)]
        """,
    )

    folder.run("2024-01-01")
    folder.run("2024-01-01")

    assert [1, 2, 3, 4] == folder.ids("keyed")


# --- what is refused ------------------------------------------------------------------------------------------------


def test_a_part_that_is_named_without_incremental_is_an_error_before_anything_runs(folder):
    folder.events()
    folder.sql("plain", "SELECT * FROM events WHERE ts >= $start")

    with pytest.raises(InvalidModel, match=r"plain.sql:1(.|\n)*\$start says which part a load is about") as caught:
        folder.run("2024-01-01")

    assert "-- @incremental: datetime(column)" in str(caught.value)
    assert not (folder.root / "w.duckdb").exists()


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("-- @incremental: datetime(ts)\n-- @materialise: view", "keeps no rows"),
        ("-- @incremental: datetime(ts)\n-- @strategy: none", "managed elsewhere"),
        ("-- @incremental: key(id)\n-- @strategy: replace", "would keep only the newest rows"),
        ("-- @incremental: {by: key, column: id, lookback: 3}", "a lookback by key"),
        ("-- @incremental: {by: datetime, column: ts, grain: dya}", "Did you mean 'day'"),
        ("-- @incremental: {by: datetime, column: ts, lookbak: 1}", "lookback"),
    ],
)
def test_what_does_not_go_together_is_an_error_before_anything_runs(folder, header, said):
    folder.events()
    folder.sql("wrong", f"{header}\nSELECT * FROM events")

    with pytest.raises((InvalidModel, InvalidProject), match=said):
        folder.run("2024-01-01")


def test_a_column_that_is_not_there_is_named_with_the_nearest(folder):
    folder.events()
    folder.sql("daily", "-- @incremental: {by: datetime, column: tss, start: 2024-01-01}\nSELECT * FROM events")

    result = folder.try_run("2024-01-05")

    assert "Did you mean 'ts'?" in str(result.outcomes["daily"].error)


def test_a_column_that_holds_no_times_is_refused(folder):
    folder.events()
    folder.sql("daily", "-- @incremental: {by: datetime, column: id, start: 2024-01-01}\nSELECT * FROM events")

    result = folder.try_run("2024-01-05")

    assert "INTEGER" in str(result.outcomes["daily"].error)


def test_a_range_of_a_key_that_is_no_time_is_refused(folder):
    folder.events((1, "2024-01-01", 1))
    folder.sql("keyed", KEYED)
    folder.run("2024-01-01")

    with pytest.raises(UsageError, match="keyed is incremental by the key 'id', which is no time"):
        folder.run("2024-01-01", since="2024-01-01")
