"""The command line on a real project, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # a whole project for each

MAIN = "import sys; from interlace.cli.main import main; sys.exit(main())"
SLOW = "SELECT count(*) AS n FROM range(1000000000) AS a (x), range(1000) AS b (y) WHERE (x * y) % 7 = 3"


def _interlace(folder: Path, *words: str, code: str = MAIN) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _json(folder: Path, *words: str) -> Any:
    return json.loads(_interlace(folder, *words, "--json").stdout)


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text("connections: {default: {type: duckdb, path: 'data/{env}.duckdb'}}\n")
    (tmp_path / "models" / "orders.sql").write_text(
        "-- @checks: [{unique: id}]\nSELECT * FROM (VALUES (1, 2.5), (2, 4)) AS v (id, amount)\n"
    )
    (tmp_path / "models" / "totals.sql").write_text("SELECT sum(amount) AS total FROM orders\n")
    return tmp_path


def test_a_run_then_nothing_to_do_then_only_what_an_edit_touches(demo):
    first = _interlace(demo, "run")
    again = _interlace(demo / "models", "run")
    (demo / "models" / "totals.sql").write_text("SELECT max(amount) AS total FROM orders\n")
    edited = _json(demo, "run")

    assert (0, "") == (first.returncode, first.stderr)
    assert "2 succeeded" in first.stdout
    assert "Nothing to do: 2 models are up to date." == again.stdout.splitlines()[-1]
    assert first.stdout.splitlines()[0] == again.stdout.splitlines()[0]
    assert [("totals", "definition")] == [(s["model"], s["reasons"][0]["code"]) for s in edited["plan"]["steps"]]


def test_a_forced_run_runs_every_time(demo):
    _interlace(demo, "run")

    assert ["succeeded", "succeeded"] == [_json(demo, "run", "--force")["status"] for _ in range(2)]


def test_a_failing_check_exits_with_1_and_state_failed_resumes(demo):
    (demo / "models" / "orders.sql").write_text(
        "-- @checks: [{unique: id}]\nSELECT 1 AS id, 2 AS amount UNION ALL SELECT 1, 3\n"
    )
    failed = _interlace(demo, "run")
    (demo / "models" / "orders.sql").write_text("-- @checks: [{unique: id}]\nSELECT 1 AS id, 2 AS amount\n")
    resumed = _interlace(demo, "run", "--select", "state:failed+")

    assert (1, 0) == (failed.returncode, resumed.returncode)
    assert "blocked: totals (orders failed)" in failed.stdout
    assert "2 succeeded" in resumed.stdout


def test_what_looks_works_before_and_after_a_run(demo):
    assert "totals (models/totals.sql:1) will be built in dev:" in _interlace(demo, "why", "totals").stdout
    _interlace(demo, "run")

    assert {"total": 6.5} == {k: float(v) for k, v in _json(demo, "show", "totals")["rows"][0].items()}
    assert "is up to date in dev" in _interlace(demo, "why", "totals").stdout
    assert "orders\n└── totals\n" == _interlace(demo, "list", "--format", "tree").stdout
    assert 2 == _json(demo, "info", "orders")["state"]["rows"]


def test_describe_fills_a_sidecar_that_is_read_and_rebuilds_nothing(demo):
    _interlace(demo, "run")
    written = _interlace(demo, "describe", "orders", "--write")

    assert written.stdout.endswith("Wrote models/orders.yaml\n")
    assert "nothing" == _json(demo, "run")["status"]
    assert ["INTEGER", "DECIMAL(11,1)"] == [c["declared"] for c in _json(demo, "describe", "orders")["columns"]]


def test_sources_are_imported_and_read(demo):
    _interlace(demo, "run")
    create = "import duckdb; duckdb.connect('data/dev.duckdb').execute('CREATE SCHEMA raw; CREATE TABLE raw.people AS SELECT 1 AS id')"
    subprocess.run([sys.executable, "-c", create], cwd=demo, check=True, timeout=60)
    imported = _interlace(demo, "sources", "import", "raw")
    (demo / "models" / "heads.sql").write_text("SELECT count(*) AS n FROM people\n")

    assert "1 source written to models/sources.yaml\n" == imported.stdout
    assert "succeeded" == _json(demo, "run", "heads")["status"]
    assert ["heads"] == _json(demo, "sources", "list")[0]["children"]


def test_a_run_imports_nothing_heavy_that_it_does_not_need(demo):
    ended = _interlace(
        demo, "run", code=MAIN.replace("sys.exit(main())", "main(); print(*sys.modules, sep='\\n', file=sys.stderr)")
    )
    loaded = {m.partition(".")[0] for m in ended.stderr.splitlines()}

    assert set() == loaded & {"ibis", "alembic", "pydantic_settings", "pandas", "polars", "sqlalchemy", "rich"}


def test_one_ctrl_c_cancels_rolls_back_and_exits_with_130(demo):
    (demo / "models" / "slow.sql").write_text(f"-- @pre: SELECT 1\n{SLOW}")  # a hook keeps it out of groups
    with subprocess.Popen(
        [sys.executable, "-c", MAIN, "run"],
        cwd=demo,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as child:
        assert child.stdout is not None
        guard = threading.Timer(40, child.kill)
        guard.start()
        while "orders" not in (line := child.stdout.readline()):
            assert line
        before = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate()
        guard.cancel()

    assert 130 == child.returncode
    assert time.monotonic() - before < 10
    assert "Cancelling" in err
    assert "cancelled: slow" in out
    assert "cancelled" == _json(demo, "runs", "list")[0]["status"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error_without_a_traceback(demo):
    demo.chmod(0o555)
    ended = _interlace(demo, "run")
    demo.chmod(0o755)

    assert ended.returncode in {1, 2}
    assert "Traceback" not in ended.stderr
