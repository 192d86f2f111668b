"""What of a table that something else loaded counts as loaded: intervals of time, or values up to the greatest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from interlace.contracts.state import IntervalRecord
from interlace.plan.incremental import interval_label
from interlace.plan.windows import BEGINNING, floor, read_moment
from interlace.run.cursor import greatest, incremental_column

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.model.definition import Incremental
    from interlace.plan.planner import Facts
    from interlace.run.task import Task

__all__ = ["Extent", "loaded_of"]


@dataclass(frozen=True, slots=True)
class Extent:
    """What counts as loaded.

    Attributes:
        said: the same for people.
        intervals: of a model that is incremental by datetime.
        cursor: the greatest value, of one that is incremental by key.
    """

    said: str
    intervals: tuple[IntervalRecord, ...] = ()
    cursor: str | None = None


def loaded_of(task: Task, session: Session, facts: Facts, until: datetime | None) -> Extent | None:
    """What counts as loaded of an incremental model's table; None of any other.

    Args:
        until: up to where it is loaded, as the user says; UTC.

    Raises:
        InvalidModel: the table has no such column, or one that holds no times.
    """
    incremental = task.model.incremental
    if incremental is None:
        return None
    assert task.standing is not None  # noqa: S101  only a table that stands is asked
    column = incremental_column(task, task.standing.columns).name
    if incremental.by == "key":
        seen = greatest(session, task.standing.relation, task, None)
        return Extent(f"{column} up to {seen}" if seen is not None else f"nothing: it has no {column}", cursor=seen)
    zone = ZoneInfo(facts.timezone)
    if until is not None:
        end = floor(until, incremental.grain, zone)
        why = "--until"
    else:
        last = session.fetch(f"SELECT max({session.quote(column)}) FROM {session.name(task.standing.relation)}")[0][0]
        if last is None:
            return Extent(f"no interval: it has no {column}")
        end = floor(_moment(last, zone, facts.now), incremental.grain, zone)
        why = f"the greatest {column} is {last}; the interval that it is in is loaded again"
    return _up_to(incremental, end, task.fingerprint, zone, why)


def _up_to(incremental: Incremental, end: datetime, fingerprint: str, zone: tzinfo, why: str) -> Extent:
    start = BEGINNING
    if incremental.start is not None:
        start = floor(read_moment(incremental.start, zone), incremental.grain, zone)
    label = interval_label(end, incremental.grain, zone)
    if start >= end:
        return Extent(f"no interval: history begins after {label} ({why})")
    return Extent(f"everything before {label} ({why})", (IntervalRecord(start, end, fingerprint),))


def _moment(value: date | datetime, zone: tzinfo, now: datetime) -> datetime:
    """A time of the table as a moment that is over; one without a zone is in the project's."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    try:
        moment = (value if value.tzinfo is not None else value.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # it is infinite
        return now
    return min(moment, now)
