from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Distribution:
    """One folder with a pyproject.toml."""

    folder: Path

    @property
    def settings(self) -> dict[str, Any]:
        return tomllib.loads((self.folder / "pyproject.toml").read_text(encoding="utf-8"))

    @property
    def project(self) -> dict[str, Any]:
        return self.settings["project"]

    @property
    def name(self) -> str:
        return self.project["name"]

    @property
    def version(self) -> str:
        return self.project["version"]

    @property
    def import_root(self) -> Path:
        """The one package under src."""
        [root] = [path for path in (self.folder / "src").iterdir() if path.is_dir()]
        return root

    @property
    def dependencies(self) -> list[str]:
        """As they are written: a part of this repository is a bare name."""
        return [*self.project.get("dependencies", []), *self._hook.get("dependencies", [])]

    @property
    def extras(self) -> dict[str, list[str]]:
        """By their names, as they are written."""
        return {**self.project.get("optional-dependencies", {}), **self._hook.get("optional-dependencies", {})}

    @property
    def _hook(self) -> dict[str, Any]:
        return self.settings["tool"]["hatch"].get("metadata", {}).get("hooks", {}).get("custom", {})


@pytest.fixture(scope="session")
def members(checkout) -> list[Distribution]:
    """All distributions but the root's."""
    shelves = Distribution(checkout).settings["tool"]["uv"]["workspace"]["members"]
    files = [file for shelf in shelves for file in checkout.glob(f"{shelf}/pyproject.toml")]
    return [Distribution(file.parent) for file in sorted(files)]


@pytest.fixture(scope="session")
def root(checkout) -> Distribution:
    return Distribution(checkout)


# What nox and a shell with an active environment say about that environment; uv would change it instead of a new one.
OUTER = ("INTERLACE_", "PYTHON", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON", "VIRTUAL_ENV")


def call(*command: str | Path, cwd: Path | None = None, **environment: str) -> str:
    """Run a command outside of this process' environment; its output, or a failure that shows it."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OUTER)}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


@pytest.fixture(scope="session")
def run():
    return call


@pytest.fixture(scope="session")
def uv():
    def command(*words: str | Path, cwd: Path | None = None, **environment: str) -> str:
        return call(sys.executable, "-m", "uv", *words, cwd=cwd, **environment)

    return command


@pytest.fixture(scope="session")
def copy_project():
    """Copy a folder without what tools and runs left in it."""

    def copy(source: Path, target: Path) -> Path:
        left = (".git", ".interlace", ".nox", ".venv", ".*_cache", "__pycache__", "dist", "*.duckdb", "uv.lock")
        return shutil.copytree(source, target, ignore=shutil.ignore_patterns(*left))

    return copy


@pytest.fixture(scope="session")
def make_environment(uv, tmp_path_factory):
    """A new, empty virtual environment with these requirements; the folder of its commands."""

    def make(*requirements: str | Path) -> Path:
        folder = tmp_path_factory.mktemp("environment")
        uv("venv", "--quiet", "--python", sys.executable, folder, "--clear")
        uv("pip", "install", "--quiet", "--python", folder / "bin" / "python", *requirements)
        return folder / "bin"

    return make


@pytest.fixture(scope="session")
def dist(root, members, uv, tmp_path_factory) -> Path:
    """A folder with the wheel of every distribution, as a release builds them."""
    folder = tmp_path_factory.mktemp("dist")
    for distribution in (root, *members):
        uv("build", "--quiet", "--wheel", "--out-dir", folder, distribution.folder, INTERLACE_RELEASE="1")
    return folder
