"""The kinds of value that several checks take."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool, StrictInt, StrictStr

__all__ = ["Age", "Bound", "Columns", "Value", "spell_age"]

_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_AGE: Final = re.compile(r"(?:\s*\d+(?:\.\d+)?\s*[wdhms])+\s*")
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([wdhms])")


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _all_different(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({name.casefold() for name in names}) < len(names):
        raise ValueError(f"names a column twice: {', '.join(names)}")
    return names


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


Columns = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_as_list),
    Field(min_length=1),
    AfterValidator(_all_different),
]
"""One name or a list of them."""

Age = Annotated[timedelta, BeforeValidator(_age)]
"""A duration such as ``2d`` or ``1h30m``, or a number of seconds."""

_Real = Annotated[float, Field(allow_inf_nan=False, strict=True)]
_Exact = Annotated[Decimal, Field(strict=True, allow_inf_nan=False)]
_Day = Annotated[date, Field(strict=True)]
_Moment = Annotated[datetime, Field(strict=True)]

Bound = StrictInt | _Real | _Exact | _Moment | _Day | StrictStr
"""What values can be compared with: a number, a date, a time, or a text."""

Value = StrictBool | Bound
"""What a column may hold, as far as it can be written in a project's files."""
