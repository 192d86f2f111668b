"""A snapshot and the events around it, landed in any order and in any batches: the table is always the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlace.errors import LoadRefused
from interlace_strategies.merge_stream_with_source import MergeStreamWithSource

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

TYPES = {
    "id": "INTEGER",
    "v": "VARCHAR",
    "op": "VARCHAR",
    "seq": "INTEGER",
    "part": "INTEGER",
    "origin": "VARCHAR",
    "taken": "INTEGER",
}
OPTIONS = {"order_by": ["seq", "part"], "op": "op", "base": "origin = 'base'", "snapshot_at": "taken"}


def event(key, position, value, op="u"):
    return {"id": key, "v": value, "op": op, "seq": position[0], "part": position[1], "origin": "stream"}


def state(events):
    """What the source held after these events."""
    rows = {}
    for each in sorted(events, key=lambda e: (e["seq"], e["part"])):
        rows.pop(each["id"], None)
        if each["op"] != "D":
            rows[each["id"]] = each
    return rows


def snapshot(events, at):
    """A batch with all that the source held at a position; None where it held nothing, which no batch can say."""
    rows = state([e for e in events if e["seq"] <= at]).values()
    return [{**row, "op": None, "seq": None, "part": None, "origin": "base", "taken": at} for row in rows]


def expected(events, snapshots):
    """The latest snapshot and what came after it."""
    latest = max(snapshots, default=None)
    rows = {}
    if latest is not None:
        rows = {row["id"]: {**row, "seq": latest} for row in snapshot(events, latest)}
    for each in sorted(events, key=lambda e: (e["seq"], e["part"])):
        if latest is None or each["seq"] > latest:
            rows.pop(each["id"], None)
            if each["op"] != "D":
                rows[each["id"]] = each
    return rows


@st.composite
def landings(draw):
    positions = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 1)), unique=True, min_size=1, max_size=8))
    one = st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from(["a", "b", None]), st.sampled_from(["u", None, "D"]))
    events = [event(key, at, value, op) for at, (key, value, op) in ((p, draw(one)) for p in positions)]
    taken = draw(st.lists(st.integers(0, 9), unique=True, max_size=2))
    taken = [at for at in taken if snapshot(events, at)]
    order = draw(st.permutations(events))
    batches, rest = [], list(order)
    while rest:
        size = draw(st.integers(1, len(rest)))
        batches.append(rest[:size])
        rest = rest[size:]
    batches += [snapshot(events, at) for at in taken]
    batches = list(draw(st.permutations(batches)))
    again = draw(st.lists(st.sampled_from(batches), max_size=2))
    return events, taken, batches + again


def rows_of(database):
    names = ("id", "v", "op", "seq", "part", "origin")
    return sorted((tuple(row[n] for n in names) for row in database.rows()), key=repr)


def as_rows(rows):
    names = ("id", "v", "op", "seq", "part", "origin")
    return sorted((tuple(row[n] for n in names) for row in rows.values()), key=repr)


def load(database, rows_as_query, rows, number=0, **options):
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
    return database.load(
        MergeStreamWithSource, rows_as_query(TYPES, rows), ("id",), execution_time=at, **{**OPTIONS, **options}
    )


@settings(settings.get_profile("loads"))
@given(landed=landings())
def test_any_order_and_any_batches_of_events_and_snapshots_give_one_table(database, rows_as_query, landed):
    events, taken, batches = landed
    database.fresh()
    for number, batch in enumerate(batches):
        counts = load(database, rows_as_query, batch, number).known()
        told = sum(counts[n] for n in ("inserted", "updated", "unchanged", "rejected", "late", "conflict"))
        assert told <= len(batch) <= told + counts["deleted"]

    assert as_rows(expected(events, taken)) == rows_of(database)


@pytest.fixture
def land(engine, rows_as_query):
    return lambda *rows, **options: load(engine, rows_as_query, list(rows), **options).known()


def test_an_event_before_the_snapshot_changes_nothing(land, engine):
    land({**event(1, (None, None), "new"), "op": None, "origin": "base", "taken": 5})
    counts = land(event(1, (5, 0), "old"), event(2, (4, 0), "gone since"))

    assert 2 == counts["late"]
    assert [(1, "new", None, 5, None, "base")] == rows_of(engine)


def test_a_delete_that_landed_first_outlives_an_older_event(land, engine):
    land(event(1, (2, 0), None, "D"))
    land(event(1, (1, 0), "old"))

    assert [] == rows_of(engine)


def test_a_later_snapshot_begins_anew(land, engine):
    land(event(1, (1, 0), "a"), event(2, (2, 0), "b"), event(3, (9, 0), "c"))
    counts = land({**event(2, (None, None), "B"), "op": None, "origin": "base", "taken": 5})

    assert 1 == counts["deleted"]
    assert [(2, "B", None, 5, None, "base"), (3, "c", "u", 9, 0, "stream")] == rows_of(engine)


def test_a_position_that_says_two_things_is_refused(land, engine):
    with pytest.raises(LoadRefused, match="several things"):
        land(event(1, (1, 0), "a"), event(1, (1, 0), "b"))


def test_across_loads_the_first_of_two_things_wins(land, engine):
    land(event(1, (1, 0), "a"))
    counts = land(event(1, (1, 0), "b"))

    assert 1 == counts["conflict"]
    assert [(1, "a", "u", 1, 0, "stream")] == rows_of(engine)


def test_two_snapshots_in_a_batch_are_refused(land):
    base = {**event(1, (None, None), "a"), "op": None, "origin": "base"}
    with pytest.raises(LoadRefused, match="holds 2 snapshots"):
        land({**base, "taken": 1}, {**base, "id": 2, "taken": 2})


def test_rows_without_a_position_are_refused(land):
    with pytest.raises(LoadRefused, match="NULL in the key or in 'order_by'"):
        land(event(1, (1, None), "a"))


def test_rows_that_are_neither_of_base_nor_of_stream_are_rejected(land):
    counts = land(event(1, (1, 0), "a"), {**event(2, (1, 0), "a"), "origin": "else"}, stream="origin = 'stream'")

    assert (1, 1) == (counts["inserted"], counts["rejected"])
