"""Rows as they are kept in the state: plain JSON values, nothing of what is masked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["MASK", "plain", "sample"]

MASK: Final = "***"
"""What stands in place of a masked value, NULL included."""


def sample(session: Session, query: str, hidden: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The rows of a query as mappings of plain JSON values.

    Args:
        session: runs the query.
        query: has its limit.
        hidden: the names of masked columns in lower case.

    Raises:
        QueryFailed: the database refused the query.
    """
    names = [column.name for column in session.describe(query)]
    return [
        {name: MASK if name.casefold() in hidden else plain(value) for name, value in zip(names, row, strict=True)}
        for row in session.fetch(query)
    ]


def plain(value: object) -> Any:
    """A value of a row as a JSON value: what JSON has no word for becomes text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case Mapping():
            return {str(key): plain(of) for key, of in value.items()}
        case Sequence():
            return [plain(of) for of in value]
        case _:
            return str(value)
