from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from interlace.errors import InvalidTest
from interlace.testing.comparison import Ways, compare
from interlace.testing.difference import difference
from interlace.testing.given import Written


def compared(expected, actual, columns=("id", "name"), **ways):
    return compare(columns, actual, Written(tuple(columns), tuple(expected)), Ways(**ways))


def test_the_order_of_rows_does_not_count():
    assert not compared([(1, "a"), (2, "b")], [(2, "b"), (1, "a")]).differs


def test_the_order_of_rows_counts_where_it_should():
    found = compared([(1, "a"), (2, "b")], [(2, "b"), (1, "a")], ordered=True)

    assert found.moved
    assert snapshot(
        "orders is not as expected: 2 rows expected, 2 there; 2 equal: the rows are right and stand in another order"
    ) == difference("orders", found)


def test_a_row_counts_as_often_as_it_is_there():
    found = compared([(1, "a"), (1, "a")], [(1, "a")])

    assert ((1, "a"),) == found.missing


def test_rows_are_paired_by_the_key():
    found = compared([(1, "a"), (2, "b")], [(1, "b"), (2, "a")], key=["id"])

    assert [((1, "a"), (1, "b"), (1,)), ((2, "b"), (2, "a"), (1,))] == [
        (c.expected, c.actual, c.columns) for c in found.changed
    ]


def test_rows_that_agree_in_half_of_their_columns_are_paired_without_a_key():
    found = compared([(1, "a"), (7, "z")], [(1, "b"), (8, "y")])

    assert [((1, "a"), (1, "b"))] == [(c.expected, c.actual) for c in found.changed]
    assert ((7, "z"),) == found.missing
    assert ((8, "y"),) == found.extra


def test_some_columns_may_be_compared_alone():
    written = Written(("id",), ((1,),))

    assert not compare(("id", "name"), [(1, "a")], written, Ways(columns=["id"])).differs


def test_a_column_that_is_left_out_is_an_error():
    with pytest.raises(InvalidTest, match="do not say the column 'name'") as caught:
        compare(("id", "name"), [(1, "a")], Written(("id",), ((1,),)), Ways())

    assert "Add it, or say which columns count: columns: [id]." == caught.value.hint


def test_a_column_that_is_not_there_is_an_error_with_the_nearest():
    with pytest.raises(InvalidTest, match="no column 'nmae'") as caught:
        compare(("id", "name"), [(1, "a")], Written(("id", "nmae"), ((1, "a"),)), Ways())

    assert "Did you mean 'name'? Columns: id, name." == caught.value.hint


def test_no_rows_can_be_expected():
    assert not compare(("id", "name"), [], Written((), ()), Ways()).differs
    assert ((1, "a"),) == compare(("id", "name"), [(1, "a")], Written((), ()), Ways()).extra


def test_a_failing_test_shows_what_differs():
    columns = ("order_id", "customer", "amount", "note")
    expected = [(1, "ann", 10.0, None), (2, "bob", 7.0, "x" * 60), (4, "dan", 1.0, "two\nlines")]
    actual = [(1, "ann", 12.5, ""), (3, "cid", 7.0, None), (4, "dan", 1.0, "two\nlines")]

    assert snapshot("""\
orders is not as expected: 3 rows expected, 3 there; 1 changed, 1 missing, 1 extra, 1 equal

     order_id  customer  amount       note
  ~  1         ann       10.0 → 12.5  NULL → ''
  -  2         bob       7.0          xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
  +  3         cid       7.0          NULL\
""") == difference("orders", compared(expected, actual, columns, key=["order_id"]))


def test_values_that_look_alike_are_shown_with_their_types():
    assert snapshot("""\
orders is not as expected: 1 row expected, 1 there; 1 changed, 0 equal

     id  name
  ~  1   7 (str) → 7 (int)\
""") == difference("orders", compared([(1, "7")], [(1, 7)]))


def test_many_rows_and_columns_are_cut():
    columns = tuple(f"c{n}" for n in range(30))
    actual = [tuple(range(n, n + 30)) for n in range(25)]
    expected = [(*row[:20], -1, *row[21:]) for row in actual]

    text = difference("wide", compared(expected, actual, columns, key=["c0"])).splitlines()

    assert "     c0  c1  c2  c3  c4  c5  c6  c20" == text[2]
    assert "  … and 5 rows more" == text[-2]
    assert "  (not shown: c7, c8, c9, c10, c11, c12, c13, c14 and 14 more)" == text[-1]
    assert max(map(len, text)) < 120


ROWS = st.lists(st.tuples(st.integers(0, 3) | st.none(), st.sampled_from(["a", "b"])), max_size=8)


@given(ROWS, ROWS, st.booleans())
def test_a_comparison_adds_up(expected, actual, by_key):
    found = compared(expected, actual, key=["id"] if by_key else [])

    assert found.differs == (Counter(expected) != Counter(actual))
    assert len(expected) == found.equal + len(found.changed) + len(found.missing)
    assert len(actual) == found.equal + len(found.changed) + len(found.extra)
    common = Counter(expected) & Counter(actual)
    assert common.total() == found.equal


@given(ROWS, st.randoms())
def test_any_order_of_the_same_rows_is_the_same_table(rows, random):
    mixed = list(rows)
    random.shuffle(mixed)

    assert not compared(rows, mixed).differs
