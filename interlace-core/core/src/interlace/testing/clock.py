"""A clock that stands still: the execution time of every run that a test makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from interlace.errors import InvalidTest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

__all__ = ["Clock", "frozen_clock", "moment", "present"]

Moment = datetime | date | str


class Clock:
    """A moment that only a test moves.

    Attributes:
        now: the moment; naive ones are in the time zone of the project that asks.
    """

    def __init__(self, at: Moment) -> None:
        self.now = _parsed(at)

    def move(self, **by: float) -> datetime:
        """Move on by so many ``days``, ``hours``, ``minutes`` and so on, and give the new moment."""
        self.now += timedelta(**by)
        return self.now

    def set(self, at: Moment) -> datetime:
        """Move to another moment."""
        self.now = _parsed(at)
        return self.now


_FROZEN: ContextVar[Clock | None] = ContextVar("interlace_frozen_clock", default=None)


@contextmanager
def frozen_clock(at: Moment) -> Iterator[Clock]:
    """Let all runs of tests inside of the block count as of one moment.

    It is the execution time: ``context.execution_time``, what strategies stamp rows with, what checks compare with, and
    ``now()`` in SQL on DuckDB in memory.  Python's own clock goes on.
    """
    clock = Clock(at)
    token = _FROZEN.set(clock)
    try:
        yield clock
    finally:
        _FROZEN.reset(token)


def present() -> datetime | None:
    """The moment of the clock that is frozen; None where none is."""
    clock = _FROZEN.get()
    return clock.now if clock is not None else None


def moment(at: Moment, timezone: ZoneInfo) -> datetime:
    """A moment in UTC; one without a zone is in the project's.

    Raises:
        InvalidTest: text that is no time.
    """
    found = _parsed(at)
    return (found if found.tzinfo else found.replace(tzinfo=timezone)).astimezone(UTC)


def _parsed(at: Moment) -> datetime:
    if isinstance(at, str):
        try:
            return datetime.fromisoformat(at)
        except ValueError as error:
            raise InvalidTest(f"{at!r} is no time such as 2024-01-31T12:00:00") from error
    return at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)  # noqa: DTZ001  see `moment`
