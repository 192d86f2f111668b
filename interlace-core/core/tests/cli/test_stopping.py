"""Signals to a command that clears up behind it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from interlace.cli.stopping import Stopping


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_first_signal_ends_what_is_going_on(capfd):
    stopping = Stopping(echo=0)
    with stopping.heeded(), pytest.raises(KeyboardInterrupt):
        interrupt()

    assert stopping.asked
    assert "what was made is dropped" in capfd.readouterr().err


def test_what_can_be_cancelled_is_and_then_it_ends(capfd):
    stopping, cancelled = Stopping(echo=0), threading.Event()
    ended = []

    def work() -> None:
        with stopping.by(cancelled.set):
            interrupt()
            ended.append(cancelled.wait(5))

    with stopping.heeded(), pytest.raises(KeyboardInterrupt):
        work()

    assert [True] == ended
    assert "Cancelling" in capfd.readouterr().err


def test_clearing_up_goes_on_and_the_next_signal_leaves(capfd):
    left: list[int] = []
    stopping = Stopping(left.append, echo=0)
    with stopping.heeded(), stopping.later():
        interrupt()
        assert [] == left
        interrupt()

    assert [130] == left
    assert "is being dropped" in capfd.readouterr().err


def test_a_signal_that_a_wrapper_passes_on_once_more_counts_once(capfd):
    left: list[int] = []
    stopping = Stopping(left.append, echo=60)
    with stopping.heeded():
        with pytest.raises(KeyboardInterrupt):
            interrupt()
        with stopping.later():
            interrupt()

    assert [] == left
    assert 1 == capfd.readouterr().err.count("Again to leave")


def test_afterwards_signals_are_what_they_were():
    before = signal.getsignal(signal.SIGTERM)
    with Stopping().heeded():
        assert before != signal.getsignal(signal.SIGTERM)

    assert before == signal.getsignal(signal.SIGTERM)
