from __future__ import annotations

import time
from datetime import timedelta
from threading import Event

import pytest

from interlace.errors import Cancelled, DatabaseLocked, QueryFailed, RunUnderWay
from interlace.run import waiting as module
from interlace.run.waiting import Waiting


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(module, "PAUSE", 0.01)


def refuses(*errors: Exception):
    """Raises these, one after the other, then gives a word."""
    left = list(errors)

    def act():
        if left:
            raise left.pop(0)
        return "taken"

    return act


def busy(run="run-1"):
    return RunUnderWay(f"run {run} has not ended", run=run)


def test_what_is_free_is_taken_at_once():
    assert ("taken", False) == Waiting().take(refuses(), Event())


def test_it_is_tried_again_until_it_is_free():
    assert ("taken", True) == Waiting().take(refuses(busy(), DatabaseLocked("in use")), Event())


def test_each_that_is_waited_for_is_said_once():
    said = []
    Waiting(say=said.append).take(refuses(busy(), busy(), busy("run-2")), Event())

    assert ["Waiting: run run-1 has not ended", "Waiting: run run-2 has not ended"] == said


def test_without_time_the_first_refusal_is_raised():
    said = []
    with pytest.raises(RunUnderWay):
        Waiting(timedelta(0), said.append).take(refuses(busy()), Event())

    assert [] == said


def test_the_time_is_for_all_that_is_waited_for():
    waiting = Waiting(timedelta(seconds=0.1))
    waiting.take(refuses(busy()), Event())
    began = time.monotonic()
    with pytest.raises(DatabaseLocked):
        waiting.take(refuses(*[DatabaseLocked("in use")] * 1_000), Event())

    assert 0.05 < time.monotonic() - began < 5


def test_other_errors_are_not_waited_out():
    with pytest.raises(QueryFailed):
        Waiting().take(refuses(QueryFailed("no")), Event())


def test_a_cancelled_run_waits_no_longer():
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        Waiting().take(refuses(busy()), stop)


def test_what_is_held_is_renewed_before_each_pause():
    renewed = []
    Waiting().take(refuses(busy(), busy()), Event(), lambda: renewed.append(1))

    assert [1, 1] == renewed
