"""Durations as people write them: ``10m``, ``1h30m``, ``3d``, or a number of seconds."""

from __future__ import annotations

import re
from datetime import timedelta

__all__ = ["FORM", "duration", "spell"]

FORM = 'a duration such as "30s", "10m", "1h30m" or "7d", or a number of seconds'

_SECONDS = {"w": 604_800.0, "d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[wdhms])\s*")
_WHOLE = re.compile(rf"\s*(?:{_PART.pattern})+", re.IGNORECASE)
_NUMBER = re.compile(r"\s*\d+(?:\.\d+)?\s*")


def duration(value: object) -> timedelta:
    """Read a duration.

    Raises:
        ValueError: it is none; the message says what is allowed.
    """
    match value:
        case timedelta():
            return value
        case bool():
            pass
        case int() | float() if 0 <= value < float("inf"):
            return timedelta(seconds=value)
        case str() if _NUMBER.fullmatch(value):
            return timedelta(seconds=float(value))
        case str() if _WHOLE.fullmatch(value):
            parts = _PART.findall(value.lower())
            return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    raise ValueError(f"must be {FORM}")


def spell(value: timedelta) -> str:
    """Write a duration the way `duration` reads it: ``1h30m``."""
    left = round(value / timedelta(milliseconds=1))
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
