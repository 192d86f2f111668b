"""Plugins that are installed for real, by pip's own means, into folders of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

collect_ignore = ["example"]  # not importable here; its tests run where it is installed, by test_example.py


def _install(target, *packages):
    """Build the packages and install them into a folder: offline, with what is installed here."""
    uv = pytest.importorskip("uv", reason="uv builds and installs the plugins under test").find_uv_bin()
    folders = [str(HERE / package) for package in packages]  # a path that is absolute stays as it is
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--offline", "--no-cache", "--no-deps", "--no-build-isolation",
         "--python", sys.executable, "--target", str(target), *folders],
        check=True,
        timeout=120,
        capture_output=True,
    )  # fmt: skip
    return target


@pytest.fixture(scope="session")
def install():
    """A function that builds packages and installs them into a folder, which it gives."""
    return _install


@pytest.fixture(scope="session")
def example(tmp_path_factory):
    """A folder in which the example is installed."""
    return _install(tmp_path_factory.mktemp("example"), "example")


@pytest.fixture(scope="session")
def broken(tmp_path_factory):
    """A folder in which all broken plugins are installed."""
    return _install(tmp_path_factory.mktemp("broken"), *sorted(path.name for path in HERE.glob("broken_*")))


@pytest.fixture(scope="session")
def python():
    """A function that runs Python with folders of installed plugins on its path, and gives what it prints."""

    def run(*arguments, plugins, cwd=None, check=True):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, plugins)), "COLUMNS": "120"}
        return subprocess.run(
            [sys.executable, *arguments],
            env=environment, cwd=cwd, check=check, timeout=120, capture_output=True, text=True,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def ask(python):
    """A function that evaluates an expression over ``manager`` in a fresh process, and gives its value."""

    def evaluate(expression, *, plugins, **options):
        code = (
            "import json\n"
            "from interlace.contracts.connection import Connection\n"
            "from interlace.errors import InterlaceError\n"
            "from interlace.plugins import PluginManager\n"
            "def said(f):\n"
            "    try:\n        return f()\n"
            "    except InterlaceError as e:\n        return str(e)\n"
            f"manager = PluginManager.discover(**{options!r})\n"
            f"print(json.dumps({expression}))"
        )
        return json.loads(python("-c", code, plugins=plugins).stdout)

    return evaluate
