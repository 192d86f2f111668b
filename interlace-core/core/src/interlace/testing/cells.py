"""Single values of a table: when two of them are the same, and how they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from numbers import Number
from typing import Any, Final
from uuid import UUID

__all__ = ["NEAR", "same", "shown"]

NEAR: Final = 1e-9
"""How far apart floats may be, relative to the greater one, where no tolerance is given."""

_TINY: Final = 1e-12
_LONGEST: Final = 40


def same(expected: Any, actual: Any, *, tolerance: float | None = None, text: bool = False) -> bool:
    """Whether an actual value is the expected one.

    NULL is NULL and nothing else, and NaN is NaN.  Numbers are equal by value, whatever their types; floats may differ by
    `NEAR`, or with a `tolerance`, all numbers by as much.  Text stands for a date, a time, a UUID, bytes or a decimal
    where the actual value is one; a time without a zone is in UTC where the actual one has a zone.

    Args:
        expected: as the test gives it.
        actual: as Arrow gives it.
        tolerance: the greatest difference of two numbers.
        text: whether `expected` comes from CSV, where everything is text.
    """
    if expected is None or actual is None:
        return expected is None and actual is None
    if type(expected).__module__ == "numpy":
        expected = expected.item()
    if isinstance(expected, str) and not isinstance(actual, str):
        expected = _read(expected, actual, csv=text)
    if isinstance(actual, bool) or isinstance(expected, bool):
        return isinstance(actual, bool) and isinstance(expected, bool) and actual == expected
    if isinstance(actual, Number) and isinstance(expected, Number):
        return _near(expected, actual, tolerance)
    if isinstance(actual, datetime):
        return _same_moment(expected, actual)
    if isinstance(actual, Mapping | list | tuple):
        return _same_nested(expected, actual, tolerance, text=text)
    return type(expected) is type(actual) and bool(expected == actual)


def _near(expected: Any, actual: Any, tolerance: float | None) -> bool:
    if _is_nan(expected) or _is_nan(actual):
        return _is_nan(expected) and _is_nan(actual)
    if tolerance is not None:
        return _distance(expected, actual) <= Decimal(repr(tolerance))
    if isinstance(actual, float):
        return math.isclose(float(expected), actual, rel_tol=NEAR, abs_tol=_TINY)
    return _exact(expected) == _exact(actual)


def _distance(one: Any, other: Any) -> Decimal:
    a, b = _exact(one), _exact(other)
    return Decimal(0) if a == b else abs(a - b)  # infinity less itself is no number


def _exact(value: Any) -> Decimal:
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _is_nan(value: Any) -> bool:
    return bool(value != value)  # noqa: PLR0124  what NaN is


def _same_moment(expected: Any, actual: datetime) -> bool:
    if isinstance(expected, date) and not isinstance(expected, datetime):
        expected = datetime(expected.year, expected.month, expected.day)  # noqa: DTZ001  zones are matched below
    if not isinstance(expected, datetime):
        return False
    if actual.tzinfo is None:
        return expected.tzinfo is None and expected == actual
    return (expected if expected.tzinfo else expected.replace(tzinfo=UTC)) == actual


def _same_nested(expected: Any, actual: Any, tolerance: float | None, *, text: bool) -> bool:
    if isinstance(actual, Mapping):
        return (
            isinstance(expected, Mapping)
            and expected.keys() == actual.keys()
            and all(same(expected[key], actual[key], tolerance=tolerance, text=text) for key in actual)
        )
    if isinstance(expected, Mapping):  # Arrow gives a MAP as a list of pairs
        expected = list(expected.items())
    if isinstance(expected, str) or not isinstance(expected, Sequence) or len(expected) != len(actual):
        return False
    return all(same(e, a, tolerance=tolerance, text=text) for e, a in zip(expected, actual, strict=True))


# --- text -------------------------------------------------------------------------------------------------------------


def _read(text: str, actual: Any, *, csv: bool) -> Any:
    """The value that a text stands for beside an actual value; the text itself where it stands for none."""
    try:
        match actual:
            case bool():
                return {"true": True, "false": False}[text.strip().lower()] if csv else text
            case Decimal():
                return Decimal(text)
            case int() | float():
                return Decimal(text.strip()) if csv else text
            case datetime():
                return datetime.fromisoformat(text)
            case date():
                return date.fromisoformat(text)
            case time():
                return time.fromisoformat(text)
            case UUID():
                return UUID(text)
            case bytes():
                return bytes.fromhex(text.removeprefix("\\x"))
            case Mapping() | list() if csv:
                import json

                return json.loads(text)
    except (ValueError, KeyError, InvalidOperation):
        return text
    return text


# --- showing ----------------------------------------------------------------------------------------------------------


def shown(value: Any) -> str:
    """A value for people, in at most 40 characters."""
    text = _plain(value)
    text = text if text.isprintable() else text.encode("unicode_escape").decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _plain(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower()
        case "":
            return "''"
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case bytes():
            return f"\\x{value.hex()}"
        case Mapping():
            return "{" + ", ".join(f"{key}: {_plain(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(_plain, value)) + "]"
        case timedelta() | _:
            return str(value)
