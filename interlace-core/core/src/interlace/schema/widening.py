"""Which type holds every value of another, exactly: the order of types.

``widens(a, b)`` is a strict partial order: no type is wider than itself, and wider than wider is wider.
"""

from __future__ import annotations

from typing import Final

from interlace.schema.sql_types import (
    Enumeration,
    Fixed,
    Floating,
    Integer,
    Map,
    Nothing,
    Other,
    Sequence,
    Struct,
    Text,
    Timestamp,
    Type,
    folded,
)

__all__ = ["widens"]

_MANTISSA: Final = {32: 24, 64: 53}
"""The whole numbers up to two to this power are exact in a float of so many bits (IEEE 754)."""

_MICROSECONDS: Final = 6


def widens(old: Type, new: Type) -> bool:
    """Whether `new` is another type than `old`, and holds each of its values without loss."""
    one, other = folded(old), folded(new)
    return one != other and _holds(one, other)


def _holds(old: Type, new: Type) -> bool:
    if old == new or old == Nothing():
        return True
    match old:
        case Integer():
            return _holds_integer(old, new)
        case Fixed() | Floating():
            return _holds_number(old, new)
        case Text() | Enumeration():
            return _holds_text(old, new)
        case Timestamp() | Other():
            return _holds_time(old, new)
        case Sequence() | Struct() | Map():
            return _holds_nested(old, new)
        case _:
            return False


def _holds_integer(old: Integer, new: Type) -> bool:
    magnitude = old.bits - old.signed
    match new:
        case Integer(bits, signed):
            return bits - signed >= magnitude and (signed or not old.signed)
        case Fixed(None):
            return True
        case Fixed(int(precision), scale):
            return precision - (scale or 0) >= len(str(2**magnitude))
        case Floating(bits):
            return _MANTISSA[bits] >= magnitude
        case _:
            return False


def _holds_number(old: Fixed | Floating, new: Type) -> bool:
    match old, new:
        case Floating(narrow), Floating(wide):
            return wide >= narrow
        case Fixed(), Fixed(None):
            return True
        case Fixed(int(p), s), Fixed(int(q), t):
            return (t or 0) >= (s or 0) and q - (t or 0) >= p - (s or 0)
        case _:
            return False


def _holds_text(old: Text | Enumeration, new: Type) -> bool:
    match old, new:
        case Text(length, padded), Text(limit, pads):
            return (limit is None or (length is not None and limit >= length)) and (padded or not pads)
        case Enumeration(), Text(None):
            return True
        case Enumeration(values), Enumeration(others):
            return set(values) < set(others)
        case _:
            return False


def _holds_time(old: Timestamp | Other, new: Type) -> bool:
    match old, new:
        case Timestamp(digits, zoned), Timestamp(more, also):
            # A timestamp of nanoseconds reaches only from 1677 to 2262, so it does not hold the coarser ones.
            return zoned == also and digits <= more <= _MICROSECONDS
        case Other("date"), Timestamp(digits, False):
            return digits <= _MICROSECONDS
        case _:
            return False


def _holds_nested(old: Sequence | Struct | Map, new: Type) -> bool:
    match old, new:
        case Sequence(inner, size), Sequence(element, limit):
            return limit in {None, size} and _holds(inner, element)
        case Map(key, value), Map(wide_key, wide_value):
            return _holds(key, wide_key) and _holds(value, wide_value)
        case Struct(fields), Struct(others):
            wide = dict(others)
            return all(name in wide and _holds(inner, wide[name]) for name, inner in fields)
        case _:
            return False
