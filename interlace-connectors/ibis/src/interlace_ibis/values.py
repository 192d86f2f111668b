"""Python's values, as drivers give them, as Arrow's: a moment may come as its text, a truth as a number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

__all__ = ["array_of", "kind_of_values"]


def array_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Values of one column.

    Raises:
        ValueError: a value is not of the type; as do `TypeError`, `OverflowError` and `pa.ArrowException`.
    """
    convert = _converter(kind)
    if convert is not None:
        values = [None if value is None else convert(value) for value in values]
    return pa.array(values, kind)


def kind_of_values(values: Sequence[Any]) -> pa.DataType:
    """The type of values of which nothing is declared; text where there are none."""
    found = [value for value in values if value is not None]
    if not found:
        return pa.string()
    if all(isinstance(value, int) for value in found):
        return pa.int64()
    if all(isinstance(value, int | float) for value in found):
        return pa.float64()
    return pa.binary() if all(isinstance(value, bytes) for value in found) else pa.string()


def _converter(kind: pa.DataType) -> Callable[[Any], Any] | None:
    if pt.is_boolean(kind):
        return _truth
    if pt.is_decimal(kind):
        return lambda value: round(Decimal(str(value)), kind.scale)
    if pt.is_timestamp(kind):
        return (lambda value: _moment(value, UTC)) if kind.tz is not None else (lambda value: _moment(value, None))
    if pt.is_date(kind):
        return _day
    if pt.is_time(kind):
        return lambda value: time.fromisoformat(value) if isinstance(value, str) else value
    if pt.is_floating(kind):
        return float
    if pt.is_string(kind) or pt.is_large_string(kind):
        return lambda value: value if isinstance(value, str) else _text(value)
    return None


def _truth(value: Any) -> bool:
    if value in {0, 1, b"\x00", b"\x01"}:
        return value in {1, b"\x01"}
    raise ValueError(f"{value!r} is neither 0 nor 1")


def _moment(value: Any, zone: Any) -> datetime:
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(found, datetime):
        raise ValueError(f"{value!r} is no moment")  # noqa: TRY004  one kind of error for all
    if zone is not None and found.tzinfo is None:
        return found.replace(tzinfo=zone)
    return found.astimezone(UTC).replace(tzinfo=None) if zone is None and found.tzinfo is not None else found


def _day(value: Any) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    return value.date() if isinstance(value, datetime) else value


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
