"""SIGKILL: old tables or new ones, never a mix; what was appended is there once; the next run says what it found."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

MODELS = 40
ROWS = 20_000


@pytest.fixture
def versions(project):
    """A project whose tables all hold the value of the variable ``v``; `log` keeps one row for each value."""
    project.write(
        "config.yaml",
        """
        connections:
          default: {type: duckdb, path: warehouse.duckdb}
        vars: {v: 0}
    """,
    )
    for i in range(MODELS):
        parent = f" JOIN m{i - 5} AS p ON p.id = range" if i >= 5 else ""
        project.sql(f"m{i}", f"SELECT $v AS v, range AS id FROM range({ROWS if i % 10 == 0 else 100}){parent}")
    project.sql("batch", "SELECT $v AS v")
    project.sql("log", "-- @strategy: append\nSELECT v FROM batch")
    project.python(
        "taught",
        """
        import pyarrow as pa
        from interlace import model

        @model()
        def taught(m0: pa.Table):
            return m0
    """,
    )
    project.run("--var", "v=0", timeout=120)
    return project


def _tables(project):
    """The version that each table holds: one, or the test fails."""
    import duckdb

    names = [*(f"m{i}" for i in range(MODELS)), "batch", "taught"]
    with duckdb.connect(str(project.root / "warehouse.duckdb"), read_only=True) as connection:
        found = {}
        for name in names:
            [(versions, rows)] = connection.execute(f"SELECT list(DISTINCT v), count(*) FROM {name}").fetchall()
            assert 1 == len(versions), f"{name} holds a mix of {versions}"
            found[name] = versions[0], rows
        log = [v for (v,) in connection.execute("SELECT v FROM log ORDER BY v").fetchall()]
    return found, log


def wait_for_more(project, logs, child):
    """Wait until the run has written its first line."""
    while child.poll() is None and set(project.root.glob(".interlace/logs/*.jsonl")) == logs:
        time.sleep(0.002)


def _kill_loop(project, kills, seed):
    chance = random.Random(seed)
    first, _ = _tables(project)
    began = time.monotonic()
    project.run("--var", "v=1", timeout=120)
    usual = time.monotonic() - began
    version, cut, found_out = 1, 0, 0
    for _ in range(kills):
        version += 1
        logs = set(project.root.glob(".interlace/logs/*.jsonl"))
        child = project.start("run", "--var", f"v={version}")
        if chance.random() < 0.7:  # most of a run's time is its start: look there, but more often at its work
            wait_for_more(project, logs, child)
            time.sleep(chance.uniform(0, usual / 3))
        else:
            time.sleep(chance.uniform(0.05, usual))
        child.kill()
        child.communicate(timeout=30)
        after_kill, log = _tables(project)
        assert {version - 1, version} >= {v for v, _ in after_kill.values()}
        assert len(log) == len(set(log)), f"a batch is there twice: {log}"

        again = project.run("--var", f"v={version}", timeout=120)
        now, log = _tables(project)
        assert {version} == {v for v, _ in now.values()}
        assert {n: rows for n, (_, rows) in first.items()} == {n: rows for n, (_, rows) in now.items()}
        assert list(range(version + 1)) == log
        if child.returncode != 0:
            cut += 1
            found_out += "cut off" in again.out
    return cut, found_out


@pytest.mark.slow
def test_runs_killed_at_random_moments_leave_old_tables_or_new_ones(versions):
    cut, found_out = _kill_loop(versions, kills=8, seed=20261123)

    assert cut > 0
    assert found_out > 0


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_fifty_runs_killed_at_random_moments_leave_old_tables_or_new_ones(versions):
    cut, found_out = _kill_loop(versions, kills=50, seed=1)

    assert cut > 20
    assert found_out > 5


AT = """
import os, signal, sys
from interlace.run.recorder import Recorder
from interlace.contracts.connection import Session
from interlace.cli.main import main

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

take = Recorder._take
def taken(self):
    attempts, events = take(self)
    if any(a.model == {model!r} for a in attempts):
        die()
    return attempts, events

if {moment!r} == "before it is recorded":
    Recorder._take = taken
else:
    from interlace_duckdb.session import DuckDBSession
    mark = DuckDBSession.mark
    def marked(self, marker):
        mark(self, marker)
        die()
    DuckDBSession.mark = marked
sys.exit(main(["run"]))
"""


def _killed(project, model, moment):
    done = subprocess.run(
        [sys.executable, "-c", AT.format(model=model, moment=moment)],
        cwd=project.root,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert -9 == done.returncode, done.stderr.decode()


@pytest.fixture
def log(project):
    project.sql("batch", "SELECT 1 AS id")
    project.sql("log", "-- @strategy: append\nSELECT id FROM batch")
    project.run()
    project.sql("batch", "SELECT 2 AS id")
    return project


def test_a_batch_that_was_committed_but_not_recorded_is_not_appended_again(log):
    _killed(log, "log", "before it is recorded")
    assert [(1,), (2,)] == log.query("SELECT id FROM log ORDER BY id")

    said = log.run()

    assert "cut off" in said.out
    assert [(1,), (2,)] == log.query("SELECT id FROM log ORDER BY id")
    assert "Nothing to do" in log.run().out


def test_a_first_batch_that_was_committed_but_not_recorded_is_not_appended_again(project):
    project.sql("log", "-- @strategy: append\nSELECT 1 AS id")
    _killed(project, "log", "before it is recorded")

    project.run()

    assert [(1,)] == project.query("FROM log")


def test_a_batch_that_was_not_committed_is_appended_by_the_next_run(log):
    _killed(log, "log", "before the commit")
    assert [(1,)] == log.query("FROM log")

    log.run()

    assert [(1,), (2,)] == log.query("SELECT id FROM log ORDER BY id")


def test_a_killed_run_is_recorded_as_lost_and_said(log):
    _killed(log, "log", "before the commit")

    said = log.run()

    assert "cut off" in said.out
    assert ["succeeded", "lost", "succeeded"] == [r["status"] for r in log("runs", "list", "--json").json]


def test_nothing_is_left_of_staged_relations(log):
    _killed(log, "log", "before the commit")
    log.run()

    assert [] == log.query("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE '%interlace%'")
