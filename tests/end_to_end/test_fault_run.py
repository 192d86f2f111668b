"""Runs through a proxy that cuts at random: whatever is lost on the way, every table is what it has to be."""

from __future__ import annotations

import os
import random
import time
from datetime import date, timedelta

import psycopg
import pytest

SECONDS = float(os.environ.get("INTERLACE_FAULT_SECONDS", "600"))
"""How long."""

SEED = int(os.environ.get("INTERLACE_FAULT_SEED", "7"))
"""Of the proxy's chances."""

CHANCES = (0.04, 0.6)
"""Of a connection: to be refused, and to be cut later."""

ROWS = 60
FIRST = date(2024, 1, 1)

MODELS = {
    "replaced": "SELECT batch, count(*) AS n, sum(amount) AS total FROM input GROUP BY batch",
    "merged": (
        "-- @key: id\n-- @strategy: merge_by_key\n-- @retry: {preset: database, initial_delay: 0.05, jitter: 0}\n"
        "SELECT id, amount, note, batch FROM input WHERE note IS DISTINCT FROM 'deleted'"
    ),
    "logged": (
        "-- @strategy: append\n-- @retry: {attempts: 3, initial_delay: 0.01, jitter: 0}\n"
        "SELECT batch, number, id, amount, on_day FROM input"
    ),
    "logged_once": "-- @strategy: append\nSELECT batch, number FROM input",
    "versions": (
        "-- @key: id\n-- @strategy: {name: scd_type_2, updated_at: changed_at, first_valid_from: updated_at}\n"
        "-- @retry: {attempts: 2, initial_delay: 0.01, jitter: 0}\n"
        "SELECT id, amount, changed_at FROM input"
    ),
    "newest": (
        "-- @incremental: {by: key, column: number}\n"
        "SELECT number, amount FROM logged WHERE $cursor IS NULL OR number > $cursor"
    ),
    "streamed": (
        "-- @key: id\n-- @strategy: {name: merge_stream_with_source, order_by: number, op: op}\n"
        "SELECT id, amount, number, CASE WHEN note = 'deleted' THEN 'd' ELSE 'u' END AS op FROM input"
    ),
    "daily": (
        f"-- @incremental: {{by: datetime, column: on_day, start: {FIRST}}}\n"
        "SELECT on_day, id, amount FROM logged WHERE on_day >= $start AND on_day < $end"
    ),
}

WIDE = """
import pyarrow as pa
from interlace import model


@model(strategy="append", retry={"attempts": 3, "initial_delay": 0.01, "jitter": 0})
def wide(input: pa.Table):
    "Rows that are large enough to be cut in the middle, in and out."
    for batch in input.select(["batch", "number"]).to_batches():
        for _ in range(3):
            yield batch.append_column("text", pa.array(["x" * 2000] * batch.num_rows))
"""

QUERIES = {
    "replaced": "SELECT batch, n, total FROM replaced",
    "merged": "SELECT id, amount, note, batch FROM merged",
    "logged": "SELECT batch, number, id, amount FROM logged",
    "logged_once": "SELECT batch, number FROM logged_once",
    "versions": "SELECT id, amount, valid_from::text, valid_to::text FROM versions",
    "newest": "SELECT number, amount FROM newest",
    "streamed": "SELECT id, amount, number FROM streamed",
    "daily": "SELECT on_day::text, id, amount FROM daily",
    "wide": "SELECT batch, number, length(text) FROM wide",
}


class Reference:
    """What the tables have to be, in plain Python."""

    def __init__(self) -> None:
        self.batches = []

    def add(self, rows) -> None:
        self.batches.append(rows)

    def tables(self):
        """The rows of each table, sorted."""
        latest = self.batches[-1]
        rows = [row for batch in self.batches for row in batch]
        found = {
            "replaced": [(latest[0]["batch"], len(latest), sum(r["amount"] for r in latest))],
            "merged": [
                (r["id"], r["amount"], r["note"], r["batch"])
                for r in {r["id"]: r for r in rows if r["note"] != "deleted"}.values()
            ],
            "logged": [(r["batch"], r["number"], r["id"], r["amount"]) for r in rows],
            "logged_once": [(r["batch"], r["number"]) for r in rows],
            "versions": list(self._versions(rows)),
            "newest": [(r["number"], r["amount"]) for r in rows],
            "streamed": [
                (r["id"], r["amount"], r["number"])
                for r in {r["id"]: r for r in rows}.values()
                if r["note"] != "deleted"
            ],
            "daily": [(str(r["on_day"]), r["id"], r["amount"]) for r in rows],
            "wide": [(r["batch"], r["number"], 2000) for r in rows for _ in range(3)],
        }
        return {name: sorted(rows, key=repr) for name, rows in found.items()}

    def _versions(self, rows):
        open_, closed = {}, []
        for row in rows:
            before = open_.get(row["id"])
            if before is not None and before[0] == row["amount"]:
                continue
            if before is not None:
                closed.append((row["id"], before[0], before[1], f"{row['changed_at']}+00"))
            open_[row["id"]] = row["amount"], f"{row['changed_at']}+00"
        return [*closed, *((key, amount, since, None) for key, (amount, since) in open_.items())]


def make_batch(number, chance):
    """The rows of one input: some of the keys, each with a change or without."""
    day = FIRST + timedelta(days=number)
    return [
        {
            "batch": number,
            "number": number * ROWS + position,
            "id": key,
            "amount": chance.randint(1, 5),
            "note": chance.choice(["a", "b", "deleted", None]),
            "on_day": day,
            "changed_at": f"{day} 00:00:00",
        }
        for position, key in enumerate(sorted(chance.sample(range(ROWS * 2), ROWS)))
    ]


def as_csv(rows):
    lines = [",".join(rows[0])]
    lines += [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


@pytest.fixture
def faulty(project, postgres_url, make_proxy):
    """The project, the proxy that it is behind, and the proxy's URL."""
    proxy, url = make_proxy(postgres_url, SEED)
    project.write(
        "config.yaml",
        f"connections:\n  default: {{type: postgres, url: '{url}'}}\nrun: {{circuit: {{recovery: 0.1s}}}}\n",
    )
    project.write("seeds/input.yaml", "columns: {changed_at: timestamp, on_day: date, note: text, amount: integer}\n")
    for name, query in MODELS.items():
        project.sql(name, query)
    project.python("wide", WIDE)
    return project, proxy, url


def tables(url):
    with psycopg.connect(url) as server:
        server.execute("SET TimeZone = 'UTC'")
        return {name: sorted(server.execute(sql).fetchall(), key=repr) for name, sql in QUERIES.items()}


def until_it_succeeds(project, *words):
    """Run until nothing is left to do; how often that was."""
    for times in range(1, 200):
        said = project(*words, timeout=120)
        assert "Traceback" not in said.err, said.err
        assert "defect" not in said.err, said.err
        assert "[ILC-2" not in said.err, said.err
        if said.code == 0:
            return times
    pytest.fail(f"it never succeeded: {said.out}{said.err}")


def load(project, number):
    day = FIRST + timedelta(days=number)
    times = until_it_succeeds(project, "run", "--exclude", "daily", "--quiet")
    return times + until_it_succeeds(project, "backfill", "daily", "--until", str(day + timedelta(days=1)), "--quiet")


def told(proxy, inputs, runs):
    """What happened, in a line."""
    said = ", ".join(f"{count} {moment}" for moment, count in sorted(proxy.cuts.items()))
    return f"\n{inputs} inputs in {runs} runs over {proxy.connections} connections; seed {SEED}; cut: {said}"


def go_on(project, proxy, url, seconds):
    """Inputs, one after the other, until the time is over; gives how many, and how many runs that took."""
    chance, reference = random.Random(11), Reference()
    number = runs = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        proxy.chances, proxy.delay = CHANCES, 0.05
        rows = make_batch(number, chance)
        reference.add(rows)
        project.write("seeds/input.csv", as_csv(rows))
        runs += load(project, number)
        number += 1
        if number % 5 == 0:
            assert reference.tables() == tables(url), f"after {number} inputs: {dict(proxy.cuts)}"
    proxy.chances, proxy.delay = (0.0, 0.0), 0.0
    runs += load(project, number - 1)
    assert reference.tables() == tables(url), f"at the end: {dict(proxy.cuts)}"
    return number, runs


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 300)
def test_every_table_is_the_reference_after_runs_that_are_cut_at_random(faulty, postgres_url, capsys):
    project, proxy, _ = faulty
    inputs, runs = go_on(project, proxy, postgres_url, SECONDS)
    with capsys.disabled():
        print(told(proxy, inputs, runs))  # noqa: T201  the result

    assert {"commit asked", "commit done", "copy in", "copy out", "statement", "answer"} <= set(proxy.cuts)


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 300)
def test_so_it_is_with_the_state_behind_the_proxy_too(faulty, postgres_url, capsys):
    project, proxy, url = faulty
    config = project.root / "config.yaml"
    config.write_text(f"{config.read_text()}state: {{url: '{url}'}}\n")
    inputs, runs = go_on(project, proxy, postgres_url, SECONDS / 5)
    with capsys.disabled():
        print(told(proxy, inputs, runs))  # noqa: T201  the result

    assert {"commit asked", "commit done"} <= set(proxy.cuts)


@pytest.fixture
def behind(project, postgres_url, make_proxy):
    """A project behind a proxy that is honest until it is told otherwise, and what its model of one table loads."""
    proxy, url = make_proxy(postgres_url)
    project.write("config.yaml", f"connections:\n  default: {{type: postgres, url: '{url}'}}\n")
    project.sql("log", "-- @strategy: append\n-- @retry: {attempts: 3, initial_delay: 0.01, jitter: 0}\nSELECT 1 AS id")
    return project, proxy


def ask(url, sql):
    with psycopg.connect(url) as server:
        return server.execute(sql).fetchall()


@pytest.mark.parametrize(
    ("moment", "late", "said"),
    [
        ("commit asked", 0, "again in"),
        ("commit asked", 1, "lost during COMMIT"),
        ("commit done", 0, "lost during COMMIT"),
    ],
)
def test_a_load_whose_commit_is_lost_is_there_once(behind, postgres_url, moment, late, said):
    project, proxy = behind
    project.run()
    proxy.late = late
    proxy.fuses = [proxy.fuse(moment)] * 50
    ended = project.run("--force")

    assert said in ended.out
    assert {moment: 1} == proxy.cuts
    assert [(1,), (1,)] == ask(postgres_url, "SELECT id FROM log")


@pytest.mark.parametrize("moment", ["statement", "answer", "copy in", "copy out"])
def test_a_load_that_is_cut_in_its_middle_is_there_once(behind, postgres_url, moment):
    project, proxy = behind
    project.sql("input", "SELECT 1 AS batch, g AS number FROM generate_series(1, 400) AS g")
    project.python("wide", WIDE)
    project.run("input", "log")
    proxy.fuses = [None, *[proxy.fuse(moment)] * 50]
    ended = project("run", "wide")
    project.run()

    assert {moment: 1} == proxy.cuts
    assert ended.code in {0, 1}
    assert "Traceback" not in ended.err
    assert [(1200, 400)] == ask(postgres_url, "SELECT count(*), count(DISTINCT number) FROM wide")


def test_a_slow_network_changes_nothing_but_the_time(behind, postgres_url):
    project, proxy = behind
    project.sql("input", "SELECT 1 AS batch, g AS number FROM generate_series(1, 400) AS g")
    project.python("wide", WIDE)
    proxy.delay = 0.5
    project.run()

    assert [(1200, 400)] == ask(postgres_url, "SELECT count(*), count(DISTINCT number) FROM wide")


RETRY = "retry: {attempts: 3, initial_delay: 0.05s}"


@pytest.mark.parametrize(("refusals", "code"), [(2, 0), (3, 1)])
def test_a_connection_that_is_refused_is_tried_as_often_as_its_retry_says(behind, refusals, code):
    project, proxy = behind
    config = project.root / "config.yaml"
    config.write_text(config.read_text().replace("'}", f"', {RETRY}}}"))
    proxy.refusals = refusals
    ended = project("run")

    assert (code, {"refused": refusals}) == (ended.code, proxy.cuts), ended.out + ended.err
    assert ("connection 'default' was opened at attempt 3; the first failed: PostgreSQL at" in ended.out) is (code == 0)
    assert ("Is the server up" in ended.err) is (code == 1)


def test_without_it_a_connection_is_tried_once(behind):
    project, proxy = behind
    proxy.refusals = 1
    said = project.fails("run", code=1)

    assert "Is the server up" in said
    assert {"refused": 1} == proxy.cuts
