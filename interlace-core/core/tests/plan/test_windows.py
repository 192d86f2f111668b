"""The algebra of intervals: calendars, sets of time, what is due, batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.plan.windows import (
    BEGINNING,
    Batch,
    Piece,
    Size,
    Span,
    advance,
    batches,
    ceil,
    due_pieces,
    floor,
    following,
    grains,
    minus,
    overlap,
    preceding,
    read_moment,
    read_size,
    union,
)

GRAINS = ("hour", "day", "week", "month", "quarter", "year")
ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Asia/Kolkata",
        "Africa/Monrovia",
    )
]
BERLIN = ZoneInfo("Europe/Berlin")

zones = st.sampled_from(ZONES)
some_grain = st.sampled_from(GRAINS)
moments = st.integers(-(10**7) // 32, 2 * 10**9 // 1000).map(lambda n: datetime.fromtimestamp(n * 1000 + 7, UTC))


def day(n: int, month: int = 1) -> datetime:
    return datetime(2024, month, n, tzinfo=UTC)


TENTH = day(10)


def days(first: int, end: int) -> Span:
    return Span(day(first), day(end))


spans = st.lists(st.tuples(st.integers(1, 25), st.integers(0, 5)).map(lambda p: days(p[0], p[0] + p[1])), max_size=6)


def as_days(these) -> set[int]:
    return {d for s in these for d in range(s.start.day, s.end.day)}


# --- the calendar ---------------------------------------------------------------------------------------------------


@given(moments, some_grain, zones)
def test_a_grain_begins_at_or_before_the_moment_that_it_holds_and_ends_after_it(moment, grain, zone):
    begins = floor(moment, grain, zone)

    assert begins <= moment < following(begins, grain, zone)
    assert begins == floor(begins, grain, zone)


@given(moments, some_grain, zones)
def test_the_grain_before_the_next_one_is_this_one(moment, grain, zone):
    begins = floor(moment, grain, zone)

    assert begins == preceding(following(begins, grain, zone), grain, zone)


@given(moments, st.sampled_from(GRAINS[1:]), zones)
def test_a_day_or_more_begins_at_the_first_moment_of_a_local_date(moment, grain, zone):
    begins = floor(moment, grain, zone)
    before = (begins - timedelta(microseconds=1)).astimezone(zone)

    assert begins.astimezone(zone).date() != before.date()


@given(moments, zones)
def test_an_hour_begins_where_the_local_clock_shows_no_minutes(moment, zone):
    begins = floor(moment, "hour", zone).astimezone(zone)

    assert (0, 0, 0) == (begins.minute, begins.second, begins.microsecond)


@given(moments, st.integers(0, 40), st.sampled_from(GRAINS[1:]), zones)
def test_grains_follow_one_another_without_a_gap_and_without_an_overlap(moment, count, grain, zone):
    start = floor(moment, grain, zone)
    end = start
    for _ in range(count):
        end = following(end, grain, zone)

    found = list(grains(Span(start, end), grain, zone))

    assert count == len(found)
    assert ((Span(start, end),) if count else ()) == union(found)


@pytest.mark.parametrize(("date", "hours"), [("2024-03-31", 23), ("2024-10-27", 25), ("2024-05-01", 24)])
def test_a_local_day_has_as_many_hours_as_its_clock(date, hours):
    start = read_moment(date, BERLIN)
    end = following(start, "day", BERLIN)

    assert timedelta(hours=hours) == end - start
    assert hours == len(list(grains(Span(start, end), "hour", BERLIN)))


def test_a_day_that_a_zone_skipped_has_no_grain():
    apia = ZoneInfo("Pacific/Apia")
    start = datetime(2011, 12, 29, tzinfo=apia).astimezone(UTC)
    end = datetime(2012, 1, 1, tzinfo=apia).astimezone(UTC)

    assert [29, 31] == [s.start.astimezone(apia).day for s in grains(Span(start, end), "day", apia)]


def test_a_midnight_that_does_not_exist_is_the_moment_at_which_the_clock_jumped():
    sao_paulo = ZoneInfo("America/Sao_Paulo")
    begins = floor(datetime(2018, 11, 4, 12, tzinfo=UTC), "day", sao_paulo)

    assert datetime(2018, 11, 4, 3, tzinfo=UTC) == begins


def test_a_week_begins_on_monday_and_a_quarter_with_its_first_month():
    assert day(29, 1) == floor(datetime(2024, 2, 3, tzinfo=UTC), "week", UTC)
    assert day(1, 4) == floor(datetime(2024, 6, 30, tzinfo=UTC), "quarter", UTC)


@given(moments, some_grain, zones)
def test_ceil_is_the_nearest_boundary_that_is_not_before(moment, grain, zone):
    above = ceil(moment, grain, zone)

    assert moment <= above
    assert above == floor(above, grain, zone)
    assert moment == above or floor(moment, grain, zone) == preceding(above, grain, zone)


def test_a_month_after_the_31st_is_the_last_day_of_the_shorter_one():
    assert day(29, 2) == advance(day(31), Size(1, "month"), UTC)


def test_a_day_later_is_at_the_same_local_time_when_the_clock_was_set():
    noon = datetime(2024, 3, 30, 12, tzinfo=BERLIN).astimezone(UTC)

    assert timedelta(hours=23) == advance(noon, Size(1, "day"), BERLIN) - noon


# --- sets of time ---------------------------------------------------------------------------------------------------


@given(spans, spans)
def test_spans_are_sets(some, others):
    assert as_days(some) == as_days(union(some))
    assert as_days(some) - as_days(others) == as_days(minus(some, others))
    assert as_days(some) & as_days(others) == as_days(overlap(some, others))


@given(spans)
def test_a_union_has_no_two_spans_that_touch(some):
    joined = union(some)

    assert all(a.end < b.start for a, b in pairwise(joined))


# --- what is due ----------------------------------------------------------------------------------------------------


def due(loaded=(), now=TENTH, **options) -> list[tuple[int, int, str]]:
    given_ = [(s, "f", False) for s in loaded] if not loaded or isinstance(loaded[0], Span) else loaded
    options = {"grain": "day", "zone": UTC, "start": day(1), "fingerprint": "f", **options}
    return [(p.start.day, p.end.day, p.why) for p in due_pieces(given_, now, **options)]


def test_at_first_all_that_has_ended_is_new():
    assert [(1, 10, "new")] == due(now=day(10) + timedelta(hours=5))


def test_what_was_loaded_is_not_due():
    assert [] == due([days(1, 10)])


def test_a_hole_is_a_gap_and_what_follows_the_last_is_new():
    assert [(3, 5, "gap"), (8, 10, "new")] == due([days(1, 3), days(5, 8)])


def test_lookback_opens_what_is_before_the_first_new_grain():
    assert [(4, 7, "lookback"), (7, 10, "new")] == due([days(1, 7)], lookback=3)


def test_a_lookback_of_seconds_opens_the_grains_that_it_touches():
    assert [(6, 9, "lookback"), (9, 10, "new")] == due([days(1, 9)], lookback=60 * 3600.0)


def test_lookback_opens_nothing_while_nothing_moved():
    assert [] == due([days(1, 10)], lookback=3)
    assert [(7, 10, "lookback")] == due([days(1, 10)], lookback=3, moved=True)


def test_lookback_never_goes_before_what_was_loaded():
    assert [(8, 10, "lookback")] == due([days(8, 10)], start=day(8), lookback=5, moved=True)


def test_what_has_not_ended_is_due_only_if_partial_intervals_are_allowed():
    now = day(10) + timedelta(hours=5)

    assert [(10, 11, "partial")] == due([days(1, 10)], now, allow_partial=True)


def test_what_had_not_ended_when_it_was_loaded_is_loaded_again():
    loaded = [(days(1, 9), "f", False), (days(9, 10), "f", True)]

    assert [(9, 10, "partial")] == due(loaded)


def test_an_older_definition_is_no_reason_unless_it_is_asked_for():
    loaded = [(days(1, 5), "old", False), (days(5, 10), "f", False)]

    assert [] == due(loaded)
    assert [(2, 5, "older")] == due(loaded, since=day(2), until=day(8), scope="older")


def test_a_range_holds_the_grains_that_it_touches_and_nothing_that_has_not_ended():
    since, until = day(7) + timedelta(hours=3), day(20)

    assert [(7, 10, "new")] == due(since=since, until=until)


def test_all_of_a_range_is_due_when_it_is_asked_for():
    assert [(3, 5, "again"), (5, 6, "new")] == due([days(1, 5)], since=day(3), until=day(6), scope="all")


def test_a_range_may_begin_before_history():
    assert [(1, 3, "gap")] == due([days(5, 10)], start=day(5), since=day(1), until=day(3))


def test_force_loads_the_newest_grain_again():
    assert [(9, 10, "again")] == due([days(1, 10)], force=True)


def test_without_a_start_all_before_the_last_boundary_is_one_piece():
    pieces = due_pieces([], day(10), grain="day", zone=UTC)

    assert (Piece(BEGINNING, day(10), "new"),) == pieces
    assert [Batch(BEGINNING, day(10), ("new",))] == list(batches(pieces, "day", UTC, Size(1, "day"), day(10)))


@given(spans, st.integers(0, 6), st.booleans(), st.booleans(), st.integers(8, 28))
def test_due_and_loaded_time_together_are_all_history(loaded, lookback, moved, force, now):
    pieces = due_pieces(
        [(s, "f", False) for s in loaded],
        day(now),
        grain="day",
        zone=UTC,
        start=day(1),
        lookback=lookback,
        moved=moved,
        force=force,
    )
    spent = [d for p in pieces for d in range(p.start.day, p.end.day)]

    assert len(set(spent)) == len(spent)
    assert set(range(1, now)) <= set(spent) | as_days(loaded)
    assert set(spent) <= set(range(1, now))
    assert {p.why for p in pieces} <= {"new", "gap", "lookback", "again"}
    assert as_days(p for p in pieces if p.why in {"new", "gap"}).isdisjoint(as_days(loaded))


@given(spans, st.integers(1, 9), st.integers(8, 28))
def test_batches_hold_what_is_due_once_in_order_and_none_is_too_large(loaded, size, now):
    pieces = due_pieces([(s, "f", False) for s in loaded], day(now), grain="day", zone=UTC, start=day(1))

    made = batches(pieces, "day", UTC, Size(size, "day"), day(now))

    assert union(Span(p.start, p.end) for p in pieces) == union(Span(b.start, b.end) for b in made)
    assert sorted(made, key=lambda b: b.start) == list(made)
    assert all(b.end - b.start <= timedelta(days=size) for b in made)


@given(spans, st.integers(8, 28), st.integers(0, 5))
def test_once_it_is_loaded_nothing_is_due(loaded, now, lookback):
    pieces = due_pieces([(s, "f", False) for s in loaded], day(now), grain="day", zone=UTC, start=day(1))
    then = [(Span(p.start, p.end), "f", False) for p in pieces] + [(s, "f", False) for s in loaded]

    assert () == due_pieces(then, day(now), grain="day", zone=UTC, start=day(1), lookback=lookback)


def test_adjoining_time_that_is_due_for_several_reasons_is_one_batch():
    pieces = due_pieces([(days(1, 9), "f", False)], day(10), grain="day", zone=UTC, start=day(1), lookback=2)

    assert (Batch(day(7), day(10), ("lookback", "new")),) == batches(pieces, "day", UTC, None, day(10))


def test_what_has_not_ended_is_a_batch_of_its_own():
    now = day(10) + timedelta(hours=1)
    pieces = due_pieces([], now, grain="day", zone=UTC, start=day(9), allow_partial=True)

    assert (
        Batch(day(9), day(10), ("new",)),
        Batch(day(10), day(11), ("partial",), partial=True),
    ) == batches(pieces, "day", UTC, None, now)


def test_a_window_of_a_month_holds_the_days_of_that_month():
    pieces = [Piece(day(1), day(10, 3), "new")]

    found = batches(pieces, "day", UTC, Size(1, "month"), day(1, 12))

    assert [day(1), day(1, 2), day(1, 3)] == [b.start for b in found]


# --- what people write ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1d", Size(1, "day")),
        ("6h", Size(6, "hour")),
        ("2 weeks", Size(2, "week")),
        ("1mo", Size(1, "month")),
        ("1y", Size(1, "year")),
    ],
)
def test_a_window_is_a_number_and_a_unit(text, size):
    assert size == read_size(text)


@pytest.mark.parametrize("text", ["", "d", "0d", "1 fortnight", "-1d"])
def test_another_window_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        read_size(text)


def test_a_date_is_a_local_midnight():
    assert datetime(2024, 1, 1, 23, tzinfo=UTC) == read_moment("2024-01-02", BERLIN)
    assert day(2) == read_moment("2024-01-02T00:00:00Z", BERLIN)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31", "yesterday"])
def test_a_time_beyond_the_calendar_is_refused(text):
    with pytest.raises(ValueError, match=r".*"):
        read_moment(text, BERLIN)
