"""SIGKILL at any moment and at each step leaves old tables or new ones, never a mix, and the next run says what it found.

Everything in the project carries one version number, a variable.  A run to the next version is killed; then a copy of
the database is opened without Interlace, and each relation has to be wholly of one version.  The run is repeated, and
everything has to be of the new version, with each batch in the append models exactly once.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from interlace.state.store import Store

BATCH = 400
"""Rows of the seed, and so of each batch that is appended."""

SMALL = 8
"""Small tables: half of them read the seed, the others one of those."""

APPENDED = ("history", "imported")


@dataclass
class Crashing:
    """A project in which everything is of one version.

    Attributes:
        rows: of the Python model; the SQL root has two thirds of them.
    """

    project: object
    rows: int

    @property
    def root(self) -> Path:
        return self.project.root

    def write(self) -> None:
        made = self.project
        made.write(
            "config.yaml",
            """
            connections:
              default: {type: duckdb, path: warehouse.duckdb}
            vars:
              version: {type: int, default: 0}
            """,
        )
        made.sql(
            "root",
            f"SELECT $version AS version, range AS id, md5($version || '-' || range) AS digest FROM range({self.rows * 2 // 3})",
        )
        made.python(
            "generated",
            f"""
            import pyarrow as pa
            from interlace import model

            @model(volatile=False)
            def generated(context):
                version = context.variables["version"]
                for start in range(0, {self.rows}, 20_000):
                    size = min(20_000, {self.rows} - start)
                    yield pa.record_batch({{"version": [version] * size, "id": range(start, start + size)}})
            """,
        )
        for i in range(SMALL):
            parent = "batch" if i < SMALL // 2 else f"small_{i - SMALL // 2}"
            made.sql(f"small_{i}", f"SELECT $version AS version, version AS parent, id FROM {parent}")
        made.sql(
            "seen",
            "-- @materialise: view\n-- @schema: marts\nSELECT $version AS version, version AS parent, id FROM root",
        )
        made.sql("history", "-- @strategy: append\nSELECT version, id FROM small_0")
        made.python(
            "imported",
            """
            import pyarrow as pa
            from interlace import model

            @model(strategy="append")
            def imported(batch: pa.Table) -> pa.Table:
                return batch
            """,
        )
        made.sql(
            "total",
            """
            -- @schema: marts
            -- @checks: [{row_count: {min: 3, max: 3}}, {unique: source}]
            -- @export: {format: csv, path: out/total.csv}
            SELECT $version AS version, 'root' AS source, min(version) AS oldest, max(version) AS newest FROM seen
            UNION ALL SELECT $version, 'generated', min(version), max(version) FROM generated
            UNION ALL SELECT $version, 'small', min(version), max(version) FROM small_7
            """,
        )

    def batch(self, version: int) -> None:
        """The seed of one version, in place of that of the last."""
        lines = "".join(f"{version},{i}\n" for i in range(BATCH))
        self.project.write("seeds/batch.csv", f"version,id\n{lines}")

    def update(self, version: int) -> str:
        """Run to a version, which has to succeed; gives what was said."""
        said = self.project.run("--var", f"version={version}")
        return said.out + said.err


# Of each relation: how many of its rows are as they have to be.
WHOLE = {
    "root": "count(*) FILTER (WHERE digest = md5(version || '-' || id))",
    "generated": "count(DISTINCT id)",
    "marts.seen": "count(*) FILTER (WHERE parent = version)",
    "marts.total": "count(*) FILTER (WHERE oldest = version AND newest = version)",
    "batch": "count(DISTINCT id)",
    **{f"small_{i}": "count(*) FILTER (WHERE parent = version)" for i in range(SMALL)},
}


def expected_rows(crashing: Crashing) -> dict[str, int]:
    big = {"root": crashing.rows * 2 // 3, "generated": crashing.rows, "marts.seen": crashing.rows * 2 // 3}
    return {**dict.fromkeys(WHOLE, BATCH), **big, "marts.total": 3}


# --- what is there, seen without Interlace ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """The version of each relation, and the versions whose batch each append model holds."""

    versions: dict[str, int]
    appended: dict[str, set[int]]


def look(crashing: Crashing, copy: Path) -> Found:
    """Look at a copy of the database, so that the next run finds it as it was left; refuse a mix."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in crashing.root.glob("warehouse.duckdb*"):
        shutil.copy(file, copy)
    with duckdb.connect(str(copy / "warehouse.duckdb")) as connection:
        versions = whole_versions(connection, crashing)
        appended = {name: whole_batches(connection, name) for name in APPENDED}
        assert [] == leftovers(connection)
    return Found(versions, appended)


def whole_versions(connection, crashing: Crashing) -> dict[str, int]:
    """The version of each relation.  A view whose parent is newer than itself shows the new rows, as views do."""
    versions = {}
    for name, rows in expected_rows(crashing).items():
        found = connection.execute(f"SELECT version, count(*), {WHOLE[name]} FROM {name} GROUP BY version").fetchall()
        assert len(found) == 1, f"{name} is a mix: {found}"
        [(version, all_rows, right_rows)] = found
        behind = name == "marts.seen" and versions["root"] == version + 1
        assert (rows, 0 if behind else rows) == (all_rows, right_rows), f"{name} is not whole at version {version}"
        versions[name] = version
    return versions


def whole_batches(connection, name: str) -> set[int]:
    """The versions of which an append model holds the batch, exactly once."""
    query = f"SELECT version, count(*), count(DISTINCT id) FROM {name} GROUP BY version ORDER BY version"
    found = connection.execute(query).fetchall()
    wrong = [row for row in found if row[1:] != (BATCH, BATCH)]
    assert not wrong, f"{name} holds a batch in part, or twice: {wrong}"
    return {version for version, *_ in found}


def leftovers(connection) -> list[str]:
    """Relations that Interlace made for itself; its documented schema `_interlace` is not among them."""
    query = "SELECT table_name FROM information_schema.tables WHERE starts_with(table_name, '__interlace')"
    return [name for (name,) in connection.execute(query).fetchall()]


def runs(crashing: Crashing) -> dict[str, str]:
    """The status of each run, as the state has it."""
    store = Store.embedded(crashing.root / ".interlace" / "state.db")
    store.open()
    try:
        return {run.id: run.status for run in store.runs(limit=1000)}
    finally:
        store.close()


def running(crashing: Crashing) -> list[str]:
    return [run for run, status in runs(crashing).items() if status == "running"]


def check_killed(crashing: Crashing, version: int, copy: Path) -> Found:
    """What was left is old or new."""
    found = look(crashing, copy)
    assert set(found.versions.values()) <= {version - 1, version}
    before = set(range(version))
    for name, held in found.appended.items():
        assert held in (before, before | {version}), f"{name} holds {held}"
    assert exported(crashing) in (version - 1, version)
    return found


def exported(crashing: Crashing) -> int:
    """The one version of the exported file, which is whole."""
    header, *lines = (crashing.root / "out" / "total.csv").read_text().splitlines()
    [version] = {int(line.split(",")[0]) for line in lines}
    assert ("version,source,oldest,newest", 3) == (header, len(lines))
    return version


def check_recovered(crashing: Crashing, version: int, copy: Path) -> float:
    """The next run says what it found and makes all new; after it nothing is left to do.  Gives the seconds it took."""
    cut_off = running(crashing)
    began = time.monotonic()
    said = crashing.update(version)
    seconds = time.monotonic() - began
    for run in cut_off:
        assert 1 == said.count(f"run {run}, begun")
        assert "was cut off" in said
        assert "lost" == runs(crashing)[run]
    found = look(crashing, copy)
    everything = set(range(version + 1))
    assert {version} == {*found.versions.values(), exported(crashing)}
    assert dict.fromkeys(APPENDED, everything) == found.appended
    assert [] == running(crashing)
    assert "Nothing to do" in crashing.update(version)
    assert found == look(crashing, copy)
    return seconds


@pytest.fixture
def make_crashing(make_project, tmp_path):
    """A function that makes the project and runs it once, to version 0."""

    def make(rows: int) -> Crashing:
        made = Crashing(make_project(tmp_path / "project"), rows)
        made.write()
        made.batch(0)
        made.update(0)
        return made

    return make


# --- at random moments ------------------------------------------------------------------------------------------------


def timed(crashing: Crashing, version: int) -> float:
    """Seconds that a run takes that is not killed."""
    crashing.batch(version)
    began = time.monotonic()
    crashing.update(version)
    return time.monotonic() - began


def kill_after(crashing: Crashing, version: int, seconds: float) -> bool:
    """Start a run and kill it after some time; whether it was still there."""
    crashing.batch(version)
    child = crashing.project.start("run", "--var", f"version={version}")
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
    child.communicate()
    return child.returncode == -signal.SIGKILL


def how_far(killed: bool, found: Found, version: int) -> str:
    if not killed:
        return "ended before"
    states = {*found.versions.values(), *(max(held) for held in found.appended.values())}
    return {frozenset([version - 1]): "all old", frozenset([version]): "all new"}.get(
        frozenset(states), "some old, some new"
    )


def kill_often(crashing: Crashing, kills: int, seed: int, copy: Path) -> Counter[str]:
    """Kill runs, each in another slice of the time that one takes, at a random moment of it."""
    chance = random.Random(seed)
    length = timed(crashing, 1)
    outcomes: Counter[str] = Counter()
    for i, part in enumerate(chance.sample(range(kills), kills)):
        version = i + 2
        moment = length * (0.2 + (part + chance.random()) / kills * 0.8)
        killed = kill_after(crashing, version, moment)
        try:
            found = check_killed(crashing, version, copy)
            outcome = how_far(killed, found, version)
            outcomes[outcome] += 1
            seconds = check_recovered(crashing, version, copy)
        except AssertionError as error:
            error.add_note(f"kill {i + 1} of {kills}, after {moment:.3f} s of about {length:.3f} s; seed {seed}")
            raise
        if outcome == "all old":
            length = seconds  # of a whole run, under the load of now
    return outcomes


def report(capsys, outcomes: Counter[str], seed: int) -> None:
    said = ", ".join(f"{n} {what}" for what, n in sorted(outcomes.items()))
    with capsys.disabled():
        sys.stdout.write(f"\n{outcomes.total()} kills with seed {seed}: {said}\n")


@pytest.mark.slow
def test_runs_killed_at_random_moments_leave_old_or_new_tables(make_crashing, tmp_path, capsys):
    seed = 20_240
    outcomes = kill_often(make_crashing(300_000), 5, seed, tmp_path / "copy")

    report(capsys, outcomes, seed)
    assert outcomes["ended before"] < outcomes.total()


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_sixty_runs_killed_at_random_moments_leave_old_or_new_tables(make_crashing, tmp_path, capsys):
    seed = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
    outcomes = kill_often(make_crashing(300_000), int(os.environ.get("KILLS", "60")), seed, tmp_path / "copy")

    report(capsys, outcomes, seed)
    assert outcomes["some old, some new"] > 0


# --- at each step -----------------------------------------------------------------------------------------------------


def crash(crashing: Crashing, version: int, when: str, point: str, nth: int) -> bool:
    """Run to a version and be killed at one call of one step (see `crash.py`); whether that call came."""
    crashing.batch(version)
    done = crashing.project.killed_at(when, point, nth, "run", "--var", f"version={version}")
    assert done.code in (0, -signal.SIGKILL), done.out + done.err
    return done.code == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize(("when", "point", "nth"), [
    ("after", "begin-run", 1),
    ("before", "mark", 1),
    ("before", "mark", 2),
    ("before", "commit", 2),
    ("after", "commit", 2),
    ("before", "record", 2),
    ("after", "record", 2),
    ("before", "finish", 1),
    ("before", "stamp", 1),
])  # fmt: skip
def test_a_run_killed_at_a_step_is_taken_up_by_the_next(make_crashing, tmp_path, when, point, nth):
    crashing = make_crashing(6_000)

    assert crash(crashing, 1, when, point, nth)

    check_killed(crashing, 1, tmp_path / "copy")
    check_recovered(crashing, 1, tmp_path / "copy")


@pytest.fixture
def journal(make_project, tmp_path):
    """A project with one append model over one table, at its second batch."""
    made = make_project(tmp_path / "project")
    made.write(
        "config.yaml",
        """
        connections:
          default: {type: duckdb, path: warehouse.duckdb}
        vars:
          version: {type: int, default: 0}
        """,
    )
    made.sql("batch", "SELECT $version AS version")
    made.sql("journal", "-- @strategy: append\nSELECT version FROM batch")
    made.run()
    return made


def killed(project, when: str, point: str, nth: int) -> None:
    done = project.killed_at(when, point, nth, "run", "--var", "version=1")
    assert -signal.SIGKILL == done.code, done.out + done.err


def taken_up(project) -> str:
    """Run again; everything is there once.  Gives what was said."""
    said = project.run("--var", "version=1").out
    assert [(0,), (1,)] == project.query("SELECT version FROM journal ORDER BY version")
    assert "Nothing to do" in project.run("--var", "version=1").out
    return said


def test_a_load_that_was_committed_and_not_recorded_is_found_and_not_repeated(journal):
    killed(journal, "after", "commit", 2)
    assert [(0,), (1,)] == journal.query("SELECT version FROM journal ORDER BY version")

    assert "journal was loaded by run" in taken_up(journal)


def test_what_a_load_has_read_is_recorded_before_it_commits(journal):
    """Else its parent is built again, its rows are new rows, and they are appended a second time."""
    killed(journal, "behind", "commit", 2)

    taken_up(journal)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_recovery_that_is_killed_is_taken_up_by_the_next(journal, when):
    killed(journal, "after", "commit", 2)
    killed(journal, when, "forget", 1)

    taken_up(journal)


def test_a_run_that_was_killed_with_nothing_left_to_do_is_said_and_recorded_as_lost(journal):
    killed(journal, "before", "finish", 1)

    said = taken_up(journal)

    assert "was cut off" in said
    assert ["succeeded", "lost", "succeeded"] == [r["status"] for r in journal("runs", "list", "--json").json]


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("point", ["begin-run", "commit", "intent", "mark", "record", "finish", "stamp"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_killed_at_each_call_of_a_step_is_taken_up_by_the_next(make_crashing, tmp_path, when, point):
    crashing = make_crashing(6_000)
    version = 1
    while crash(crashing, version, when, point, version):
        check_killed(crashing, version, tmp_path / "copy")
        check_recovered(crashing, version, tmp_path / "copy")
        version += 1

    assert version > 1
