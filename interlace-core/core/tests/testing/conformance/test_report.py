"""What a run of the suites is recorded as."""

from __future__ import annotations

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from interlace.contracts.connection import Capabilities
from interlace.testing.conformance.report import Shown, record_of

ABLE = Capabilities(views=True, embedded=True, transactional_ddl=False)


def shown(needs, outcome, reason=""):
    return Shown("x", f"test_{'_'.join(needs) or 'all'}", needs, outcome, reason, ABLE)


@pytest.mark.parametrize(
    ("scenarios", "capability", "verdict"),
    [
        ([shown(("views",), "passed")], "views", "passed"),
        ([shown(("views",), "passed"), shown(("views",), "failed")], "views", "FAILED"),
        ([shown(("exchange",), "refused"), shown(("exchange", "views"), "refused")], "exchange", "refused"),
        ([shown(("exchange",), "failed")], "exchange", "FAILED"),
        ([shown(("transactional_ddl",), "left out", "not declared: transactional_ddl")], "transactional_ddl", "no"),
        ([shown((), "passed")], "embedded", "declared"),
        ([shown((), "passed")], "try_cast", "not declared"),
    ],
)
def test_a_capability_has_the_verdict_of_its_scenarios(scenarios, capability, verdict):
    assert verdict == record_of(scenarios)["capabilities"][capability]


def test_what_is_left_out_stands_under_its_reason():
    record = record_of([shown((), "passed"), shown(("views",), "left out", "why"), shown((), "not run", "no server")])

    assert {"left out": 1, "not run": 1, "passed": 1} == record["counts"]
    assert {"why": ["test_views"]} == record["left_out"]
    assert {"no server": ["test_all"]} == record["not_run"]


def test_a_place_with_files_has_no_capabilities():
    assert "capabilities" not in record_of([Shown("x", "test", (), "passed")])


@pytest.fixture
def run(tmp_path):
    """Runs a suite that is no connector's, and gives the exit code, what was said and what was written."""
    (tmp_path / "test_it.py").write_text(
        dedent(
            """
            from types import SimpleNamespace

            import pytest

            from interlace.contracts.connection import Capabilities
            from interlace.errors import UnsupportedCapability
            from interlace.testing.conformance.base import requires


            class TestIt:
                reported_as = "it"

                @pytest.fixture
                def connection(self):
                    return SimpleNamespace(capabilities=Capabilities(views=True))

                @requires("views")
                def test_views(self, connection):
                    pass

                @requires("ibis")
                def test_ibis(self, connection):
                    raise UnsupportedCapability("no")

                @requires("transactional_ddl")
                def test_ddl(self, connection):
                    raise AssertionError

                @pytest.mark.skipif("not config.getoption('keyword')", reason="no server")
                def test_server(self, connection):
                    pass
            """
        )
    )
    (tmp_path / "report.json").write_text('{"other": {"counts": {"passed": 1}}}')

    plugins = ["-p", "interlace.testing.conformance.report", "-p", "no:cacheprovider"]

    def pytest_(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, "--conformance-report", "report.json", *arguments, "test_it.py"],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, json.loads((tmp_path / "report.json").read_text())

    return pytest_


@pytest.mark.slow  # a process
def test_a_run_is_written_and_what_it_did_not_touch_stays(run):
    code, said, written = run("-k", "not no_such_test")

    assert 0 == code
    assert "it: 1 left out, 2 passed, 1 refused" in said
    assert {"passed": 1} == written["other"]["counts"]
    assert ("passed", "refused", "no") == tuple(
        written["it"]["capabilities"][word] for word in ("views", "ibis", "transactional_ddl")
    )


@pytest.mark.slow  # a process
def test_what_is_not_run_fails_the_run_with_its_reason(run):
    code, said, written = run()

    assert 1 == code
    assert "1 not run: no server" in said
    assert {"no server": ["test_server"]} == written["it"]["not_run"]
