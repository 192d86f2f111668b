"""How two tables differ, against a comparison in Python: by key and as whole rows, on real databases."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.contracts.relation import Relation
from interlace.run.difference import difference
from interlace.run.difference_columns import Pair
from interlace.run.difference_rows import Comparison, Counts, Keys, Side
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection
from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection

pytestmark = pytest.mark.slow  # together they are: some seconds of runs

OLD, NEW = Relation("before table"), Relation("After")
COLUMNS = ("Id", "part", "x", "a name")
BY = tuple(Pair(name, name) for name in COLUMNS[:2])
OTHERS = tuple(Pair(name, name) for name in COLUMNS[2:])

NUMBERS = st.sampled_from([None, 0.0, -0.0, 1.0, 1.0000001, math.nan, math.inf, -math.inf, 1e308, -1e308])
TEXTS = st.sampled_from([None, "", "a", "A", "ä", "a "])
KEYS = st.tuples(st.integers(0, 4), st.sampled_from(["a", "A", "ä"]))
KEYED = st.dictionaries(KEYS, st.tuples(NUMBERS, TEXTS), max_size=8)
ROWS = st.lists(st.tuples(st.none() | st.integers(0, 1), st.sampled_from([None, "a", "A"]), NUMBERS, TEXTS), max_size=8)


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def session(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("difference")
    if request.param == "duckdb":
        connection = DuckDBConnection("w", DuckDBOptions(path=":memory:"), root=root)
    else:
        url = request.getfixturevalue("postgres_server")
        connection = PostgresConnection("w", PostgresOptions(url=url), root=root)
    session = connection.session()
    yield session
    for relation in (OLD, NEW):
        session.drop(relation, "table")
    session.close()
    connection.close()


def fill(session, relation, rows):
    session.drop(relation, "table")
    session.execute(f'CREATE TABLE {session.name(relation)} ("Id" INT, part TEXT, x DOUBLE PRECISION, "a name" TEXT)')
    if rows:
        values = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
        session.execute(f"INSERT INTO {session.name(relation)} VALUES {values}")


def literal(value):
    if value is None:
        return "NULL"
    return f"'{value!r}'" if isinstance(value, float) else repr(value)


def compared(session, key, others, **options):
    return Comparison(session, Side(OLD), Side(NEW), key, others, **options)


def same(value):
    """A value as databases compare it: NaN equals itself, and zeros have no sign."""
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def apart(one, other, tolerance):
    if same(one) == same(other):
        return False
    if not isinstance(one, float) or not isinstance(other, float) or not tolerance:
        return True
    return not (one - tolerance <= other <= one + tolerance)


@settings(max_examples=25, deadline=None)
@given(KEYED, KEYED, st.sampled_from([0.0, 0.001, 1.0]))
def test_rows_that_a_key_tells(session, before, after, tolerance):
    fill(session, OLD, [(*key, *row) for key, row in before.items()])
    fill(session, NEW, [(*key, *row) for key, row in after.items()])
    near = (Pair("x", "x", "near" if tolerance else "value"), OTHERS[1])
    comparison = compared(session, BY, near, tolerance=tolerance)
    by_column = Counter(
        name
        for key in before.keys() & after.keys()
        for name, one, other in zip(COLUMNS[2:], before[key], after[key], strict=True)
        if apart(one, other, tolerance)
    )
    changed = {
        key
        for key in before.keys() & after.keys()
        if any(apart(one, other, tolerance) for one, other in zip(before[key], after[key], strict=True))
    }
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()

    expected = Counts(len(before), len(after), len(added), len(removed), len(changed), dict(by_column))
    assert expected == comparison.counts()
    assert (Keys(0, 0), Keys(0, 0)) == comparison.keys()
    assert added == {tuple(row.values[name] for name in COLUMNS[:2]) for row in comparison.added(100)}
    assert removed == {tuple(row.values[name] for name in COLUMNS[:2]) for row in comparison.removed(100)}
    assert changed == {tuple(row.values.values()) for row in comparison.changed(100)}
    assert by_column == Counter(name for row in comparison.changed(100) for name in row.changed)


@settings(max_examples=25, deadline=None)
@given(ROWS, ROWS)
def test_whole_rows_with_their_multiplicity(session, before, after):
    fill(session, OLD, before)
    fill(session, NEW, after)
    comparison = compared(session, (), (*BY, *OTHERS))
    old, new = (Counter(tuple(map(same, row)) for row in rows) for rows in (before, after))
    more, fewer = new - old, old - new

    assert Counts(len(before), len(after), more.total(), fewer.total(), None) == comparison.counts()
    assert more == Counter({tuple(map(same, row.values.values())): row.times for row in comparison.added(100)})
    assert fewer == Counter({tuple(map(same, row.values.values())): row.times for row in comparison.removed(100)})
    assert [] == comparison.changed(100)


@settings(max_examples=15, deadline=None)
@given(ROWS, ROWS)
def test_what_is_no_key_is_counted(session, before, after):
    fill(session, OLD, before)
    fill(session, NEW, after)
    expected = []
    for rows in (before, after):
        whole = Counter(row[:2] for row in rows if None not in row[:2])
        expected.append(Keys(len(rows) - whole.total(), sum(n > 1 for n in whole.values())))

    assert tuple(expected) == compared(session, BY, OTHERS).keys()


def test_a_condition_leaves_rows_out_on_both_sides(session):
    fill(session, OLD, [(1, "a", 1.0, None), (2, "a", 1.0, None), (3, "b", 1.0, None)])
    fill(session, NEW, [(1, "a", 2.0, None), (2, "a", 1.0, None), (4, "b", 1.0, None)])
    condition = sqlglot.parse_one("part = 'a'")
    comparison = Comparison(session, Side(OLD, condition), Side(NEW, condition), BY, OTHERS)

    assert Counts(2, 2, 0, 0, 1, {"x": 1}) == comparison.counts()


def test_samples_come_in_the_order_of_the_key_and_are_as_many_as_asked_for(session):
    fill(session, OLD, [(n, "a", 1.0, None) for n in (9, 3, 7, 1)])
    fill(session, NEW, [])

    assert [1, 3] == [row.values["Id"] for row in compared(session, BY, OTHERS).removed(2)]


def test_a_key_alone_can_be_compared(session):
    fill(session, OLD, [(1, "a", 1.0, None), (2, "a", 1.0, None)])
    fill(session, NEW, [(1, "a", 2.0, None)])
    comparison = compared(session, BY, ())

    assert Counts(2, 1, 0, 1, 0) == comparison.counts()
    assert [] == comparison.changed(5)


def test_a_key_of_other_types_is_compared_as_text(session):
    fill(session, OLD, [(1, "1", 1.0, None), (2, "2", 1.0, None)])
    fill(session, NEW, [(2, "1", 1.0, None), (9, "7", 1.0, None)])

    assert Counts(2, 2, 1, 1, 0) == compared(session, (Pair("part", "Id", "text"),), ()).counts()


def test_tables_without_a_common_column_have_no_row_in_common(session):
    fill(session, OLD, [(1, "a", 1.0, None)])
    fill(session, NEW, [(1, "a", 1.0, None), (2, "a", 1.0, None)])

    assert Counts(1, 2, 2, 1, None) == compared(session, (), ()).counts()


def test_what_is_held_back_is_compared_by_the_same_means(session):
    fill(session, OLD, [(1, "a", 1.0, "x"), (2, "a", 1.0, "y")])
    fill(session, NEW, [(1, "a", 1.5, "x"), (3, "a", 1.0, "y")])
    found = difference(session, OLD, NEW, ["id"])

    assert {
        "rows_before": 2, "rows_after": 2, "added": 1, "removed": 1, "changed": 1, "columns": {"x": 1},
        "added_columns": [], "removed_columns": [],
    } == found  # fmt: skip
    assert (None, 2, 2) == tuple(difference(session, OLD, NEW, [])[k] for k in ("changed", "added", "removed"))
