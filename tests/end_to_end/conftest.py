"""Projects on disk and the real command line: a process for each command, real files, a real DuckDB."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

INTERLACE = str(Path(sys.executable).with_name("interlace"))

CONFIG = "connections:\n  default:\n    type: duckdb\n    path: warehouse.duckdb\n"


QUICK = {"test_first_project.py", "test_readme.py"}


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
    """A project's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

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
        done = subprocess.run(
            [INTERLACE, *words],
            cwd=self.root if cwd is None else self.root / cwd,
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


@pytest.fixture(scope="session")
def make_project():
    """A function that makes a project with a configuration and no models."""

    def make(root: Path) -> Project:
        (root / "models").mkdir(parents=True)
        made = Project(root)
        made.write("config.yaml", CONFIG)
        return made

    return make


@pytest.fixture
def project(make_project, tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture
def wait():
    return wait_for


@pytest.fixture
def folder(tmp_path: Path) -> Project:
    """A folder that is no project."""
    root = tmp_path / "folder"
    root.mkdir()
    return Project(root)


@pytest.fixture
def sigint():
    return lambda process: process.send_signal(signal.SIGINT)
