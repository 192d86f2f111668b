"""How fresh sources are, against what they promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Literal

from interlace.errors import InterlaceError

if TYPE_CHECKING:
    from interlace.model.definition import Source
    from interlace.run.project import Project

__all__ = ["Freshness", "freshness_of"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """What was found of one source.

    Attributes:
        status: ``empty`` where no row has a time; an empty source breaks its promise.
        latest: the greatest time in its column, UTC.
        age: of that, in seconds.
        allowed: the greatest age in seconds.
    """

    source: str
    status: Literal["fresh", "stale", "empty", "error"]
    allowed: float
    latest: datetime | None = None
    age: float | None = None
    message: str | None = None


def freshness_of(project: Project, source: Source, now: datetime) -> Freshness:
    """Ask for the greatest time of a source that promises freshness.

    Times without a zone and dates are taken as UTC.
    """
    allowed = source.freshness or 0.0
    sql = f"SELECT max({_quoted(source.freshness_column or '')}) AS latest FROM {_quoted(source.name)}"
    try:
        _, rows = project.query(sql, connection=source.connection, limit=1)
        latest = _moment(rows[0][0])
    except InterlaceError as error:
        return Freshness(source.name, "error", allowed, message=error.message)
    except TypeError as error:
        return Freshness(source.name, "error", allowed, message=f"{source.freshness_column}: {error}")
    if latest is None:
        return Freshness(source.name, "empty", allowed, message="no row has a time")
    age = (now - latest).total_seconds()
    return Freshness(source.name, "fresh" if age <= allowed else "stale", allowed, latest, age)


def _moment(value: object) -> datetime | None:
    match value:
        case None:
            return None
        case datetime():
            return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        case date():
            return datetime.combine(value, time(), UTC)
    raise TypeError(f"is no time but {value!r}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
