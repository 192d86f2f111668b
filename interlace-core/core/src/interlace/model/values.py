"""Reading single values of a definition: each function takes what the author wrote and gives the typed value.

A value that is not acceptable raises `Unacceptable` with the rest of the sentence that began with the key:
``must be a duration such as 10m``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = [
    "Unacceptable",
    "boolean",
    "duration",
    "lifetime",
    "mapping",
    "model_name",
    "names",
    "plain",
    "shown",
    "split_list",
    "split_name",
    "statements",
    "text",
    "words",
]

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_SHOWN = 80
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?\s*(?:d|h|ms|m|s)\s*)+", re.IGNORECASE)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(d|h|ms|m|s)", re.IGNORECASE)
_NAME_PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


class Unacceptable(Exception):  # never reaches the user: it becomes an InvalidModel with file and line
    """What was given cannot be the value of the key."""


def shown(value: object) -> str:
    """The value as a message quotes it, shortened."""
    rendered = repr(value)
    return rendered if len(rendered) <= _SHOWN else rendered[: _SHOWN - 3] + "..."


def text(value: object) -> str:
    """A non-empty string."""
    if not isinstance(value, str) or not value.strip():
        raise Unacceptable(f"must be text, not {shown(value)}")
    return value


def model_name(value: object) -> str:
    """The bare name of a model: anything that can be quoted, without a dot."""
    name = text(value)
    if not name.isprintable():
        raise Unacceptable(f"must be printable, not {shown(value)}")
    if name != name.strip():
        raise Unacceptable(f"must not begin or end with a space: {shown(value)}")
    if "." in name:
        schema, _, bare = name.rpartition(".")
        raise Unacceptable(f"must have no dot: {shown(value)}; write name {bare!r} and schema {schema!r}")
    return name


def boolean(value: object) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Unacceptable(f"must be true or false, not {shown(value)}")
    return value


def duration(value: object) -> float:
    """Seconds, from a number of seconds or from text such as ``10m`` or ``1h30m``; more than nothing."""
    from datetime import timedelta

    seconds: float | None = None
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    elif isinstance(value, str) and _DURATION.fullmatch(value.strip()):
        seconds = sum(float(n) * _UNITS[unit.lower()] for n, unit in _DURATION_PART.findall(value))
    elif isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value.strip()):
        seconds = float(value)
    if seconds is None or not 0 < seconds < float("inf"):
        raise Unacceptable(f"must be a duration such as 10m, 1h30m or a number of seconds, not {shown(value)}")
    return seconds


def lifetime(value: object) -> float:
    """Seconds to live, from ``{ttl: 1h}``."""
    given = mapping(value) if isinstance(value, Mapping) else {}
    if list(given) != ["ttl"]:
        raise Unacceptable(f"must be {{ttl: <duration>}} such as {{ttl: 1h}}, not {shown(value)}")
    return duration(given["ttl"])


def words(value: object) -> tuple[str, ...]:
    """One name or a list of names, each once."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(w, str) and w.strip() for w in given):
        raise Unacceptable(f"must be a name or a list of names, not {shown(value)}")
    twice = sorted({w for w in given if given.count(w) > 1})
    if twice:
        raise Unacceptable(f"names {twice[0]!r} twice")
    return tuple(given)


def statements(value: object) -> tuple[str, ...]:
    """One SQL statement or a list of them."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(s, str) and s.strip() for s in given):
        raise Unacceptable(f"must be an SQL statement or a list of them, not {shown(value)}")
    return tuple(given)


def mapping(value: object) -> dict[str, object]:
    """A mapping from names to plain data; ``null``, which YAML reads as None, is the name of an option of CSV files."""
    if not isinstance(value, Mapping):
        raise Unacceptable(f"must be a mapping of names to values, not {shown(value)}")
    named = {"null" if key is None else key: item for key, item in value.items()}
    for key in named:
        if not isinstance(key, str):
            raise Unacceptable(f"must have names as keys, not {shown(key)}")
    return {key: plain(item) for key, item in named.items()}


def plain(value: object) -> object:
    """The value as plain data that can be cached and compared: dates become ISO text, enumerations their value."""
    from datetime import date, time
    from decimal import Decimal
    from enum import Enum

    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [plain(item) for item in value]
        case Mapping():
            return {key if isinstance(key, str) else str(key): plain(item) for key, item in value.items()}
        case date() | time():
            return value.isoformat()
        case Decimal():
            return str(value)
    raise Unacceptable(f"must be plain data (text, numbers, lists, mappings), not {shown(value)}")


def split_list(value: str) -> list[str]:
    """Split text on its commas, but not on those inside brackets."""
    parts: list[str] = []
    depth = start = 0
    for position, character in enumerate(value):
        if character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth <= 0:
            parts.append(value[start:position])
            start = position + 1
    return [part.strip() for part in (*parts, value[start:]) if part.strip()]


def split_name(value: str) -> tuple[str, ...]:
    """The parts of a dotted name, outermost first; a part in double quotes may contain dots.

    >>> split_name('staging."my orders"')
    ('staging', 'my orders')
    """
    parts: list[str] = []
    position = 0
    while match := _NAME_PART.match(value, position):
        quoted, bare = match.groups()
        parts.append(bare.strip() if bare is not None else quoted.replace('""', '"'))
        position = match.end()
        if position == len(value):
            break
        if value[position] != ".":
            raise Unacceptable(f"must be a name such as orders or staging.orders, not {shown(value)}")
        position += 1
    if not parts or not all(parts) or position != len(value) or value.endswith("."):
        raise Unacceptable(f"must be a name such as orders or staging.orders, not {shown(value)}")
    return tuple(parts)


def names(value: object) -> tuple[str, ...]:
    """One dotted name or a list of them; each part is looked at, the text is kept as written."""
    given = words(value)
    for name in given:
        split_name(name)
    return given
