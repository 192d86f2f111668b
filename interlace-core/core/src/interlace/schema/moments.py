"""Moments as literals of a column's own type: dates and times without a zone are in the zone that the moment has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["MomentKind", "moment_kind", "moment_text", "moment_type"]

MomentKind = Literal["date", "local", "zoned"]
"""A DATE; a TIMESTAMP without a zone; a TIMESTAMP with one."""

_TYPES: Final[dict[MomentKind, str]] = {"date": "DATE", "local": "TIMESTAMP", "zoned": "TIMESTAMPTZ"}

_TIME: Final = re.compile(
    r"(?P<zoned>TIMESTAMP(\(\d+\))?\s+WITH\s+TIME\s+ZONE|TIMESTAMPTZ(\(\d+\))?)"
    r"|(?P<local>(TIMESTAMP|DATETIME)(_S|_MS|_NS)?(\(\d+\))?(\s+WITHOUT\s+TIME\s+ZONE)?)"
    r"|(?P<date>DATE)",
    re.IGNORECASE,
)


def moment_kind(type_: str) -> MomentKind | None:
    """What kind of time a column of this SQL type holds; None for any other type."""
    found = _TIME.fullmatch(type_.strip())
    return found.lastgroup if found is not None else None  # type: ignore[return-value]


def moment_text(moment: datetime, kind: MomentKind) -> str:
    """A moment as the text of a literal of this kind.

    Args:
        moment: with its zone; a date or a time without a zone is what the clock there shows.
        kind: of the column that it is compared with.
    """
    match kind:
        case "date":
            return moment.date().isoformat()
        case "local":
            return moment.replace(tzinfo=None).isoformat(sep=" ")
        case "zoned":
            from datetime import UTC

            return moment.astimezone(UTC).isoformat(sep=" ")


def moment_type(kind: MomentKind) -> str:
    """The SQL type of such a literal."""
    return _TYPES[kind]
