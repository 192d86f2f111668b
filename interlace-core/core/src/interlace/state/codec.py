"""Values as the tables hold them: JSON and times as text and numbers that every database has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from interlace.contracts.relation import Column
from interlace.errors import Defect

__all__ = [
    "clean",
    "columns_of",
    "columns_text",
    "json_text",
    "micros",
    "moment",
    "optional_json",
    "optional_micros",
    "since_of",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Faster than `json.loads`, which a snapshot of thousands of models calls several times for each.
_decode = json.JSONDecoder().raw_decode
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def micros(at: datetime) -> int:
    """Microseconds since 1970 in UTC, exactly.

    Raises:
        Defect: the time has no zone.
    """
    if at.tzinfo is None:
        raise Defect(f"a time without a zone was given to the state store: {at}")
    return (at - _EPOCH) // _MICROSECOND


def optional_micros(at: datetime | None) -> int | None:
    """`micros`, and None for None."""
    return None if at is None else micros(at)


def moment(value: int) -> datetime:
    """The time in UTC that `micros` gave."""
    return _EPOCH + timedelta(microseconds=value)


def json_text(value: Mapping[str, Any] | Sequence[Any]) -> str | None:
    """Compact JSON in ASCII; None for what is empty.

    Raises:
        Defect: a value is not plain JSON.
    """
    if not value:
        return None
    try:
        return _encode(value)
    except (TypeError, ValueError) as error:
        raise Defect(f"what was given to the state store is not plain JSON ({error}): {value!r:.200}") from error


def optional_json(text: str | None, empty: Any) -> Any:
    """The value of JSON text; `empty` for None."""
    return empty if text is None else _decode(text)[0]


def columns_text(columns: Sequence[Column] | None) -> str | None:
    """Columns as JSON: ``[name, type]``, with a third ``false`` where it is not nullable."""
    if columns is None:
        return None
    return _encode([[c.name, c.type] if c.nullable else [c.name, c.type, False] for c in columns])


def columns_of(text: str | None) -> tuple[Column, ...] | None:
    """The columns that `columns_text` wrote."""
    return None if text is None else tuple([Column(*c) for c in _decode(text)[0]])


def since_of(text: str) -> dict[str, tuple[str, ...]]:
    """`ModelState.since`, from JSON."""
    return {version: tuple(columns) for version, columns in _decode(text)[0].items()}


def clean(text: str) -> str:
    """Text that every database takes: PostgreSQL refuses NUL, both refuse halves of surrogate pairs."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
