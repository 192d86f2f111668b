"""SIGKILL before each statement of a load: the tables hold the old state or the new one, and the next run ends the same.

A day's extract is merged, kept as history and added by interval.  The load of the second day is killed before its n-th
statement, for each n that there is, then run again; what is there must equal what the run gives that was not killed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

CRASH = Path(__file__).with_name("crash.py")
TABLES = ("merged", "historic", "daily")
EVERY = int(os.environ.get("INTERLACE_CRASH_EVERY", "6"))
"""Each so many statements are tried; all of them by the soak."""

EXTRACTS = {
    1: "(1, 'a', 10), (2, 'b', 20), (3, 'c', 30)",
    2: "(1, 'a', 11), (2, 'b', 20), (4, 'd', 40)",
}


def write(project, day: int) -> None:
    project.write(
        "config.yaml",
        """
        connections:
          default: {type: duckdb, path: warehouse.duckdb}
        """,
    )
    project.sql("extract", f"SELECT * FROM (VALUES {EXTRACTS[day]}) AS given (id, name, amount)\n")
    project.sql("merged", "-- @strategy: merge_by_key\n-- @key: id\nSELECT * FROM extract\n")
    project.sql(
        "historic",
        "-- @strategy: {name: scd_type_2, delete_missing: true, delete_mode: close}\n-- @key: id\nSELECT * FROM extract\n",
    )
    project.sql(
        "daily",
        "-- @incremental: {by: datetime, column: day, start: 2024-01-01}\n"
        "SELECT id, CAST($start AS TIMESTAMPTZ) AS day FROM extract\n",
    )


def contents(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """What is in each table but the moments of loads, seen without Interlace, in a copy."""
    copy = root.parent / "seen"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in root.glob("warehouse.duckdb*"):
        shutil.copy(file, copy)
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        queries = {
            "merged": "SELECT id, name, amount FROM merged ORDER BY ALL",
            "historic": "SELECT id, name, amount, valid_to IS NULL FROM historic ORDER BY ALL",
            "daily": "SELECT id, CAST(day AS DATE) FROM daily ORDER BY ALL",
        }
        return {name: connection.execute(query).fetchall() for name, query in queries.items()}


UNTIL = {1: "2024-01-02", 2: "2024-01-03"}


def run(project, day: int, *crash: str) -> subprocess.CompletedProcess[str]:
    words = ("run", "--since", "2024-01-01", "--until", UNTIL[day])
    argv = [sys.executable, str(CRASH), *crash, "--", *words] if crash else [sys.executable, "-m", "interlace", *words]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("INTERLACE_")}
    return subprocess.run(argv, cwd=project.root, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def prepared(project):
    """Loaded to the first day; how the second day begins and ends."""
    write(project, 1)
    assert 0 == run(project, 1).returncode
    before = contents(project.root)
    start = project.root.parent / "start"
    shutil.copytree(project.root, start)
    write(project, 2)
    done = run(project, 2)
    assert 0 == done.returncode, done.stdout + done.stderr
    after = contents(project.root)
    assert all(before[name] != after[name] for name in TABLES)
    return project, start, before, after


def begin_again(project, start: Path) -> None:
    shutil.rmtree(project.root)
    shutil.copytree(start, project.root)
    write(project, 2)


def tried(prepared, numbers: range) -> int:
    project, start, before, after = prepared
    killed = 0
    for n in numbers:
        begin_again(project, start)
        done = run(project, 2, "before", "statement", str(n))
        if done.returncode == 0:
            break
        assert -9 == done.returncode, done.stdout + done.stderr
        killed += 1
        found = contents(project.root)
        mixed = {name: found[name] for name in TABLES if found[name] not in (before[name], after[name])}
        assert {} == mixed, f"killed before statement {n}"
        again = run(project, 2)
        assert 0 == again.returncode, f"killed before statement {n}: {again.stdout}{again.stderr}"
        assert after == contents(project.root), f"killed before statement {n}"
    return killed


def test_a_load_that_is_killed_before_a_statement_is_old_or_new_and_is_ended_by_the_next_run(prepared):
    assert tried(prepared, range(1, 200, EVERY)) >= 200 // EVERY // 10


@pytest.mark.soak
def test_a_load_that_is_killed_before_each_statement_is_old_or_new_and_is_ended_by_the_next_run(prepared):
    killed = tried(prepared, range(1, 1_000))

    print(f"killed before each of {killed} statements")  # noqa: T201  the soak's figures
    assert killed > 20
