"""Opening a connection again (`retry` of a connection)."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from interlace.config.schema import Opening
from interlace.errors import Cancelled, ConnectionFailure
from interlace.run.opening import open_again, patiently


class Flaky:
    """A connection that fails so often."""

    name = "warehouse"

    def __init__(self, failures):
        self.failures = list(failures)
        self.opened = 0

    def open(self):
        self.opened += 1
        if self.failures:
            raise self.failures.pop(0)


def failure(said="down", *, transient=True):
    made = ConnectionFailure(said)
    made.transient = transient
    return made


def policy(attempts, delay=1.0, longest=30.0):
    return Opening(attempts=attempts, initial_delay=timedelta(seconds=delay), max_delay=timedelta(seconds=longest))


def test_what_opens_at_once_is_not_talked_about():
    said = []
    open_again(Flaky([]), policy(3), pytest.fail, said.append)

    assert [] == said


def test_the_pauses_grow_up_to_the_longest():
    slept, said = [], []
    connection = Flaky([failure(f"down {n}") for n in range(4)])
    open_again(connection, policy(5, longest=3.0), slept.append, said.append)

    assert [1.0, 2.0, 3.0, 3.0] == slept
    assert ["connection 'warehouse' was opened at attempt 5; the first failed: down 0"] == said


def test_the_last_failure_is_raised():
    with pytest.raises(ConnectionFailure, match="down 1"):
        open_again(Flaky([failure("down 0"), failure("down 1")]), policy(2), lambda _: None, pytest.fail)


def test_what_will_not_pass_is_not_tried_again():
    connection = Flaky([failure("wrong password", transient=False)])
    with pytest.raises(ConnectionFailure, match="wrong password"):
        open_again(connection, policy(5), pytest.fail, pytest.fail)

    assert 1 == connection.opened


def test_without_a_policy_it_is_tried_once():
    connection = Flaky([failure()])
    with pytest.raises(ConnectionFailure):
        open_again(connection, Opening(), pytest.fail, pytest.fail)

    assert 1 == connection.opened


def test_whoever_cancels_does_not_wait():
    stop, seen = threading.Event(), SimpleNamespace(times=0)

    def meanwhile():
        seen.times += 1
        stop.set()

    began = time.monotonic()
    with pytest.raises(Cancelled):
        patiently(stop, meanwhile)(60.0)

    assert time.monotonic() - began < 5
    assert 1 == seen.times
