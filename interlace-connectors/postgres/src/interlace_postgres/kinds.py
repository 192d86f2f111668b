"""The Arrow types of what a query gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

__all__ = ["UNBOUND", "arrow_kind"]

UNBOUND: Final = (38, 20)
"""Digits, and those after the point, of a ``numeric`` that names none."""

_PLAIN: Final[Mapping[int, pa.DataType]] = {
    16: pa.bool_(),
    17: pa.binary(),
    19: pa.string(),  # name
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    26: pa.int64(),  # oid
    700: pa.float32(),
    701: pa.float64(),
    1042: pa.string(),
    1043: pa.string(),
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", tz="UTC"),
    1186: pa.month_day_nano_interval(),
    2950: pa.uuid(),
}
_NUMERIC: Final = 1700
_JSON: Final = (114, 3802)
_HEADER: Final = 4


def arrow_kind(oid: int, modifier: int, elements: Mapping[int, int]) -> tuple[pa.DataType, str | None]:
    """The Arrow type for a type of PostgreSQL, and what its values must be cast to for psycopg to give them; else None.

    Types that Arrow has no word for (enumerations, networks, ranges, types of an extension) come as text.

    Args:
        elements: the type of the elements, by the type of the array.
    """
    if oid in _PLAIN:
        return _PLAIN[oid], None
    if oid == _NUMERIC:
        return pa.decimal128(*_digits(modifier)), None
    if oid in _JSON:
        return pa.json_(), "text"
    if oid in elements:
        kind, cast = arrow_kind(elements[oid], modifier, {})
        return pa.list_(kind), None if cast is None else f"{cast}[]"
    return pa.string(), "text"


def _digits(modifier: int) -> tuple[int, int]:
    """The digits of a ``numeric``; one that 38 digits do not hold is treated like one without."""
    if modifier < _HEADER:
        return UNBOUND
    precision, scale = (modifier - _HEADER) >> 16 & 0xFFFF, (modifier - _HEADER) & 0x7FF
    return (precision, scale) if scale <= precision <= UNBOUND[0] else UNBOUND
