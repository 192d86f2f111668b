"""The kinds of value that several checks take."""

from __future__ import annotations

import math
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainValidator

__all__ = ["Age", "Bound", "Value", "spell_age", "spell_seconds"]

_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_AGE: Final = re.compile(r"(?:\s*\d+(?:\.\d+)?\s*[wdhms])+\s*")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")


def _age(value: object) -> object:
    match value:
        case bool():
            raise ValueError("must be a duration")
        case int() | float():
            age = timedelta(seconds=value)
        case str() if _AGE.fullmatch(value):
            age = timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value)))
        case timedelta():
            age = value
        case _:
            raise ValueError('must be a duration such as "90s", "10m", "1h30m" or "2d", or a number of seconds')
    if age <= timedelta(0):
        raise ValueError("must be more than nothing")
    return age


def spell_age(age: timedelta) -> str:
    """A duration in its two greatest units: ``3d4h``, ``12m30s``; ``0s`` for less than a second."""
    left = int(age.total_seconds())
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"


def spell_seconds(seconds: float) -> str:
    """As `spell_age`, with a sign."""
    return f"{'-' if seconds < 0 else ''}{spell_age(timedelta(seconds=abs(seconds)))}"


def _bound(value: object) -> object:
    match value:
        case bool():
            pass
        case float() | Decimal() if not math.isfinite(value):
            pass
        case int() | float() | Decimal() | date() | str():
            return value
    raise ValueError("must be a finite number, a date, a time or a text")


def _value(value: object) -> object:
    if isinstance(value, bool):
        return value
    try:
        return _bound(value)
    except ValueError:
        raise ValueError("must be a text, a finite number, a boolean, a date or a time") from None


Age = Annotated[timedelta, BeforeValidator(_age, json_schema_input_type=str | float)]
"""A duration such as ``2d`` or ``1h30m``, or a number of seconds."""

Bound = Annotated[int | float | Decimal | date | str, PlainValidator(_bound, json_schema_input_type=float | str)]
"""What values can be compared with: a number, a date, a time (which is a date), or a text."""

Value = Annotated[
    bool | int | float | Decimal | date | str, PlainValidator(_value, json_schema_input_type=bool | float | str)
]
"""What a column may hold, as far as it can be written in a project's files."""
