"""The Arrow type that holds the numbers of two others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["decimal_type", "is_number", "wider_number"]

_DIGITS: Final = {8: 3, 16: 5, 32: 10, 64: 19}
"""The most decimal digits of a whole number of so many bits; an unsigned one of 64 has one more."""

_DIGITS_UNSIGNED_64: Final = 20
_MOST_DIGITS_128: Final = 38
_EXACT_IN_FLOAT: Final = 16
"""Bits of an integer whose values a float of 32 bits holds exactly."""


def is_number(kind: pa.DataType) -> bool:
    """Whether its values are whole numbers, decimals or floats."""
    import pyarrow.types as pt

    return bool(pt.is_integer(kind) or pt.is_floating(kind) or pt.is_decimal(kind))


def decimal_type(precision: int, scale: int) -> pa.DataType:
    """The narrower of the two decimals that have so many digits, at most 76; `scale` of them stand after the point."""
    import pyarrow as pa

    return pa.decimal128(precision, scale) if precision <= _MOST_DIGITS_128 else pa.decimal256(precision, scale)


def wider_number(one: pa.DataType, other: pa.DataType, most_digits: int) -> pa.DataType | None:
    """The narrowest type that holds the numbers of both; None where none does.

    Whole numbers widen to whole numbers, to decimals and, though a long one is rounded there, to floats.  Decimals and
    floats have nothing in common.

    Args:
        one: a type of numbers (`is_number`).
        other: another.
        most_digits: how many digits a decimal has at most, at most 76.
    """
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_integer(one) and pt.is_integer(other):
        return _wider_integer(one, other)
    if pt.is_decimal(one) or pt.is_decimal(other):
        return None if pt.is_floating(one) or pt.is_floating(other) else _wider_decimal(one, other, most_digits)
    small = all(
        kind == pa.float32() or (pt.is_integer(kind) and kind.bit_width <= _EXACT_IN_FLOAT) for kind in (one, other)
    )
    return pa.float32() if small else pa.float64()


def _wider_integer(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_signed_integer(one) == pt.is_signed_integer(other):
        return one if one.bit_width >= other.bit_width else other
    signed, unsigned = (one, other) if pt.is_signed_integer(one) else (other, one)
    width = max(signed.bit_width, unsigned.bit_width * 2)
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(width, pa.decimal128(_DIGITS_UNSIGNED_64, 0))


def _wider_decimal(one: pa.DataType, other: pa.DataType, most_digits: int) -> pa.DataType | None:
    (whole_1, scale_1), (whole_2, scale_2) = _digits(one), _digits(other)
    scale = max(scale_1, scale_2)
    precision = max(whole_1, whole_2) + scale
    return decimal_type(precision, scale) if precision <= most_digits else None


def _digits(kind: pa.DataType) -> tuple[int, int]:
    """The digits before and after the decimal point."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_decimal(kind):
        return kind.precision - kind.scale, kind.scale
    return (_DIGITS_UNSIGNED_64 if kind == pa.uint64() else _DIGITS[kind.bit_width]), 0
