"""Arrow types that databases store alike, and the type that holds both of two."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.types as pt

from interlace.schema.arrow_numbers import decimal_type, is_number, wider_number

__all__ = ["canonical", "wider"]

_MOST_DIGITS: Final = 76


def canonical(kind: pa.DataType) -> pa.DataType:
    """The one type that stands for all that are stored alike: large and view strings, dictionaries, units of time."""
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return canonical(kind.value_type)
    if pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind):
        return pa.string()
    if pt.is_binary(kind) or pt.is_large_binary(kind) or pt.is_binary_view(kind) or pt.is_fixed_size_binary(kind):
        return pa.binary()
    if pt.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC" if kind.tz is not None else None)
    if pt.is_time(kind):
        return pa.time64("us")
    if pt.is_date(kind):
        return pa.date32()
    if pt.is_decimal(kind):
        return decimal_type(kind.precision, kind.scale)
    return pa.float32() if pt.is_float16(kind) else kind


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The narrowest canonical type that holds the values of both canonical types; None where none does."""
    if one == other or pt.is_null(other):
        return one
    if pt.is_null(one):
        return other
    if is_number(one) and is_number(other):
        return wider_number(one, other, _MOST_DIGITS)
    if {pt.is_date(one), pt.is_date(other)} == {True, False}:
        moment = other if pt.is_date(one) else one
        return moment if pt.is_timestamp(moment) and moment.tz is None else None
    return None
