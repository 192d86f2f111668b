# ruff: noqa: DTZ001  databases have times without a zone

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.testing.cells import same, shown

NAN = float("nan")
ID = UUID("00000000-0000-0000-0000-000000000001")


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (None, None),
        (NAN, NAN),
        (1, Decimal("1.00")),
        (12.5, Decimal("12.50")),
        (0.1, Decimal("0.1")),
        (0.1 + 0.2, 0.3),
        (float("inf"), float("inf")),
        ("2026-03-01", date(2026, 3, 1)),
        (date(2026, 3, 1), datetime(2026, 3, 1)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12)),
        ("2026-03-01 12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T14:00:00+02:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("12:30", time(12, 30)),
        (str(ID), ID),
        ("1.5", Decimal("1.50")),
        ("ff00", b"\xff\x00"),
        ({"a": 1, "b": [1.0, None]}, {"a": 1, "b": [1.0, None]}),
        ({"a": 1}, [("a", 1)]),
    ],
)
def test_values_that_are_the_same(expected, actual):
    assert same(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (None, 0),
        (0, None),
        (None, NAN),
        (NAN, None),
        (NAN, 1.0),
        (True, 1),
        (1, True),
        ("1", 1),
        (1, "1"),
        ("", None),
        (0.1, Decimal("0.10000001")),
        (1.0, 1.0000001),
        (float("inf"), float("-inf")),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1)),
        ("yesterday", date(2026, 3, 1)),
        ({"a": 1}, {"a": 1, "b": None}),
        ([1, 2], [2, 1]),
    ],
)
def test_values_that_are_not_the_same(expected, actual):
    assert not same(expected, actual)


@pytest.mark.parametrize(("text", "actual"), [("1", 1), ("1.50", 1.5), ("true", True), ("[1, 2]", [1, 2])])
def test_text_of_csv_stands_for_any_value(text, actual):
    assert same(text, actual, text=True)


def test_a_tolerance_bounds_the_difference_of_numbers():
    assert same(10, 10.4, tolerance=0.5)
    assert same(Decimal(10), Decimal("10.5"), tolerance=0.5)
    assert not same(10, 10.6, tolerance=0.5)
    assert not same(NAN, 1.0, tolerance=0.5)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=False)
    | st.text()
    | st.dates()
    | st.datetimes()
    | st.binary()
    | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(VALUES)
def test_every_value_is_itself(value):
    assert same(value, value)


@given(VALUES)
def test_every_value_is_shown_in_one_bounded_line(value):
    text = shown(value)

    assert text
    assert len(text) <= 40
    assert "\n" not in text


@given(VALUES, st.sampled_from([None, 0.0, 1.0]))
def test_null_is_null_only(value, tolerance):
    assert (value is None) == same(None, value, tolerance=tolerance) == same(value, None, tolerance=tolerance)
