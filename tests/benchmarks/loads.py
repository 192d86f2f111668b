"""Merges, histories, backfills and checks of large tables, beside bare DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from bench import Bench, forget
from measure import Cost, python, spend
from projects import DATABASE, Tables
from table import Row

__all__ = ["backfill", "checks", "history", "merge"]

BARE = Path(__file__).with_name("bare_loads.py")

MERGE: Tables = {"customers": "-- @strategy: merge_by_key\n-- @key: id\nSELECT * FROM changes"}
HISTORY: Tables = {"customers_history": "-- @strategy: scd_type_2\n-- @key: id\nSELECT * FROM extract"}
DAILY: Tables = {
    "daily": "-- @incremental: {by: datetime, column: happened_at, batch_size: 1, start: 2020-01-01}\n"
    "SELECT * FROM events WHERE happened_at >= $start AND happened_at < $end"
}
CHECKED: Tables = {
    "events": """-- @strategy: none
-- @checks:
--   - not_null: [id, kind, happened_at]
--   - range: {column: amount, min: 0, max: 1000000}
--   - range: {column: id, min: 0}
--   - accepted_values: {column: kind, values: [a, b, c, d]}
--   - pattern: {column: code, regex: "^[A-Z]-[0-9]+$"}
--   - expression: amount >= 0 OR kind = 'd'
--   - expression: happened_at >= TIMESTAMP '2020-01-01'
--   - row_count: {min: 1}
SELECT 1"""
}

TRIVIAL_CHECK = "-- @strategy: none\n-- @checks: [{row_count: {min: 1}}]\nSELECT 1"


def merge(bench: Bench) -> Iterator[Row]:
    """100,000 rows, half of them updates, into five million, by key."""
    rows, batch = bench.size(5_000_000), bench.size(100_000)
    file = bench.data(f"merge-{rows}-{batch}.duckdb", "make_merge", rows, batch, script=BARE)
    what = f"merge of {batch:,} rows into {rows:,} by key"
    yield compared(bench, what, MERGE, ("changes",), file, ("run",), ("merge",), goal=1.5)
    what += ", beside SQL that compares too"
    yield compared(bench, what, MERGE, ("changes",), file, ("run",), ("merge_compared",), goal=1.5)


def history(bench: Bench) -> Iterator[Row]:
    """A full extract of a million rows, 50,000 of them changed, into its history."""
    rows, changed = bench.size(1_000_000), bench.size(50_000)
    file = bench.data(f"history-{rows}-{changed}.duckdb", "make_history", rows, changed, script=BARE)
    what = f"SCD2: a full extract of {rows:,} rows, {changed:,} changed"
    yield compared(bench, what, HISTORY, ("extract",), file, ("run",), ("history",), goal=1.3)


def backfill(bench: Bench) -> Iterator[Row]:
    """A thousand daily intervals over ten million rows."""
    rows, days = bench.size(10_000_000), bench.size(1_000)
    file = bench.data(f"days-{rows}-{days}.duckdb", "make_days", rows, days, script=BARE)
    words = ("run", "--since", "2020-01-01", "--until", _day_after(days))
    what = f"backfill of {days:,} daily intervals over {rows:,} rows"
    yield compared(bench, what, DAILY, ("events",), file, words, ("backfill", days), goal=1.3)


def checks(bench: Bench) -> Iterator[Row]:
    """Ten checks on ten million rows."""
    rows, days = bench.size(10_000_000), bench.size(1_000)
    file = bench.data(f"days-{rows}-{days}.duckdb", "make_days", rows, days, script=BARE)
    yield compared(bench, f"10 checks on {rows:,} rows", CHECKED, (), file, ("check",), ("check",), goal=1.2)


def compared(
    bench: Bench,
    what: str,
    tables: Tables,
    sources: tuple[str, ...],
    file: Path,
    words: tuple[str, ...],
    bare: tuple[object, ...],
    *,
    goal: float,
) -> Row:
    """A command and a bare script on copies of one file, each less one trivial model on such a copy."""
    more = "sources:\n" + "".join(f"  {name}: {{relation: main.{name}}}\n" for name in sources) if sources else ""
    many = bench.project("many", tables, more)
    one = bench.project("one", {"events": TRIVIAL_CHECK} if words[0] == "check" else {"one": "SELECT 1 AS id"})
    run, run_one, loop, loop_one = bench.best(
        bench.cold(many, *words, data=file),
        bench.cold(one, "check" if words[0] == "check" else "run", data=file),
        _bare(many, file, *bare),
        _bare(one, file, "nothing"),
    )
    work, bare_work = run.cpu - run_one.cpu, loop.cpu - loop_one.cpu
    return Row(
        what=what,
        measured=f"{work:.2f} s ({run.peak:.0f} MB)",
        bare=f"{bare_work:.2f} s ({loop.peak:.0f} MB)",
        ratio=work / bare_work,
        judged=work / bare_work,
        goal=goal,
        unit="×",
        numbers={
            "whole": run.cpu,
            "fixed": run_one.cpu,
            "bare": loop.cpu,
            "bare_fixed": loop_one.cpu,
            "peak": run.peak,
        },
    )


def _bare(root: Path, file: Path, *words: object) -> Callable[[], Cost]:
    def measured() -> Cost:
        forget(root, file)
        return spend(python(BARE, *words, DATABASE), root)

    return measured


def _day_after(days: int) -> str:
    return str(date(2020, 1, 1) + timedelta(days=days))
