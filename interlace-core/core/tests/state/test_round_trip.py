from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interlace.contracts.relation import Column
from interlace.contracts.state import (
    AttemptRecord,
    CheckRecord,
    DefinitionRecord,
    EventRecord,
    IntervalRecord,
    MetricRecord,
    ModelState,
)
from interlace.model.definition import Fingerprint
from interlace.state.codec import micros, moment
from interlace.state.ids import new_id
from interlace.state.store import Store

# What every database takes as text; anything else is replaced in messages, and is tested for itself.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
whole = st.integers(min_value=-(2**63), max_value=2**63 - 1)
real = st.floats(allow_nan=False, allow_infinity=False)
zones = st.timedeltas(timedelta(hours=-20), timedelta(hours=20)).map(timezone)
times = st.datetimes(datetime(1800, 1, 1), datetime(2500, 1, 1), timezones=st.just(UTC) | zones)  # noqa: DTZ001
plain = st.recursive(
    st.none() | st.booleans() | whole | real | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=5), plain, max_size=3)
statuses = st.sampled_from(["succeeded", "failed", "skipped", "blocked", "cancelled"])
columns = st.lists(st.builds(Column, words, words, st.booleans()), max_size=4).map(tuple)

states = st.builds(
    ModelState,
    name=st.sampled_from(["a", "b", "C", "größe"]),
    fingerprint=st.none() | st.builds(Fingerprint, words, words, words),
    data_version=st.none() | words,
    parents=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    inputs=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    relation=st.none() | words,
    kind=st.none() | st.sampled_from(["table", "view"]),
    columns=st.none() | columns,
    published_at=st.none() | times,
    rows=st.none() | whole,
    seconds=st.none() | real,
    exports=st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5), max_size=3),
    status=st.none() | statuses,
    attempted_at=st.none() | times,
    run=st.none() | words,
    error=st.none() | words,
    checks_failed=st.booleans(),
    since=st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3).map(tuple), max_size=3),
)
checks = st.builds(
    CheckRecord,
    name=words,
    type=words,
    severity=st.sampled_from(["error", "warn"]),
    passed=st.booleans(),
    message=words,
    failing=st.none() | whole,
    sample=st.lists(objects, max_size=2).map(tuple),
)
START = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
intervals = st.builds(
    lambda start, hours, fingerprint, partial: IntervalRecord(
        START + start * HOUR, START + (start + hours) * HOUR, fingerprint, partial
    ),
    st.integers(0, 40),
    st.integers(1, 15),
    words,
    st.booleans(),
)
metrics = st.builds(MetricRecord, st.sampled_from(["a", "b"]), words, st.none() | real, st.none() | words.filter(bool))


definitions = st.builds(DefinitionRecord, st.none() | words, words, objects)


@st.composite
def attempts(draw: st.DrawFn) -> AttemptRecord:
    state = draw(states)
    return AttemptRecord(
        id=new_id(),
        run=draw(st.sampled_from(["r1", "r2"])),
        model=state.name,
        status=draw(statuses),
        reason=draw(words),
        started_at=draw(times),
        finished_at=draw(times),
        state=state,
        counts=draw(st.dictionaries(st.text(max_size=5), whole, max_size=3)),
        checks=draw(st.lists(checks, max_size=2).map(tuple)),
        error=draw(st.none() | words),
        error_code=draw(st.none() | words),
        schema_changed=draw(st.booleans()),
        intervals=draw(st.lists(intervals, max_size=4).map(tuple)),
        forget_intervals=draw(st.integers(0, 4).map(lambda n: n == 0)),
        cursor=draw(st.none() | words),
        metrics=draw(st.lists(metrics, max_size=2).map(tuple)),
        definition=None if state.fingerprint is None else draw(st.none() | definitions),
    )


events = st.builds(EventRecord, run=st.just("r1"), at=times, type=words, model=st.none() | words, data=objects)
batches = st.lists(
    st.tuples(st.sampled_from(["dev", "prod"]), st.lists(attempts(), max_size=3), st.lists(events, max_size=3))
)


def check_against_the_reference(store: Store, recorded: list[Any]) -> None:
    """Compare the store with plain dictionaries after each record."""
    models: dict[str, dict[str, ModelState]] = {"dev": {}, "prod": {}}
    revisions = {"dev": 0, "prod": 0}
    seen: list[AttemptRecord] = []
    happened: list[EventRecord] = []
    for environment, some, more in recorded:
        store.record(environment, some, more)
        models[environment] |= {a.state.name: a.state for a in some}
        revisions[environment] += bool(some)
        seen += some
        happened += more
        for each in ("dev", "prod"):
            snapshot = store.snapshot(each)
            assert (revisions[each], models[each]) == (snapshot.revision, snapshot.models)
    ordered = sorted(seen, key=lambda a: a.id)
    found = store.attempts()
    assert [(a.id, a.counts, a.checks, a.error, a.reason, a.finished_at) for a in ordered] == [
        (a.id, a.counts, a.checks, a.error, a.reason, a.finished_at) for a in found
    ]
    assert happened == [event for _, event in store.events("r1")]
    for environment in ("dev", "prod"):
        for name in models[environment]:
            changes = [
                a.state.columns
                for where, some, _ in recorded
                for a in some
                if where == environment and a.model == name and a.schema_changed and a.state.columns is not None
            ]
            check_definitions(
                store, environment, name, [a for e, s, _ in recorded for a in s if (e, name) == (environment, a.model)]
            )
            check_progress(
                store, environment, name, [a for e, s, _ in recorded for a in s if (e, name) == (environment, a.model)]
            )
            assert changes == [columns for _, _, columns in store.schema_history(environment, name)]


def hours(some: Any) -> dict[datetime, tuple[str, bool, str]]:
    """What each hour was loaded by."""
    return {
        i.start + n * HOUR: (i.fingerprint, i.partial, i.attempt)
        for i in some
        for n in range((i.end - i.start) // HOUR)
    }


def check_progress(store: Store, environment: str, name: str, done: list[AttemptRecord]) -> None:
    """Compare the intervals and the cursor of a model with what its attempts were, hour by hour."""
    loaded: dict[datetime, tuple[str, bool, str]] = {}
    cursor: str | None = None
    for attempt in done:
        if attempt.forget_intervals:
            loaded, cursor = {}, None
        loaded |= hours(replace(i, attempt=attempt.id) for i in attempt.intervals)
        cursor = cursor if attempt.cursor is None else attempt.cursor
    found = store.intervals(environment, name)

    assert (loaded, cursor) == (hours(found), store.cursor(environment, name))
    assert all(a.end <= b.start for a, b in pairwise(found))


def check_definitions(store: Store, environment: str, name: str, done: list[AttemptRecord]) -> None:
    """Compare the definition and the documents of a model with those that its attempts gave."""
    given_ = [(a.state.fingerprint, a.definition) for a in done if a.definition is not None]
    said = [json.dumps(definition.document) for _, definition in given_]
    versions = [json.loads(one) for i, one in enumerate(said) if i == 0 or said[i - 1] != one]

    assert (given_[-1] if given_ else None) == store.definition(environment, name)
    assert list(enumerate(versions, 1)) == [(n, document) for n, _, _, document in store.documents(environment, name)]


@settings(max_examples=20, deadline=None)
@given(batches)
def test_what_is_recorded_in_sqlite_comes_back(recorded: list[Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.embedded(Path(folder) / "state.db")
        store.open()
        check_against_the_reference(store, recorded)
        store.close()


@pytest.fixture
def server_store(make_server_store: Any) -> Iterator[Store]:
    store = make_server_store()
    store.open()
    yield store
    store.close()


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_what_is_recorded_on_a_server_comes_back(server_store: Store, recorded: list[Any]) -> None:
    with server_store._database.writing() as write:
        for table in server_store.tables():
            write.execute(f"DELETE FROM {table}", {})
    check_against_the_reference(server_store, recorded)


@given(times)
def test_a_time_comes_back_to_the_microsecond(at: datetime) -> None:
    assert at == moment(micros(at))
