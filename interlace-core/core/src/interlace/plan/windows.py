"""Half-open parts of time: whole grains of a calendar, what is missing of them, what is due, and in which batches.  Pure.

All moments are in UTC; where a grain begins is decided by the calendar of the project's time zone.  A local day
may have 23 or 25 hours, and one that a zone skipped altogether (Samoa, 30 December 2011) has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, Literal, NamedTuple

__all__ = [
    "BEGINNING",
    "Batch",
    "Piece",
    "Scope",
    "Size",
    "Span",
    "advance",
    "batches",
    "ceil",
    "due_pieces",
    "floor",
    "following",
    "grains",
    "minus",
    "overlap",
    "read_moment",
    "read_size",
    "union",
]

BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)
"""Before all data: where history begins for a model that does not say.  A day late, so that every zone can show it."""

Why = Literal["new", "gap", "lookback", "partial", "older", "again"]

Scope = Literal["missing", "older", "all"]
"""What of a range is due: what was never loaded; that and what an older definition loaded; everything."""


class Span(NamedTuple):
    """A part of time ``[start, end)``."""

    start: datetime
    end: datetime


class Size(NamedTuple):
    """So many grains: ``Size(2, "week")``."""

    number: int
    grain: str


class Piece(NamedTuple):
    """A part of time that is due for one reason."""

    start: datetime
    end: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of time that is loaded in one transaction.

    Attributes:
        why: the reasons of its parts, in the order of time, each once.
        partial: its last grain has not ended, so that it will be loaded again.
    """

    start: datetime
    end: datetime
    why: tuple[Why, ...]
    partial: bool = False


# --- the calendar ---------------------------------------------------------------------------------------------------


def floor(moment: datetime, grain: str, zone: tzinfo) -> datetime:
    """The beginning of the grain that holds a moment."""
    if moment <= BEGINNING:
        return BEGINNING
    if grain == "hour":
        return _floor_hour(moment, zone)
    first = _first_day(moment.astimezone(zone).date(), grain)
    # A clock that was set back over midnight shows the day before once more.
    while _midnight(then := _later(first, grain, 1), zone) <= moment:
        first = then
    while (begins := _midnight(first, zone)) > moment:
        first = _later(first, grain, -1)
    return begins


def following(boundary: datetime, grain: str, zone: tzinfo) -> datetime:
    """The beginning of the next grain."""
    if grain == "hour":
        return _following_hour(boundary, zone)
    first = _first_day(boundary.astimezone(zone).date(), grain)
    while (begins := _midnight(first, zone)) <= boundary:
        first = _later(first, grain, 1)
    return begins


def ceil(moment: datetime, grain: str, zone: tzinfo) -> datetime:
    """The first beginning of a grain at or after a moment."""
    begins = floor(moment, grain, zone)
    return begins if begins == moment else following(begins, grain, zone)


def preceding(boundary: datetime, grain: str, zone: tzinfo, count: int = 1) -> datetime:
    """The beginning of the grain that is so many before this one."""
    for _ in range(count):
        boundary = floor(boundary - timedelta(microseconds=1), grain, zone)
    return boundary


def advance(moment: datetime, size: Size, zone: tzinfo) -> datetime:
    """A moment later by the calendar: at the same local time so many days, weeks, months or years on.

    The 31st of a month is followed by the last day of a shorter one.
    """
    if size.grain == "hour":
        return moment + timedelta(hours=size.number)
    local = moment.astimezone(zone)
    day = _later(local.date(), size.grain, size.number)
    return datetime.combine(day, local.time().replace(fold=0), zone).astimezone(UTC)


def grains(span: Span, grain: str, zone: tzinfo) -> Iterator[Span]:
    """The grains of a span that begins with one."""
    start = span.start
    while start < span.end:
        end = following(start, grain, zone)
        yield Span(start, end)
        start = end


def _floor_hour(moment: datetime, zone: tzinfo) -> datetime:
    while True:
        local = moment.astimezone(zone)
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        if not past:
            return moment
        # Again where a clock was set by half an hour in between (Lord Howe Island).
        moment -= past


def _following_hour(boundary: datetime, zone: tzinfo) -> datetime:
    at = boundary
    while (begins := _floor_hour(at := at + timedelta(minutes=10), zone)) <= boundary:
        pass
    return begins


def _midnight(day: date, zone: tzinfo) -> datetime:
    # Where midnight is skipped, zoneinfo gives the moment of the skip; where it comes twice, the first.
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _first_day(day: date, grain: str) -> date:
    match grain:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            return day.replace(month=1, day=1)
    return day


def _later(day: date, grain: str, count: int) -> date:
    match grain:
        case "day":
            return day + timedelta(days=count)
        case "week":
            return day + timedelta(weeks=count)
    months = {"month": 1, "quarter": 3, "year": 12}[grain] * count
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, _days(year, month + 1)))


def _days(year: int, month: int) -> int:
    from calendar import monthrange

    return monthrange(year, month)[1]


# --- sets of time ---------------------------------------------------------------------------------------------------


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time in as few spans as possible, in order; empty ones are dropped."""
    joined: list[Span] = []
    for span in sorted(Span(s.start, s.end) for s in spans if s.start < s.end):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def minus(spans: Iterable[Span], taken: Iterable[Span]) -> tuple[Span, ...]:
    """What is in `spans` and not in `taken`."""
    left: list[Span] = []
    away = union(taken)
    for span in union(spans):
        start = span.start
        for gone in away:
            if gone.end <= start:
                continue
            if gone.start >= span.end:
                break
            left.append(Span(start, gone.start))
            start = gone.end
        left.append(Span(start, span.end))
    return union(left)


def overlap(spans: Iterable[Span], others: Iterable[Span]) -> tuple[Span, ...]:
    """What is in both."""
    all_of = union(spans)
    return minus(all_of, minus(all_of, others))


# --- what is due ----------------------------------------------------------------------------------------------------


def due_pieces(
    loaded: Sequence[tuple[Span, str, bool]],
    now: datetime,
    *,
    grain: str,
    zone: tzinfo,
    start: datetime | None = None,
    lookback: float = 0,
    allow_partial: bool = False,
    since: datetime | None = None,
    until: datetime | None = None,
    scope: Scope = "missing",
    fingerprint: str = "",
    moved: bool = False,
    force: bool = False,
    bounded: bool | None = None,
) -> tuple[Piece, ...]:
    """The parts of time that a run loads, in order; they do not overlap.

    Args:
        loaded: what was loaded: the span, the fingerprint of the definition that did, and whether it had not ended.
        now: what has not ended by now is not due, unless `allow_partial`.
        start: where history begins; the grain that holds it is the first.
        lookback: how far back rows may arrive late: a number of grains, or seconds as a float.
        since: with `until` the range that was asked for, in place of all history; a grain that it touches is whole.
        scope: what of the range is due.
        fingerprint: of the present definition.
        moved: something that the model reads moved, so that late rows may be there.
        force: the newest grain is due, although it was loaded.
        bounded: whether only a range was asked for; by default whether one end of it was given.
    """
    horizon = floor(now, grain, zone)
    last = following(horizon, grain, zone) if allow_partial else horizon
    bounded = since is not None or until is not None if bounded is None else bounded
    begins = floor(since or start or BEGINNING, grain, zone)
    ends = last if until is None else min(last, ceil(until, grain, zone))
    window = [Span(begins, ends)]
    whole = union(s for s, _, partial in loaded if not partial)
    missing = minus(window, whole)
    begun = [s for s, _, partial in loaded if partial]
    edge = whole[-1].end if whole else begins
    found: dict[str, Sequence[Span]] = {
        "partial": overlap(missing, [*begun, Span(horizon, last)]),
        "gap": overlap(missing, [Span(BEGINNING, edge)] if whole else []),
        "new": missing,
    }
    if scope == "older":
        found["older"] = overlap(window, [s for s, by, _ in loaded if by != fingerprint])
    if scope == "all":
        found["again"] = overlap(window, whole)
    if not bounded:
        found["lookback"] = overlap(_reopened(horizon, edge, lookback, grain, zone, moved, missing), whole)
        found["again"] = overlap([Span(preceding(horizon, grain, zone), horizon)], whole) if force else ()
    return _in_order(found)


def _reopened(
    horizon: datetime,
    edge: datetime,
    lookback: float,
    grain: str,
    zone: tzinfo,
    moved: bool,
    missing: Sequence[Span],
) -> list[Span]:
    """What `lookback` opens again: so much before the first grain that is new, or before now where only rows may be."""
    end = min(edge, horizon) if any(s.start >= edge for s in missing) else horizon
    if not lookback or not (missing or moved) or end <= BEGINNING:
        return []
    if isinstance(lookback, int):
        return [Span(preceding(end, grain, zone, lookback), end)]
    return [Span(floor(end - timedelta(seconds=lookback), grain, zone), end)]


def _in_order(found: Mapping[str, Sequence[Span]]) -> tuple[Piece, ...]:
    """Each moment once, for the first reason that has it."""
    pieces: list[Piece] = []
    taken: list[Span] = []
    for why, spans in found.items():
        own = minus(spans, taken)
        pieces += [Piece(s.start, s.end, why) for s in own]  # type: ignore[arg-type]
        taken += own
    return tuple(sorted(pieces))


def batches(pieces: Iterable[Piece], grain: str, zone: tzinfo, size: Size | None, now: datetime) -> tuple[Batch, ...]:
    """Cut what is due into what one transaction loads: adjoining time, at most `size` of it, ended or not.

    What begins with all history cannot be counted in grains, and is one batch.
    """
    horizon = floor(now, grain, zone)
    made: list[Batch] = []
    ordered = sorted(pieces)
    for span in union(Span(p.start, p.end) for p in ordered):
        for cut in _cut(span, horizon):
            for part in _parts(cut, grain, zone, size):
                why = dict.fromkeys(p.why for p in ordered if p.start < part.end and part.start < p.end)
                made.append(Batch(part.start, part.end, tuple(why), part.end > horizon))
    return tuple(made)


def _cut(span: Span, at: datetime) -> list[Span]:
    return [Span(span.start, at), Span(at, span.end)] if span.start < at < span.end else [span]


def _parts(span: Span, grain: str, zone: tzinfo, size: Size | None) -> Iterator[Span]:
    if size is None or span.start == BEGINNING:
        yield span
        return
    start = span.start
    while start < span.end:
        end = max(ceil(advance(start, size, zone), grain, zone), following(start, grain, zone))
        yield Span(start, min(end, span.end))
        start = end


# --- what people write ----------------------------------------------------------------------------------------------

_SIZE: Final = re.compile(r"\s*(\d+)\s*(hours?|h|days?|d|weeks?|w|months?|mo|quarters?|q|years?|y)\s*")
_GRAINS: Final = {"h": "hour", "d": "day", "w": "week", "mo": "month", "q": "quarter", "y": "year"}


def read_size(text: str) -> Size:
    """``1d``, ``6h``, ``2 weeks``, ``1mo``.

    Raises:
        ValueError: it is none of these.
    """
    found = _SIZE.fullmatch(text.lower())
    if found is None or int(found[1]) < 1:
        raise ValueError(text)
    word = found[2]
    grain = _GRAINS.get(word) or word.removesuffix("s")
    return Size(int(found[1]), grain)


def read_moment(text: str, zone: tzinfo) -> datetime:
    """A date or a time as ISO 8601 writes it; in the project's time zone unless it names another.

    Raises:
        ValueError: it is none, or too early or late for a calendar.
    """
    moment = datetime.fromisoformat(text)
    try:
        moment = (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
    if not 2 <= moment.year <= 9990:  # noqa: PLR2004  room for the grains around it
        raise ValueError(text)
    return moment
