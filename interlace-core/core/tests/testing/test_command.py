"""``interlace test``, in a process of its own as users call it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from inline_snapshot import snapshot

pytestmark = pytest.mark.slow  # a process for each command adds up

INTERLACE = str(Path(sys.executable).with_name("interlace"))

GOOD = """
ann_is_a_customer:
  model: totals
  given: {shop_orders: [{customer: ann, amount: 7}]}
  expect: {rows: [{customer: ann, total: 7}], columns: [customer, total]}
"""
BAD = """
events_are_kept:
  model: log
  runs:
    - {at: 2026-03-01, given: {events: [{id: 1, kind: a}]}, expect: [{id: 1, kind: a}]}
    - {at: 2026-03-02, given: {events: [{id: 2, kind: b}]}, expect: [{id: 2, kind: b}]}
events_have_kinds:
  model: broken
  given: {events: [{id: 1}]}
  expect: []
"""
BROKEN = "from interlace import model\n\n\n@model\ndef broken(events):\n    raise ValueError('no kinds')\n"
PYTHON = """
import pytest

from interlace.testing import test_model_sync


def test_pages():
    test_model_sync("pages", {"events": [{"kind": "a"}]}, [{"page": "a", "views": 1}], columns=["page", "views"])


@pytest.mark.skip(reason="another day")
def test_later():
    raise AssertionError
"""


@pytest.fixture
def tested(make_project):
    """A function that runs ``interlace test`` in the project with these files of tests."""

    def run(*words, **files):
        root = make_project(**{f"tests/{name}": text for name, text in files.items()})
        return subprocess.run(
            [INTERLACE, "test", *words], cwd=root, capture_output=True, encoding="utf-8", timeout=100, check=False
        )

    return run


def plain(text: str) -> str:
    return re.sub(r"\d+\.\d+ s", "TIME", text)


def test_tests_that_pass(tested):
    done = tested(**{"test_totals.yaml": GOOD})

    assert (0, "") == (done.returncode, done.stderr)
    assert snapshot("""\
✓ ann_is_a_customer  tests/test_totals.yaml:1  TIME
1 test: 1 passed in TIME.
""") == plain(done.stdout)


def test_tests_that_fail_are_shown_and_exit_1(tested):
    done = tested(**{"test_totals.yaml": GOOD, "test_log.yaml": BAD, "../models/broken.py": BROKEN})

    assert 1 == done.returncode
    assert snapshot("""\
✗ events_are_kept    tests/test_log.yaml:1  TIME
  log after run 2 is not as expected: 1 row expected, 2 there; 1 extra, 1 equal

       id  kind
    +  1   a

✗ events_have_kinds  tests/test_log.yaml:6  TIME
  [ILC-602] models/broken.py:6: broken raised ValueError: no kinds
      raise ValueError('no kinds')

✓ ann_is_a_customer  tests/test_totals.yaml:1  TIME
3 tests: 1 passed, 1 failed, 1 error in TIME.
""") == plain(done.stdout)


def test_quiet_shows_only_what_fails(tested):
    assert "1 test: 1 passed in TIME.\n" == plain(tested("-q", **{"test_totals.yaml": GOOD}).stdout)


def test_python_tests_are_run_by_pytest(tested):
    done = tested("--json", **{"test_totals.yaml": GOOD, "test_pages.py": PYTHON})

    told = json.loads(done.stdout)
    assert 0 == done.returncode
    assert {"passed": 2, "failed": 0, "errors": 0, "skipped": 1} == told["counts"]
    assert [
        ("ann_is_a_customer", "passed", "tests/test_totals.yaml", 1),
        ("test_pages", "passed", "tests/test_pages.py", 6),
        ("test_later", "skipped", "tests/test_pages.py", 10),
    ] == [(t["name"], t["status"], t["file"], t["line"]) for t in told["tests"]]


def test_a_failing_python_test_exits_1(tested):
    done = tested("--json", **{"test_it.py": "def test_it():\n    assert 1 == 2\n"})

    (told,) = json.loads(done.stdout)["tests"]
    assert (1, "failed") == (done.returncode, told["status"])
    assert "assert 1 == 2" in told["message"]


def test_a_python_file_that_cannot_be_imported_exits_1(tested):
    done = tested("--json", **{"test_it.py": "import nothing_of_that_name\n"})

    (told,) = json.loads(done.stdout)["tests"]
    assert (1, "error", "tests/test_it.py") == (done.returncode, told["status"], told["file"])


def test_a_selection_runs_the_yaml_tests_of_those_models(tested):
    done = tested(
        "tot*",
        **{"test_totals.yaml": GOOD, "test_log.yaml": BAD, "../models/broken.py": BROKEN, "test_pages.py": PYTHON},
    )

    assert 0 == done.returncode
    assert "1 test: 1 passed" in done.stdout
    assert "Tests in Python were left out: they are not selected by model." in done.stdout


def test_wrong_tests_exit_2_before_any_is_run(tested):
    done = tested(**{"test_totals.yaml": GOOD, "test_wrong.yaml": "w:\n  model: totals\n  expect: []\n"})

    assert 2 == done.returncode
    assert "" == done.stdout
    assert "tests/test_wrong.yaml:1:1: totals reads the source 'shop_orders', whose rows are not given" in done.stderr


def test_a_project_without_tests(tested):
    done = tested(**{"notes.yaml": "a: 1\n"})

    assert 0 == done.returncode
    assert (
        "⚠ tests/notes.yaml is no file of tests: their names begin with test_.\n"
        "There are no tests: they lie in tests/, as test_*.yaml or test_*.py.\n"
    ) == done.stdout


def test_coverage_by_folder_and_owner(tested):
    done = tested("--coverage", **{"test_totals.yaml": GOOD, "test_pages.py": PYTHON})

    assert 0 == done.returncode
    assert snapshot("""\
by folder  models   covered  tested  checked  columns checked
models          7  2 (29 %)       2        1           1 of ?
total           7  2 (29 %)       2        1           1 of ?

by owner    models   covered  tested  checked  columns checked
(no owner)       7  2 (29 %)       2        1           1 of ?
total            7  2 (29 %)       2        1           1 of ?

The columns of 6 models are not known: run them first.
Without a test or a check: best, log, recent, recent_total, told
3 tests: 2 passed, 1 skipped in TIME.
""") == plain(done.stdout.partition("by folder")[1] + done.stdout.partition("by folder")[2])


@pytest.mark.parametrize(("percent", "code"), [("14", 0), ("15", 1)])
def test_too_little_coverage_exits_1(tested, percent, code):
    done = tested("--coverage", "--fail-under", percent, "--json", **{"test_totals.yaml": GOOD})

    total = json.loads(done.stdout)["coverage"]["total"]
    assert (code, 7, 1) == (done.returncode, total["models"], total["covered"])


@pytest.mark.parametrize("words", [("--fail-under", "80"), ("--coverage", "--fail-under", "101"), ("nothing",)])
def test_wrong_usage_exits_2(tested, words):
    assert 2 == tested(*words, **{"test_totals.yaml": GOOD}).returncode
