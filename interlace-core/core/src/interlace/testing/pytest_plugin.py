"""The pytest plugin: fixtures for tests of models, and the tests in YAML as items of pytest.

Nothing of Interlace but this is imported until a fixture is asked for or a YAML test is collected.
YAML tests are collected where they are asked for: with ``--interlace``, or ``interlace_tests = true`` in pytest's
configuration; `interlace test` runs them without pytest.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from interlace.testing.bench import Bench
    from interlace.testing.case import Case
    from interlace.testing.clock import Clock

__all__ = ["interlace_clock", "interlace_project"]

_BENCHES: pytest.StashKey[dict[Path, Bench]] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Two options and two lines of the configuration."""
    group = parser.getgroup("interlace")
    group.addoption("--interlace", action="store_true", help="Collect the YAML tests of an Interlace project.")
    group.addoption("--interlace-report", metavar="FILE", help=argparse.SUPPRESS)
    parser.addini("interlace_tests", "Collect the YAML tests of an Interlace project.", type="bool", default=False)
    parser.addini("interlace_project", "The folder of the Interlace project, from the root folder.", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the report that `interlace test` asks for."""
    # ibis 12 asks DuckDB 1.5 for Arrow by a name that is deprecated there: no test of a project can help it.
    config.addinivalue_line("filterwarnings", "ignore:fetch_arrow_table:DeprecationWarning:ibis.backends.duckdb")
    path = config.getoption("interlace_report", None)
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Report(Path(path), config.rootpath), "interlace_report")


# --- fixtures ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def interlace_project(pytestconfig: pytest.Config) -> Bench:
    """The project, loaded once: ``test_model_sync("orders", ..., project=interlace_project)``."""
    from interlace.errors import ProjectNotFound

    given = str(pytestconfig.getini("interlace_project"))
    if given:
        return _bench(pytestconfig, pytestconfig.rootpath / given)
    try:
        return _bench(pytestconfig, pytestconfig.rootpath)
    except ProjectNotFound:
        return _bench(pytestconfig, pytestconfig.invocation_params.dir)


@pytest.fixture
def interlace_clock() -> Iterator[Clock]:
    """A clock that stands still for the runs of this test; it begins with the present: see ``set`` and ``move``."""
    from datetime import UTC, datetime

    from interlace.testing.clock import frozen_clock

    with frozen_clock(datetime.now(UTC)) as clock:
        yield clock


def _bench(config: pytest.Config, folder: Path) -> Bench:
    from interlace.config import find_root
    from interlace.testing.bench import Bench

    known = config.stash.setdefault(_BENCHES, {})
    root = find_root(folder)
    if root not in known:
        known[root] = Bench.load(root)
    return known[root]


# --- tests in YAML ----------------------------------------------------------------------------------------------------


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take a YAML file of tests of an Interlace project, where they are asked for."""
    if not file_path.name.startswith("test_") or file_path.suffix not in (".yaml", ".yml"):
        return None
    config = parent.config
    if not (config.getoption("interlace") or config.getini("interlace_tests")):
        return None
    root = next((f for f in file_path.parents if (f / "config.yaml").is_file() and (f / "models").is_dir()), None)
    if root is None or not file_path.is_relative_to(root / "tests"):
        return None
    made: pytest.Collector = YamlFile.from_parent(parent, path=file_path)
    return made


class YamlFile(pytest.File):
    """One file of tests in YAML."""

    def collect(self) -> Iterable[pytest.Item]:
        """Read it: the project is loaded now."""
        from interlace.testing.yaml_tests import read_tests

        bench = _bench(self.config, self.path.parent)
        for case in read_tests(self.path.resolve(), bench.root.resolve(), bench.loaded.graph):
            yield YamlItem.from_parent(self, name=case.name, case=case, bench=bench)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """A wrong file is told in our words, without a traceback."""
        del style
        return _told(excinfo) or super().repr_failure(excinfo)


class YamlItem(pytest.Item):
    """One test in YAML."""

    def __init__(self, *, case: Case, bench: Bench, **options: Any) -> None:
        super().__init__(**options)
        self._case = case
        self._bench = bench

    def runtest(self) -> None:
        """Perform it."""
        self._bench.perform(self._case)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The rows that differ, or the model's error, without a traceback."""
        return _told(excinfo) or super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is written."""
        where = self._case.where
        return self.path, None if where is None or where.line is None else where.line - 1, self.name


def _told(excinfo: pytest.ExceptionInfo[BaseException]) -> str | None:
    from interlace.errors import InterlaceError

    error = excinfo.value
    if isinstance(error, InterlaceError):
        return f"[{error.code}] {error}"
    return str(error) if isinstance(error, AssertionError) else None


# --- the report for `interlace test` ----------------------------------------------------------------------------------


class _Report:
    """Writes one line of JSON for each test, and one for each model that was tested."""

    def __init__(self, path: Path, root: Path) -> None:
        self._path = path
        self._root = root
        self._stack = ExitStack()
        self._tested: set[tuple[str, str]] = set()

    def pytest_sessionstart(self) -> None:
        from interlace.testing.tested import noting

        self._tested = self._stack.enter_context(noting())

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or report.failed or (report.when == "setup" and report.skipped):
            file, line, _ = report.location
            name = report.nodeid.partition("::")[2] or report.nodeid
            status = "error" if report.failed and report.when != "call" else report.outcome
            self._write(file, name, line, status, report.duration, report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(report.nodeid, report.nodeid, None, "error", 0.0, report)

    def pytest_sessionfinish(self) -> None:
        self._stack.close()
        for _, model in sorted(self._tested):
            self._line({"tested": model})

    def _write(self, file: str, name: str, line: int | None, status: str, seconds: float, report: Any) -> None:
        message = "" if status == "passed" else report.longreprtext
        number = None if line is None else line + 1
        self._line(
            {"file": file, "name": name, "line": number, "status": status, "seconds": seconds, "message": message}
        )

    def _line(self, data: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(data) + "\n")
