"""Projects on disk and the real command line: a process for each command, real files, a real DuckDB.

A command's process is forked from one that has imported everything (`serve.py`).  Those that are about a process itself, about
what surrounds it or about the readme are started anew (`ALONE`), and so is what goes on beside a test (`Project.start`).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import pytest

SERVE = Path(__file__).with_name("serve.py")

INTERLACE = str(Path(sys.executable).with_name("interlace"))

CONFIG = "connections:\n  default:\n    type: duckdb\n    path: warehouse.duckdb\n"


QUICK = {"test_first_project.py", "test_readme.py"}

ALONE = {"test_exits.py", "test_readme.py", "test_surroundings.py"}
"""Whose commands are started anew."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A process for each command adds up: all of these but the first minutes are left out of `nox -s quick`."""
    for item in items:
        if item.path.parent == Path(__file__).parent and item.path.name not in QUICK:
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True)
class Said:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def models(self) -> dict[str, dict[str, Any]]:
        """How each model of ``run --json`` ended."""
        return {m["model"]: m for m in self.json["models"]}

    @property
    def statuses(self) -> dict[str, str]:
        return {name: m["status"] for name, m in self.models.items()}

    @property
    def reasons(self) -> dict[str, list[str]]:
        """Why each model runs, from ``plan --json``."""
        return {s["model"]: [r["code"] for r in s["reasons"]] for s in self.json["steps"]}


class Project:
    """A project's folder.

    Args:
        root: the folder.
        runs: do its commands; without, each is started anew.
    """

    def __init__(self, root: Path, runs: Runs | None = None) -> None:
        self.root = root
        self._runs = runs

    def write(self, path: str, text: str | bytes) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            file.write_bytes(text)
        else:
            file.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return file

    def sql(self, name: str, query: str) -> Path:
        return self.write(f"models/{name}.sql", query)

    def python(self, name: str, code: str) -> Path:
        return self.write(f"models/{name}.py", code)

    def __call__(
        self, *words: str, cwd: Path | str | None = None, env: dict[str, str] | None = None, timeout: float = 60
    ) -> Said:
        """Run a command in the project's folder."""
        folder = self.root if cwd is None else self.root / cwd
        # What Python itself reads from its environment it reads when it starts.
        if self._runs is not None and not any(name.startswith(("LC_", "PYTHON")) for name in env or ()):
            return self._runs(folder, words, env=env, timeout=timeout)
        done = subprocess.run(
            [INTERLACE, *words],
            cwd=folder,
            env=environment(env),
            capture_output=True,
            timeout=timeout,
            encoding="utf-8",
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def run(self, *words: str, **options: Any) -> Said:
        """``interlace run``, which has to succeed."""
        said = self("run", *words, **options)
        assert said.code == 0, said.out + said.err
        return said

    def fails(self, *words: str, code: int = 2, **options: Any) -> str:
        """A command that has to fail with this exit code; gives what it said on stderr, else on stdout."""
        said = self(*(words or ("run",)), **options)
        assert said.code == code, f"{said.code}\n{said.out}{said.err}"
        assert "Traceback" not in said.out + said.err
        assert "defect" not in said.out + said.err
        return said.err or said.out

    def killed_at(self, when: str, point: str, nth: int, *words: str) -> Said:
        """A command that is killed at a call of one step (see `crash.py`), if that call comes."""
        assert self._runs is not None
        return self._runs(self.root, words, crash=(when, point, str(nth)))

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """Begin a command and do not wait."""
        return subprocess.Popen(
            [INTERLACE, *words],
            cwd=self.root,
            env=environment(options.pop("env", None)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **options,
        )

    def query(self, sql: str, database: str = "warehouse.duckdb") -> list[tuple[Any, ...]]:
        """Ask the warehouse without Interlace."""
        import duckdb

        with duckdb.connect(str(self.root / database), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def types(self, relation: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.query(f"DESCRIBE {relation}")}


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The variables of a command: nobody's settings, a wide terminal."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INTERLACE_", "PYTEST_"))}
    return {**kept, "COLUMNS": "160", **(extra or {})}


def wait_for(condition: Any, seconds: float = 20) -> None:
    """Wait until something holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.01)


class Runs:
    """Commands, each in a process of its own that need not import everything anew.

    Args:
        folder: where what they say is written, until it is read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[str] | None = None

    def __call__(
        self,
        folder: Path,
        words: Sequence[str] = ("run",),
        *,
        crash: Sequence[str] = (),
        env: dict[str, str] | None = None,
        timeout: float = 60,
    ) -> Said:
        """Do one; killed at a point of `crash.py` where one is given."""
        asked = {"folder": str(folder), "environment": environment(env), "crash": crash, "words": words}
        out, err = self._folder / "out", self._folder / "err"
        code = self._ask({**asked, "out": str(out), "err": str(err)}, timeout)
        return Said(code, out.read_text("utf-8"), err.read_text("utf-8"))

    def close(self) -> None:
        """Begin none any more."""
        if self._server is not None:
            self._server.communicate(timeout=20)
            self._server = None

    def _ask(self, asked: dict[str, Any], timeout: float) -> int:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, str(SERVE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**environment(None), "ARROW_DEFAULT_MEMORY_POOL": "system"},
                encoding="utf-8",
                start_new_session=True,
            )
        server = self._server
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(asked) + "\n")
        server.stdin.flush()
        if not select.select([server.stdout], [], [], timeout)[0]:
            os.killpg(server.pid, signal.SIGKILL)
            self.close()
            raise subprocess.TimeoutExpired(asked["words"], timeout)
        return int(server.stdout.readline())


class InFile:
    """The warehouse in a DuckDB file of the project."""

    name = "duckdb"
    config = "type: duckdb, path: warehouse.duckdb"

    file = "warehouse.duckdb"

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self) -> None:
        """It goes with the project's folder."""

    restore = save

    def ask(self, queries: list[str]) -> list[list[tuple[object, ...]]]:
        """Look without Interlace, in a copy."""
        import duckdb

        copy = self._root.parent / "seen"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for suffix in ("", ".wal"):
            if (file := self._root / f"{self.file}{suffix}").exists():
                shutil.copy(file, copy)
        with duckdb.connect(str(copy / self.file)) as connection:
            return [connection.execute(query).fetchall() for query in queries]


class InFiles(InFile):
    """A DuckDB file of the project for each environment; prod's is looked into."""

    name = "files"
    config = "type: duckdb, path: 'warehouse-{env}.duckdb'"
    file = "warehouse-prod.duckdb"


class OnServer:
    """The warehouse in a database of a PostgreSQL server."""

    name = "postgres"

    def __init__(self, server: str, name: str) -> None:
        self._server = server
        self._url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        self._name = name
        self.config = f"type: postgres, url: '{self._url}'"
        self._administer(f"CREATE DATABASE {name} STRATEGY wal_log")

    def save(self) -> None:
        """Keep a copy of it, beside it."""
        self._administer(f"CREATE DATABASE {self._name}_start TEMPLATE {self._name} STRATEGY wal_log")

    def restore(self) -> None:
        """Make it what was saved."""
        self._administer(
            f"DROP DATABASE {self._name} WITH (FORCE)",
            f"CREATE DATABASE {self._name} TEMPLATE {self._name}_start STRATEGY wal_log",
        )

    def drop(self) -> None:
        """Leave neither it nor the copy behind."""
        self._administer(
            f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)", f"DROP DATABASE IF EXISTS {self._name}_start"
        )

    def ask(self, queries: list[str]) -> list[list[tuple[object, ...]]]:
        """Look without Interlace, once the server has noticed that the others are gone."""
        import psycopg

        others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        until = time.monotonic() + 20
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            while connection.execute(others).fetchall() != [(0,)]:
                assert time.monotonic() < until, "a session of a killed process did not end"
                time.sleep(0.01)
            return [connection.execute(query).fetchall() for query in queries]

    def _administer(self, *statements: str) -> None:
        import psycopg

        with psycopg.connect(self._server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


class Killed:
    """A project and its warehouse, in which commands are killed, and which can be what they were before.

    Args:
        warehouse: of the project.
    """

    def __init__(self, project: Project, warehouse: InFile | OnServer) -> None:
        self.project = project
        self.warehouse = warehouse
        self._start = project.root.parent / "start"

    def save(self) -> None:
        """Begin here, from now on."""
        shutil.copytree(self.project.root, self._start)
        self.warehouse.save()

    def begin_again(self) -> None:
        """Make both what they were when they were saved."""
        shutil.rmtree(self.project.root)
        shutil.copytree(self._start, self.project.root)
        self.warehouse.restore()

    def kill(self, when: str, moment: str, nth: int, *words: str) -> bool:
        """Do a command and be killed there; whether that call came."""
        own = self.warehouse.name == "postgres" and moment in {"statement", "commit"}
        said = self.project.killed_at(when, f"postgres-{moment}" if own else moment, nth, *words)
        assert said.code in (0, -signal.SIGKILL), said.out + said.err
        return said.code != 0


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Iterator[Runs]:
    """Does commands, one after the other."""
    made = Runs(tmp_path_factory.mktemp("runs"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def make_warehouse(request):
    """A function that makes the warehouse of a project, by the engine's name; it can be saved, restored and looked into."""

    def make(engine: str, root: Path) -> InFile | OnServer:
        if engine in {"duckdb", "files"}:
            return InFile(root) if engine == "duckdb" else InFiles(root)
        made = OnServer(request.getfixturevalue("postgres_server"), f"w{os.getpid()}_{os.urandom(4).hex()}")
        request.addfinalizer(made.drop)
        return made

    return make


@pytest.fixture(scope="session")
def make_project(runs: Runs):
    """A function that makes a project with a configuration and no models."""

    def make(root: Path, *, alone: bool = False) -> Project:
        (root / "models").mkdir(parents=True)
        made = Project(root, None if alone else runs)
        made.write("config.yaml", CONFIG)
        return made

    return make


@pytest.fixture(scope="module")
def make_killed(make_project, make_warehouse, tmp_path_factory):
    """A function that makes a project whose commands are killed, by the engine's name."""

    def make(engine: str) -> Killed:
        project = make_project(tmp_path_factory.mktemp("killed") / "project")
        return Killed(project, make_warehouse(engine, project.root))

    return make


@pytest.fixture
def project(request, make_project, tmp_path: Path) -> Project:
    return make_project(tmp_path / "project", alone=request.path.name in ALONE)


@pytest.fixture
def wait():
    return wait_for


@pytest.fixture
def make_proxy():
    """A function that puts a proxy (`proxy.py`) before a database, by its URL with a socket; gives it and its own URL."""
    spec = spec_from_file_location("faulty_proxy", Path(__file__).with_name("proxy.py"))
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    made: list[Any] = []

    def make(url: str, seed: int = 0) -> tuple[Any, str]:
        parts = urlsplit(url)
        [folder] = parse_qs(parts.query)["host"]
        proxy = module.Proxy(f"{folder}/.s.PGSQL.5432", seed)
        made.append(proxy)
        plain = f"postgresql://{parts.username or 'postgres'}@127.0.0.1:{proxy.port}{parts.path}"
        return proxy, f"{plain}?sslmode=disable&gssencmode=disable"

    yield make
    for proxy in made:
        proxy.close()


@pytest.fixture
def folder(request, runs: Runs, tmp_path: Path) -> Project:
    """A folder that is no project."""
    root = tmp_path / "folder"
    root.mkdir()
    return Project(root, None if request.path.name in ALONE else runs)


@pytest.fixture
def sigint():
    return lambda process: process.send_signal(signal.SIGINT)
