"""The narrowest Arrow type of numbers that holds two others."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.schema.arrow_numbers import decimal_type, is_number, wider_number

INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
integers = st.sampled_from(INTEGERS)
decimals = st.integers(1, 76).flatmap(lambda p: st.integers(0, p).map(lambda scale: decimal_type(p, scale)))
exact = integers | decimals
numbers = exact | st.sampled_from([pa.float32(), pa.float64()])
most_digits = st.sampled_from([38, 76])


def extremes(kind: pa.DataType) -> list[Decimal]:
    """The least and the greatest value of an exact type."""
    if pa.types.is_decimal(kind):
        return [Decimal((sign, (9,) * kind.precision, -kind.scale)) for sign in (1, 0)]
    signed = pa.types.is_signed_integer(kind)
    bits = kind.bit_width - 1 if signed else kind.bit_width
    return [Decimal(-(2**bits)) if signed else Decimal(0), Decimal(2**bits - 1)]


def holds(kind: pa.DataType, value: Decimal) -> bool:
    return value == pa.scalar(value if pa.types.is_decimal(kind) else int(value), kind).as_py()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (pa.int8(), pa.int32(), pa.int32()),
        (pa.uint8(), pa.uint64(), pa.uint64()),
        (pa.int8(), pa.uint8(), pa.int16()),
        (pa.int64(), pa.uint8(), pa.int64()),
        (pa.int8(), pa.uint32(), pa.int64()),
        (pa.int64(), pa.uint64(), pa.decimal128(20, 0)),
        (pa.int8(), pa.uint64(), pa.decimal128(20, 0)),
        (pa.decimal128(9, 2), pa.decimal128(12, 3), pa.decimal128(12, 3)),
        (pa.decimal128(9, 2), pa.decimal128(9, 4), pa.decimal128(11, 4)),
        (pa.decimal128(9, 2), pa.int32(), pa.decimal128(12, 2)),
        (pa.decimal128(3, 1), pa.uint64(), pa.decimal128(21, 1)),
        (pa.decimal128(38, 0), pa.decimal128(38, 38), pa.decimal256(76, 38)),
        (pa.int16(), pa.float32(), pa.float32()),
        (pa.int32(), pa.float32(), pa.float64()),
        (pa.uint64(), pa.float64(), pa.float64()),
        (pa.float32(), pa.float64(), pa.float64()),
        (pa.decimal128(9, 2), pa.float64(), None),
    ],
)
def test_two_types_have_one_that_holds_both(one, other, expected):
    assert expected == wider_number(one, other, 76)
    assert expected == wider_number(other, one, 76)


@pytest.mark.parametrize(("most", "expected"), [(38, None), (39, pa.decimal256(39, 1)), (76, pa.decimal256(39, 1))])
def test_a_decimal_of_more_digits_than_the_most_holds_nothing(most, expected):
    assert expected == wider_number(pa.decimal128(38, 0), pa.decimal128(2, 1), most)


@given(numbers, numbers, most_digits)
def test_the_order_of_the_two_does_not_matter(one, other, most):
    assert wider_number(one, other, most) == wider_number(other, one, most)


@settings(deadline=None)  # pyarrow imports pandas when it first makes a scalar
@given(exact, exact)
def test_the_type_of_two_exact_ones_holds_their_extreme_values(one, other):
    both = wider_number(one, other, 76)

    assert both is None or all(holds(both, value) for kind in (one, other) for value in extremes(kind))


@given(numbers, numbers, most_digits)
def test_a_type_that_holds_both_stays_when_one_of_them_comes_again(one, other, most):
    both = wider_number(one, other, most)

    assert both is None or both == wider_number(both, one, most)


@pytest.mark.parametrize(("precision", "expected"), [(38, pa.decimal128(38, 5)), (39, pa.decimal256(39, 5))])
def test_a_decimal_has_the_fewest_bits_that_hold_its_digits(precision, expected):
    assert expected == decimal_type(precision, 5)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.uint8(), True),
        (pa.float16(), True),
        (pa.decimal256(40, 2), True),
        (pa.bool_(), False),
        (pa.date32(), False),
        (pa.string(), False),
    ],
)
def test_numbers_are_whole_ones_decimals_and_floats(kind, expected):
    assert expected is is_number(kind)
