"""A backfill that is killed while the state is far behind: the markers and the intended records are enough."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest

from interlace import Project

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 12
CONFIG = "name: killed\nconnections:\n  default: {type: duckdb, path: killed.duckdb}\n"
DAILY = """
-- @strategy: STRATEGY
-- @incremental: {by: datetime, column: happened, start: 2024-01-01, batch_size: 1}
SELECT * FROM (SELECT range AS id, TIMESTAMP '2024-01-01' + to_hours(range) AS happened FROM range(2400)) AS e
WHERE happened >= $start AND happened < $end
"""

# Nothing is flushed while it runs, and it dies inside the transaction of a later interval.
KILLED = """
import os, sys
from datetime import datetime, UTC, timedelta
from pathlib import Path
import interlace.run.runner as runner
from interlace import Project
from interlace_duckdb.session import DuckDBSession
runner.TICK = 600
left = int(sys.argv[2])
mark = DuckDBSession.mark
def marked(self, marker):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
    mark(self, marker)
DuckDBSession.mark = marked
with Project.load(Path(sys.argv[1]), environ={}) as project:
    project.run(at=datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=DAYS))
""".replace("DAYS", str(DAYS))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["replace", "append"])
@pytest.mark.parametrize("loaded", [0, 1, 7])
def test_each_interval_that_was_committed_is_recorded_by_the_next_run_and_no_other(tmp_path: Path, strategy, loaded):
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "models" / "daily.sql").write_text(DAILY.replace("STRATEGY", strategy))
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path, str(loaded)], env=dict(os.environ), check=False)
    assert killed.returncode == 9

    with Project.load(tmp_path, environ={}) as project:
        assert project.store.intervals(project.environment, "daily") == []
        result = project.run(at=FIRST + timedelta(days=DAYS))
        (own,) = project.store.runs(limit=1)
        mine = project.store.attempts(run=own.id, model="daily", limit=100)
        found = project.store.intervals(project.environment, "daily")

    assert "succeeded" == result.status
    assert DAYS - loaded == len(mine)
    days = [FIRST + timedelta(days=n) for n in range(DAYS + 1)]
    assert list(pairwise(days)) == [(i.start, i.end) for i in found]
    with duckdb.connect(str(tmp_path / "killed.duckdb"), read_only=True) as connection:
        assert [(24 * DAYS, 24 * DAYS)] == connection.execute(
            "SELECT count(*), count(DISTINCT id) FROM daily"
        ).fetchall()
