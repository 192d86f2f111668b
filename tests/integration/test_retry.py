"""Trying again inside one process, with failures at chosen places."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from interlace import Project
from interlace.errors import ConnectionFailure
from interlace.run.result import Failed, Succeeded
from interlace.telemetry.events import ModelRetrying
from interlace_duckdb.transaction import Transaction

CONFIG = "name: retrying\nconnections:\n  default: {type: duckdb, path: w.duckdb}\n"
APPEND = "-- @strategy: append\n-- @retry: {retry}\nSELECT 1 AS id\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def lost(*, in_doubt: bool) -> ConnectionFailure:
    error = ConnectionFailure("The connection was lost.")
    error.in_doubt = in_doubt
    error.transient = not in_doubt
    return error


@pytest.fixture
def lose(monkeypatch):
    """Makes the commits of transactions that left a marker fail, as often as is said: before or after they took effect."""

    def lose(times: int, *, committed: bool, in_doubt: bool = True) -> None:
        left = [times]
        command = Transaction._command

        def failing(self, sql):
            if sql != "COMMIT" or not left[0]:
                return command(self, sql)
            left[0] -= 1
            if committed:
                command(self, sql)
            else:
                command(self, "ROLLBACK")
            raise lost(in_doubt=in_doubt)

        monkeypatch.setattr(Transaction, "_command", failing)

    return lose


def ids(root: Path) -> list[int]:
    with Project.load(root) as project:
        return [row[0] for row in project.query("SELECT id FROM orders")[1]]


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("in_doubt", [True, False])
def test_an_append_whose_commit_is_in_doubt_is_loaded_once(root, lose, committed, in_doubt):
    """Whether it is known to be so, or something failed once it was committed."""
    (root / "models" / "orders.sql").write_text(APPEND.format(retry="{attempts: 3, initial_delay: 0, jitter: 0}"))
    events = []
    with Project.load(root) as project:
        lose(1, committed=committed, in_doubt=in_doubt)
        result = project.run(on_event=events.append)

    assert "succeeded" == result.status
    assert [1] == [e.number for e in events if isinstance(e, ModelRetrying)]
    assert [1] == ids(root)


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("in_doubt", [True, False])
def test_without_a_retry_the_next_run_looks_whether_it_was_committed(root, lose, committed, in_doubt):
    (root / "models" / "orders.sql").write_text(APPEND.format(retry="none"))
    with Project.load(root) as project:
        lose(1, committed=committed, in_doubt=in_doubt)
        first = project.run()
        second = project.run()
        left = project.store.dead_letters()

    assert ("failed", "succeeded", not committed) == (first.status, second.status, "orders" in second.outcomes)
    assert [1] == ids(root)
    assert [] == left


def test_each_attempt_has_the_execution_time_of_the_first(root):
    (root / "models" / "clock.py").write_text(
        "from pathlib import Path\n"
        "from interlace import model\n"
        "@model(retry={'initial_delay': 0, 'jitter': 0})\n"
        "def clock(context):\n"
        "    with Path('times.txt').open('a') as file:\n"
        "        file.write(f'{context.execution_time.isoformat()}\\n')\n"
        "    if len(Path('times.txt').read_text().splitlines()) < 3:\n"
        "        raise ConnectionError('down')\n"
        "    return [{'id': 1}]\n"
    )
    import os

    before = Path.cwd()
    os.chdir(root)
    try:
        with Project.load(root) as project:
            result = project.run()
    finally:
        os.chdir(before)
    times = (root / "times.txt").read_text().splitlines()

    assert ("succeeded", 3, 1) == (result.status, len(times), len(set(times)))


FAILING = (
    "from interlace import model\n"
    "@model(retry={{'attempts': 9, 'initial_delay': 60, 'max_delay': 60, 'jitter': 0}}{more})\n"
    "def down():\n"
    "    raise ConnectionError('down')\n"
)


def test_a_wait_ends_with_the_models_timeout(root):
    (root / "models" / "down.py").write_text(FAILING.format(more=", timeout=0.3"))
    began = time.monotonic()
    with Project.load(root) as project:
        result = project.run()

    (failed,) = result.failed
    assert ("TimedOut", True) == (type(failed.error).__name__, time.monotonic() - began < 20)


def test_a_wait_ends_when_the_run_is_cancelled(root):
    (root / "models" / "down.py").write_text(FAILING.format(more=""))
    began = time.monotonic()
    with Project.load(root) as project:
        waiting = threading.Event()

        def cancel() -> None:
            waiting.wait(30)
            project.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        result = project.run(on_event=lambda e: waiting.set() if isinstance(e, ModelRetrying) else None)
        thread.join()

    assert ("cancelled", True) == (result.status, time.monotonic() - began < 20)


def test_a_connection_that_fails_when_a_group_begins_fails_its_model_only(root, monkeypatch):
    """The first statement of a group is its BEGIN, which may be what notices that the connection is gone."""
    for name in ("a", "b"):
        (root / "models" / f"{name}.sql").write_text("SELECT 1 AS id")
    command = Transaction._command
    left = [1]

    def failing(self, sql):
        if sql.startswith("BEGIN") and left[0] and threading.current_thread().name == "interlace-worker":
            left[0] -= 1
            raise lost(in_doubt=False)
        return command(self, sql)

    monkeypatch.setattr(Transaction, "_command", failing)
    with Project.load(root) as project:
        result = project.run(threads=1)

    assert {"a": Failed, "b": Succeeded} == {n: type(o) for n, o in result.outcomes.items()}
