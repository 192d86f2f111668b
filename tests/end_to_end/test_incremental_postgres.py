"""Intervals on PostgreSQL: bounds of each type of column, several intervals at once, what is killed goes on."""

from __future__ import annotations

import time

import pytest

DAILY = """
-- @incremental: {by: datetime, column: ts, start: 2024-01-01}
SELECT CAST(ts AS %s) AS ts, id FROM hours WHERE CAST(ts AS %s) >= $start AND CAST(ts AS %s) < $end
"""


@pytest.fixture
def server(project, postgres_url):
    """A project on a server, in the zone of Berlin, with a table of hours; and a question to the server."""
    import psycopg

    project.write(
        "config.yaml", f"timezone: Europe/Berlin\nconnections:\n  default: {{type: postgres, url: '{postgres_url}'}}\n"
    )
    project.sql(
        "hours",
        "SELECT TIMESTAMP '2024-01-01' + n * INTERVAL '1 hour' AS ts, n AS id FROM generate_series(0, 719) AS g (n)",
    )
    project.run("hours")

    def ask(sql):
        with psycopg.connect(postgres_url) as connection:
            return connection.execute(sql).fetchall()

    project.ask = ask
    return project


@pytest.mark.parametrize(
    ("type_", "hours"), [("timestamp", list(range(24))), ("date", list(range(24))), ("timestamptz", list(range(23)))]
)
def test_a_day_is_a_local_day_of_the_column(server, type_, hours):
    """The sessions are in UTC: with a zone the first hours of the table are one after midnight in Berlin."""
    server.sql("daily", DAILY % (type_, type_, type_))

    said = server("backfill", "daily", "--until", "2024-01-02")

    assert 0 == said.code, said.out + said.err
    assert [(h,) for h in hours] == server.ask("SELECT id FROM daily ORDER BY id")


def test_several_intervals_at_once_load_what_one_after_the_other_would(server):
    server.sql("daily", DAILY % ("timestamp", "timestamp", "timestamp"))
    words = ["--since", "2024-01-01", "--until", "2024-01-31", "--json"]

    said = server("backfill", "daily", *words, "--concurrency", "4")

    assert {"inserted": 720} == {k: n for k, n in said.models["daily"]["counts"].items() if n}
    assert [(720, 720)] == server.ask("SELECT count(*), count(DISTINCT id) FROM daily")
    assert "nothing" == server("backfill", "daily", *words).json["status"]


def test_several_intervals_run_at_the_same_time(server):
    server.sql(
        "daily",
        (DAILY % ("timestamp", "timestamp", "timestamp")).replace("ts, id", "ts, id, pg_sleep(0.01)::text AS s"),
    )
    log = next(server.root.glob(".interlace/logs/*.jsonl"))

    server("backfill", "daily", "--until", "2024-01-09", "--concurrency", "4")

    import json

    [log] = [p for p in server.root.glob(".interlace/logs/*.jsonl") if p != log]
    events = [json.loads(line) for line in log.read_text().splitlines()]
    spans = [e for e in events if e["type"] == "interval_loaded"]
    took = max(e["at"] for e in spans)
    assert 7 == len(spans)
    assert took
    attempts = {e["attempt"]: e["at"] for e in events if e["type"] == "model_started"}
    ended = sorted(e["at"] for e in spans)
    assert sum(at < ended[1] for at in attempts.values()) >= 4


def test_a_failure_in_one_keeps_the_others_and_the_next_backfill_fills_the_gap(server):
    failing = (DAILY % ("timestamp", "timestamp", "timestamp")).replace(
        "ts, id FROM", "ts, id / (id - 100) * 0 + id AS id FROM"
    )
    server.sql("daily", failing)

    failed = server("backfill", "daily", "--until", "2024-01-11", "--concurrency", "3")
    loaded = server.ask("SELECT count(DISTINCT ts::date), min(ts::date)::text FROM daily")
    server.sql("daily", DAILY % ("timestamp", "timestamp", "timestamp"))
    again = server("backfill", "daily", "--until", "2024-01-11", "--concurrency", "3")

    assert 1 == failed.code
    assert "division by zero" in failed.out
    assert 1 <= loaded[0][0] < 10
    assert 0 == again.code
    assert [(240, 240)] == server.ask("SELECT count(*), count(DISTINCT id) FROM daily")


def test_a_backfill_that_is_killed_goes_on(server):
    server.sql("daily", DAILY % ("timestamp", "timestamp", "timestamp"))
    for wait in (0.8, 1.1, 1.4):
        child = server.start("backfill", "daily", "--until", "2024-01-31", "--concurrency", "2")
        time.sleep(wait)
        child.kill()
        child.communicate()

    said = server("backfill", "daily", "--until", "2024-01-31", "--concurrency", "2")

    assert 0 == said.code, said.out + said.err
    assert [(720, 720)] == server.ask("SELECT count(*), count(DISTINCT id) FROM daily")


def test_by_key_the_cursor_has_the_type_of_its_column(server):
    server.sql(
        "latest",
        "-- @incremental: {by: key, column: ts, lookback: 2h}\n-- @key: id\nSELECT ts, id FROM hours WHERE $cursor IS NULL OR ts >= $cursor",
    )
    server.run("latest")
    server.sql(
        "hours",
        "SELECT TIMESTAMP '2024-01-01' + n * INTERVAL '1 hour' AS ts, n AS id FROM generate_series(0, 725) AS g (n)",
    )

    said = server.run("--json")

    assert 6 == said.models["latest"]["counts"]["inserted"]
    assert [(726, 726)] == server.ask("SELECT count(*), count(DISTINCT id) FROM latest")
