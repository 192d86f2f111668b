"""The recorder: what is recorded when, and what is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interlace.contracts.state import AttemptRecord, ModelState
from interlace.run.recorder import Recorder
from interlace.telemetry.events import Notice

NOW = datetime(2024, 1, 1, tzinfo=UTC)


class FakeStore:
    """Keeps what it is given; refuses where `full`."""

    def __init__(self) -> None:
        self.recorded = []
        self.full = False

    def record(self, environment, attempts, events=()):
        if self.full:
            raise OSError("no space left")
        self.recorded.append(([a.id for a in attempts], [e.data["message"] for e in events]))


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def told():
    return []


@pytest.fixture
def recorder(store, told):
    return Recorder(store, "dev", None, told.append)


def attempt(id_: str) -> AttemptRecord:
    state = ModelState(name="m")
    return AttemptRecord(id_, "run", "m", "succeeded", "new", NOW, NOW, state)


def notice(text: str) -> Notice:
    return Notice("run", NOW, text)


def test_a_flush_records_all_that_was_put_and_tells_it(recorder, store, told):
    recorder.attempt(attempt("a"))
    recorder.event(notice("one"))
    recorder.flush()
    recorder.flush()

    assert [(["a"], ["one"])] == store.recorded
    assert [notice("one")] == told


def test_settling_records_attempts_at_once_and_leaves_events_to_the_flush(recorder, store, told):
    recorder.event(notice("one"))
    recorder.attempt(attempt("a"))
    recorder.settle()

    assert [(["a"], [])] == store.recorded
    assert [] == told


def test_events_keep_their_order_over_a_settling(recorder, store, told):
    recorder.event(notice("one"))
    recorder.attempt(attempt("a"))
    recorder.settle()
    recorder.event(notice("two"))
    recorder.attempt(attempt("b"))
    recorder.flush()

    assert [(["a"], []), (["b"], ["one", "two"])] == store.recorded
    assert ["one", "two"] == [e.message for e in told]


def test_settling_with_nothing_new_asks_nothing_of_the_store(recorder, store):
    recorder.event(notice("one"))
    recorder.settle()

    assert [] == store.recorded


def test_what_could_not_be_settled_is_recorded_by_the_next_flush(recorder, store):
    recorder.attempt(attempt("a"))
    store.full = True
    with pytest.raises(OSError, match="no space"):
        recorder.settle()
    store.full = False
    recorder.flush()

    assert [(["a"], [])] == store.recorded


def test_what_a_flush_could_not_record_holds_up_what_must_come_after_it(recorder, store):
    recorder.attempt(attempt("a"))
    store.full = True
    with pytest.raises(OSError, match="no space"):
        recorder.flush()
    with pytest.raises(OSError, match="no space"):
        recorder.settle()
    store.full = False
    recorder.settle()

    assert [(["a"], [])] == store.recorded


def test_what_a_flush_could_not_tell_is_told_by_the_next(recorder, store, told):
    done = []
    recorder.event(notice("one"))
    recorder.after(done.append)
    store.full = True
    with pytest.raises(OSError, match="no space"):
        recorder.flush()
    store.full = False
    recorder.flush()

    assert ([([], ["one"])], ["one"], [store]) == (store.recorded, [e.message for e in told], done)
