from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # a pytest of its own for each

TESTS = """
from interlace.testing import test_model_sync


def test_it(interlace_project, interlace_clock):
    interlace_clock.set("2026-03-02")
    rows = test_model_sync("recent_total", {"recent": [{"amount": 1}]}, project=interlace_project).rows
    assert "2026-03-02" == str(rows[0]["made_at"].date())
"""
YAML = """
good:
  model: log
  given: {events: [{id: 1, kind: a}]}
  expect: [{id: 1, kind: a}]
bad:
  model: log
  given: {events: [{id: 1, kind: a}]}
  expect: [{id: 1, kind: b}]
"""
HEAVY = ("duckdb", "ibis", "pandas", "polars", "pyarrow", "pydantic", "sqlalchemy", "sqlglot", "yaml")


@pytest.fixture
def pytest_in(make_project):
    """A function that runs pytest in the project's folder."""

    def run(*words, **files):
        root = make_project(**files)
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=root,
            capture_output=True,
            encoding="utf-8",
            timeout=100,
            check=False,
        )

    return run


def test_the_fixtures_are_there_without_asking(pytest_in):
    done = pytest_in("-q", "tests", **{"tests/test_it.py": TESTS})

    assert "1 passed" in done.stdout
    assert 0 == done.returncode


@pytest.mark.parametrize("how", [("--interlace",), ("-o", "interlace_tests=true")], ids=["option", "configuration"])
def test_yaml_tests_are_items_where_they_are_asked_for(pytest_in, how):
    done = pytest_in("-q", "tests", *how, **{"tests/test_it.yaml": YAML})

    assert 1 == done.returncode
    assert "1 failed, 1 passed" in done.stdout
    assert "  ~  1   b → a" in done.stdout
    assert "Traceback" not in done.stdout


def test_yaml_tests_are_left_alone_otherwise(pytest_in):
    assert 5 == pytest_in("-q", "tests", **{"tests/test_it.yaml": YAML}).returncode


def test_a_wrong_yaml_file_is_told_in_our_words(pytest_in):
    done = pytest_in("-q", "tests", "--interlace", **{"tests/test_it.yaml": "good:\n  modl: log\n"})

    assert 2 == done.returncode
    assert "tests/test_it.yaml:2:3: the test 'good' has no key 'modl'" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_plugin_imports_nothing_heavy_before_it_is_used(pytest_in, monkeypatch):
    test = f"""
        import sys

        def test_nothing():
            assert "interlace.testing.pytest_plugin" in sys.modules
            assert [] == [name for name in {HEAVY!r} if name in sys.modules]
            assert ["interlace", "interlace.testing", "interlace.testing.pytest_plugin"] == sorted(
                name for name in sys.modules if name.partition(".")[0] == "interlace"
            )
        """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins import what they like

    done = pytest_in("-q", "tests", "-p", "interlace", **{"tests/test_it.py": test})

    assert 0 == done.returncode, done.stdout
