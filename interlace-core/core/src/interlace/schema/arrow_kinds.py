"""Arrow types that are stored alike, and the type that holds the values of two others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.schema.arrow_numbers import decimal_type, is_number, wider_number

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["canonical_scalar", "decoded", "wider_scalar"]


def decoded(kind: pa.DataType) -> pa.DataType:
    """A type without its encoding: no dictionary and no runs, one type for all texts, one for all bytes, no half floats."""
    import pyarrow as pa
    import pyarrow.types as pt

    while pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        kind = kind.value_type
    if pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind):
        return pa.string()
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind) or pt.is_fixed_size_binary(kind):
        return pa.binary()
    return pa.float32() if pt.is_float16(kind) else kind


def canonical_scalar(kind: pa.DataType) -> pa.DataType:
    """The one type that stands for all that a database of microseconds stores alike; other types are only `decoded`."""
    import pyarrow as pa
    import pyarrow.types as pt

    kind = decoded(kind)
    if pt.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC" if kind.tz is not None else None)
    if pt.is_time(kind):
        return pa.time64("us")
    if pt.is_date(kind):
        return pa.date32()
    return decimal_type(kind.precision, kind.scale) if pt.is_decimal(kind) else kind


def wider_scalar(one: pa.DataType, other: pa.DataType, most_digits: int) -> pa.DataType | None:
    """The narrowest canonical type that holds the values of both canonical types; None where this cannot tell of one.

    NULL fits all, numbers widen to numbers (`wider_number`), dates to timestamps without a zone.

    Args:
        one: a canonical type.
        other: another.
        most_digits: how many digits a decimal has at most, at most 76.
    """
    import pyarrow.types as pt

    if one == other or pt.is_null(other):
        return one
    if pt.is_null(one):
        return other
    if is_number(one) and is_number(other):
        return wider_number(one, other, most_digits)
    if {pt.is_date(one), pt.is_date(other)} == {True, False}:
        moment = other if pt.is_date(one) else one
        return moment if pt.is_timestamp(moment) and moment.tz is None else None
    return None
