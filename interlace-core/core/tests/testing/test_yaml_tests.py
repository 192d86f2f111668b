from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from textwrap import dedent

import pytest

from interlace.errors import InvalidProject, InvalidTest
from interlace.testing.case import Expected, Run
from interlace.testing.comparison import Ways
from interlace.testing.given import Mock
from interlace.testing.yaml_tests import files_of, read_tests


@pytest.fixture
def read(tmp_path):
    """A function that reads the tests of a text."""

    def read(text: str, graph=None):
        path = tmp_path / "tests" / "test_it.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return read_tests(path, tmp_path, graph)

    return read


def wrong(read, text: str, graph=None) -> list[str]:
    """What is said about a text, each as ``line: message (hint)``."""
    with pytest.raises((InvalidTest, InvalidProject)) as caught:
        read(text, graph)
    errors = caught.value.errors if isinstance(caught.value, InvalidProject) else [caught.value]
    assert {"tests/test_it.yaml"} == {str(e.where.path) for e in errors}
    return [f"{e.where.line}: {e.message}" + (f" ({e.hint})" if e.hint else "") for e in errors]


def test_a_test_with_every_key(read):
    (case,) = read("""
        first:
          description: of them all
          model: orders
          given:
            a: [{id: 1}]
            b: {rows: [{id: 2}], columns: {id: BIGINT}}
            c: {csv: "id\\n3\\n"}
            d: {file: data/d.csv}
            e: {columns: {id: BIGINT}}
          vars: {vip: 5}
          at: 2026-03-01T12:00:00
          pipeline: true
          connection: pg
          checks: true
          expect: {rows: [{id: 1}], columns: [id], key: id, ordered: true, tolerance: 0.5}
        """)

    assert ("first", ["orders"], {"vip": 5}) == (case.name, list(case.models), case.variables)
    assert (True, "pg", True) == (case.pipeline, case.connection, case.checks)
    (run,) = case.runs
    assert datetime(2026, 3, 1, 12) == run.at  # noqa: DTZ001  as it is written
    assert {
        "a": Mock([{"id": 1}]),
        "b": Mock([{"id": 2}], {"id": "BIGINT"}),
        "c": Mock("id\n3\n"),
        "d": Mock(Path("data/d.csv")),
        "e": Mock([], {"id": "BIGINT"}),
    } == run.given
    assert isinstance(run.expect, Expected)
    assert ([{"id": 1}], Ways(["id"], ["id"], ordered=True, tolerance=0.5)) == (run.expect.rows, run.expect.ways)
    assert 15 == run.expect.where.line
    assert 1 == case.where.line


def test_several_runs(read):
    (case,) = read("""
        history:
          model: log
          runs:
            - {at: 2026-03-01, given: {events: [{id: 1}]}, expect: [{id: 1}]}
            - execution_time: 2026-03-02T00:00:00Z
              given: {events: []}
              expect: {error: ILC-608}
        """)

    first, second = case.runs
    assert (date(2026, 3, 1), {"events": Mock([{"id": 1}])}) == (first.at, first.given)
    assert Run({"events": Mock([])}, None, datetime(2026, 3, 2, tzinfo=UTC), error="ILC-608") == second


def test_plain_words_mean_what_they_look_like(read):
    (case,) = read("""
        words:
          model: orders
          expect:
            - {country: no, zip: 01067, at: 12:30, day: 2026-03-01, yes: true, n: 1e3, f: 1.5, none: null, tilde: ~, q: "7"}
        """)

    assert [
        {
            "country": "no",
            "zip": "01067",
            "at": "12:30",
            "day": date(2026, 3, 1),
            "yes": True,
            "n": 1000.0,
            "f": 1.5,
            "none": None,
            "tilde": None,
            "q": "7",
        }
    ] == case.runs[0].expect.rows


def test_an_empty_file_has_no_tests(read):
    assert [] == read("# nothing yet\n")


def test_wrong_keys_are_told_together_with_their_lines_and_the_nearest_words(read):
    assert [
        "1: the test 'first' names no model (Say it: model: orders.)",
        (
            "2: the test 'first' has no key 'modle' (Did you mean 'model'? Keys: at, checks, connection, description, "
            "expect, given, model, pipeline, runs, vars.)"
        ),
    ] == wrong(read, "first:\n  modle: orders\n  expect: []\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("t:\n  model: orders\n", "1: the test 't' expects nothing (Say 'expect', or 'runs'.)"),
        ("t: 7\n", "1: the test 't' must be a mapping of keys to values"),
        ("t:\n  model: [a]\n  expect: []\n", "2: the test 't' names no model (Say it: model: orders.)"),
        ("t:\n  model: a\n  expect: 7\n", "3: 'expect' must be a list of rows, or a mapping with 'rows', 'csv' or 'file'"),
        ("t:\n  model: a\n  expect: [7]\n", "3: a row must be a mapping of columns to values"),
        ("t:\n  model: a\n  expect: {rows: [], csv: x}\n", "3: 'expect' must be given in one way, not by 'rows' and 'csv'"),
        (
            "t:\n  model: a\n  expect: {columns: [x]}\n",
            "3: 'expect' must be given in one way, not by none of 'rows', 'csv' and 'file'",
        ),
        (
            "t:\n  model: a\n  expect: {row: []}\n",
            "3: 'expect' has no key 'row' (Did you mean 'rows'? Keys: columns, csv, error, file, key, ordered, rows, tolerance.)",
        ),
        ("t:\n  model: a\n  expect: {rows: [], tolerance: -1}\n", "3: 'tolerance' must be a number of 0 or more"),
        ("t:\n  model: a\n  expect: {rows: [], ordered: 1}\n", "3: 'ordered' must be true or false"),
        ("t:\n  model: a\n  expect: {error: x, key: y}\n", "3: 'key' does not go with 'error'"),
        ("t:\n  model: a\n  given: [1]\n  expect: []\n", "3: 'given' must be a mapping of names to rows"),
        (
            "t:\n  model: a\n  given: {b: {cvs: x}}\n  expect: []\n",
            "3: the rows of 'b' has no key 'cvs' (Did you mean 'csv'? Keys: columns, csv, file, rows.)",
        ),
        ("t:\n  model: a\n  at: noon\n  expect: []\n", "3: 'at' must be a time such as 2024-01-31T12:00:00, not 'noon'"),
        ("t:\n  model: a\n  runs: []\n", "3: 'runs' must be a list of runs (Such as [{at: 2024-01-01, given: ..., expect: ...}].)"),
        (
            "t:\n  model: a\n  expect: []\n  runs: [{expect: []}]\n",
            "3: 'expect' stands inside of 'runs', where there are any",
        ),
        ("t:\n  model: a\n  runs:\n    - expct: []\n", "4: a run has no key 'expct' (Did you mean 'expect'? Keys: at, expect, given.)"),
        ("t:\n  model: a\n  at: 2026-01-01\n  execution_time: 2026-01-01\n  expect: []\n", "4: 'execution_time' is given twice, first in line 3"),
        ("t:\n  model: a\nt:\n  model: b\n", "3: the key 't' is given twice; the first is in line 1."),
        ("- a\n", "1: must be a mapping of keys to values at its top level, not a list."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(read, text, said):
    assert said in wrong(read, text)


def test_names_are_looked_up_in_the_project(read, bench):
    said = wrong(
        read,
        """
        first:
          model: totls
          given:
            shop_order: []
          expect: []
        """,
        bench.loaded.graph,
    )

    assert ["2: no", "4: no"] == [s.replace("there is no model", "no")[:5] for s in said]
    assert "Did you mean 'totals'?" in said[0]
    assert "Did you mean 'shop_orders'?" in said[1]


def test_files_of_tests_begin_with_test(tmp_path):
    for name in ("test_a.yaml", "deep/test_b.yml", "cassette.yaml", "test_c.py", "test_d.yaml.bak"):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")

    assert ["tests/deep/test_b.yml", "tests/test_a.yaml"] == [str(p.relative_to(tmp_path)) for p in files_of(tmp_path)]
