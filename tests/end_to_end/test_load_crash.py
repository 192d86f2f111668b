"""SIGKILL at each statement of a load, on DuckDB and PostgreSQL: each table is old or new, and the next run ends the same.

A day's extract is merged, kept as history, appended and added by interval and by cursor.  The load of the second day is
killed before its n-th statement, after its n-th COMMIT and before its n-th record, for each n that there is, then run
again: what is there must equal what the run gives that was not killed.
"""

from __future__ import annotations

import os
import random
import shutil
import time
from datetime import UTC, datetime

import pytest

EVERY = int(os.environ.get("INTERLACE_CRASH_EVERY", "16"))
"""Each so many statements are tried, others each time; all of them by the soak."""

YEAR = datetime.now(UTC).year
YEARS = range(YEAR - 3, YEAR)
BEGINS = {1: YEAR - 1, 2: YEAR - 3}
"""Where the history by interval begins: the second day finds two years that are missing."""

EXTRACTS = {
    1: [(1, "a", 10, 1), (2, "b", 20, 1), (3, "c", 30, 1)],
    2: [(1, "a", 11, 2), (2, "b", 20, 1), (4, "d", 40, 2)],
}

MODELS = {
    "merged": "-- @strategy: {name: merge_by_key, delete_missing: true}\n-- @key: id\nSELECT * FROM extract\n",
    "raised": (
        "-- @strategy: {name: merge_by_key, set: {amount: target.amount + source.amount}}\n-- @key: id\n"
        "SELECT * FROM extract\n"
    ),
    "historic": (
        "-- @strategy: {name: scd_type_2, delete_missing: true, delete_mode: close}\n-- @key: id\nSELECT * FROM extract\n"
    ),
    "timed": (
        "-- @strategy: {name: scd_type_2, updated_at: changed, delete_missing: true, delete_mode: new_record}\n-- @key: id\n"
        "SELECT * FROM extract\n"
    ),
    "appended": "-- @strategy: append\nSELECT id, amount FROM extract\n",
    "streamed": (
        "-- @strategy: {name: merge_stream_with_source, order_by: changed, op: op}\n-- @key: id\n"
        "SELECT id, name, amount, changed, 'u' AS op FROM extract\n"
        "UNION ALL SELECT 3, 'c', 30, max(changed), 'd' FROM extract "
        "HAVING max(changed) > TIMESTAMPTZ '2024-01-02 00:00:00+00'\n"
    ),
    "yearly": (
        "-- @incremental: {by: datetime, column: year, grain: year, batch_size: 1, start: BEGINS-01-01}\n"
        "SELECT id, amount, CAST($start AS TIMESTAMPTZ) AS year FROM extract\n"
    ),
    "latest": (
        "-- @incremental: {by: key, column: amount}\n-- @key: id\n"
        "SELECT id, amount FROM extract WHERE $cursor IS NULL OR amount >= $cursor\n"
    ),
}

QUERIES = {
    "merged": "SELECT id, name, amount FROM merged ORDER BY 1, 2, 3",
    "raised": "SELECT id, name, amount FROM raised ORDER BY 1, 2, 3",
    "historic": "SELECT id, name, amount, valid_to IS NULL FROM historic ORDER BY 1, 2, 3, 4",
    "timed": "SELECT id, name, amount, CAST(valid_from AS text), valid_to IS NULL, _deleted FROM timed WHERE NOT _deleted "
    "UNION ALL SELECT id, name, amount, '', valid_to IS NULL, _deleted FROM timed WHERE _deleted ORDER BY 1, 2, 3, 4, 5",
    "appended": "SELECT id, amount FROM appended ORDER BY 1, 2",
    "streamed": "SELECT id, name, amount FROM streamed ORDER BY 1, 2, 3",
    "yearly": "SELECT CAST(EXTRACT(YEAR FROM year) AS integer), id, amount FROM yearly ORDER BY 1, 2",
    "latest": "SELECT id, amount FROM latest ORDER BY 1, 2",
}
"""What is in each table but the moments of loads; ``yearly`` is taken apart by its first column, for each is a load."""

LEFT = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '\\_\\_interlace%' ESCAPE '\\'"

OF_EARLIER_RUNS = "SELECT count(*) FROM _interlace.commits WHERE run <> (SELECT run FROM _interlace.commits ORDER BY committed_at DESC LIMIT 1)"

MOMENTS = {
    "duckdb": {"statement": "statement", "commit": "commit", "mark": "mark"},
    "postgres": {"statement": "postgres-statement", "commit": "postgres-commit", "mark": "postgres-mark"},
}


class Killing:
    """A project that was loaded to its first day, and the load of the second, which is killed again and again.

    Attributes:
        before: what is in each table before the second load.
        after: and after it.
    """

    def __init__(self, project, warehouse, runs) -> None:
        self._project = project
        self._runs = runs
        self._warehouse = warehouse
        self._start = project.root.parent / "start"
        self._write(1)
        self._loaded("the first day")
        self.before = self.contents()
        shutil.copytree(project.root, self._start)
        warehouse.save()
        self._write(2)
        self._loaded("the second day")
        self.after = self.contents()
        assert [f"yearly {YEAR - 1}"] == [name for name, rows in self.before.items() if rows == self.after[name]]

    def contents(self) -> dict[str, list[tuple[object, ...]]]:
        """The rows of each table, and of each of its parts that are loaded one after the other."""
        found = dict(zip(QUERIES, self._warehouse.ask(list(QUERIES.values())), strict=True))
        yearly = found.pop("yearly")
        return {**found, **{f"yearly {year}": [row for row in yearly if row[0] == year] for year in YEARS}}

    def tried(self, when: str, moment: str, numbers: range) -> int:
        """Kill it at each of these calls, as far as there are so many; gives how many there were."""
        killed = 0
        point = MOMENTS[self._warehouse.name].get(moment, moment)
        for n in numbers:
            self._begin_again()
            done = self._run(when, point, str(n))
            if done.code == 0:
                break
            self._is_old_or_new(done, f"killed {when} {moment} {n}")
            self._ends_the_same(f"killed {when} {moment} {n}")
            killed += 1
        return killed

    def _is_old_or_new(self, done, said: str) -> None:
        assert -9 == done.code, f"{said}: {done.out}{done.err}"
        found = self.contents()
        mixed = {name: found[name] for name in found if found[name] not in (self.before[name], self.after[name])}
        assert {} == mixed, said

    def _ends_the_same(self, said: str) -> None:
        self._loaded(said)
        assert self.after == self.contents(), said
        assert [[], [(0,)]] == self._warehouse.ask([LEFT, OF_EARLIER_RUNS]), said

    def _loaded(self, said: str) -> None:
        done = self._run()
        assert 0 == done.code, f"{said}: {done.out}{done.err}"

    def _begin_again(self) -> None:
        shutil.rmtree(self._project.root)
        shutil.copytree(self._start, self._project.root)
        self._warehouse.restore()
        self._write(2)

    def _write(self, day: int) -> None:
        rows = ", ".join(f"({i}, '{name}', {amount}, {version})" for i, name, amount, version in EXTRACTS[day])
        self._project.write("config.yaml", f"connections:\n  default: {{{self._warehouse.config}}}\n")
        self._project.sql(
            "extract",
            "SELECT id, name, amount, TIMESTAMPTZ '2024-01-01 00:00:00+00' + version * INTERVAL '1 day' AS changed "
            f"FROM (VALUES {rows}) AS given (id, name, amount, version)\n",
        )
        for name, text in MODELS.items():
            self._project.sql(name, text.replace("BEGINS", str(BEGINS[day])))

    def _run(self, *crash: str):
        return self._runs(self._project.root, crash=crash)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def killing(request, make_project, make_warehouse, runs, tmp_path_factory):
    """Loaded to the first day; how the second day begins and ends."""
    project = make_project(tmp_path_factory.mktemp("crash") / "project")
    return Killing(project, make_warehouse(request.param, project.root), runs)


def test_a_load_that_is_killed_before_a_statement_is_old_or_new_and_is_ended_by_the_next_run(killing):
    assert killing.tried("before", "statement", range(random.randint(1, EVERY), 1_000, EVERY)) >= 60 // EVERY


@pytest.mark.parametrize(("when", "moment"), [("after", "commit"), ("after", "mark"), ("before", "record")])
def test_a_load_that_is_killed_around_its_commit_is_old_or_new_and_is_ended_by_the_next_run(killing, when, moment):
    assert killing.tried(when, moment, range(1, 1_000, EVERY)) >= 1


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_load_that_is_killed_before_each_statement_is_old_or_new_and_is_ended_by_the_next_run(killing, capsys):
    began = time.monotonic()

    killed = {
        f"{when} {moment}": killing.tried(when, moment, range(1, 1_000))
        for when, moment in [("before", "statement"), ("after", "commit"), ("after", "mark"), ("before", "record")]
    }

    with capsys.disabled():
        print(f"\nkilled {sum(killed.values())} times in {time.monotonic() - began:.0f} s: {killed}")  # noqa: T201  the soak's figures
    assert killed["before statement"] > 60
    assert min(killed.values()) >= 1
