from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlace.errors import DatabaseLocked
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.locked import database_locked

Connect = Callable[..., DuckDBConnection]

HOLD = """
import sys, duckdb
c = duckdb.connect(sys.argv[1])
c.execute("CREATE TABLE IF NOT EXISTS t AS SELECT 1 AS a")
c.execute("BEGIN")
c.execute("INSERT INTO t SELECT 2")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    file = tmp_path / "the_other_run.py"
    file.write_text(HOLD)
    return file


@pytest.fixture
def holder(tmp_path: Path, program: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, program.name, "w.duckdb"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_file_that_another_process_holds_says_who_and_what_to_do(connect: Connect, holder: subprocess.Popen[str]):
    started = time.monotonic()
    with pytest.raises(DatabaseLocked) as caught:
        connect().open()

    assert time.monotonic() - started < 5
    assert f"process {holder.pid}" in (caught.value.holder or "")
    assert "the_other_run.py w.duckdb" in str(caught.value)
    assert f"stop process {holder.pid}" in str(caught.value)
    assert caught.value.transient


def test_a_writer_that_was_killed_leaves_what_it_had_committed(connect: Connect, holder: subprocess.Popen[str]):
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert [(1,)] == connect().session().fetch("SELECT a FROM t")


@pytest.mark.parametrize(
    ("message", "holder"),
    [
        (
            'Could not set lock on file "/w": Conflicting lock is held in /usr/bin/python3.11 (PID 999999999) by user ann. See',
            "process 999999999 (python3.11) of user ann",
        ),
        (
            'IO Error: Could not set lock on file "/w": Conflicting lock is held in /opt/my app/duck (PID 999999999). See',
            "process 999999999 (duck)",
        ),
        ('IO Error: Could not set lock on file "/w": Resource temporarily unavailable', None),
    ],
)
def test_the_holder_is_read_from_the_message(message: str, holder: str | None):
    assert holder == database_locked(Path("/w"), message).holder
