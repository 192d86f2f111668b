"""The main thread while DuckDB works: it has to hear of Ctrl-C.

Python calls the handlers of signals in its main thread only, between two of its own instructions.  DuckDB looks for signals
now and then, but not while it waits for the first rows of a stream; and what a handler raised becomes a RuntimeError.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["heedful"]

T = TypeVar("T")

LOOK: Final = 0.5
"""Seconds after which a signal is noticed that another thread was woken for."""

AGAIN: Final = 0.1
"""Seconds between two interruptions: one that comes before the statement began is lost."""


def heedful(act: Callable[[], T], interrupt: Callable[[], object]) -> T:
    """Do something; in the main thread so that the handlers of signals run meanwhile.

    Args:
        act: done in a thread of its own, where this is the main thread.
        interrupt: ends `act` with an exception, once a handler raised one.

    Raises:
        BaseException: what `act` raises, or what a handler of a signal raised.
    """
    if threading.current_thread() is not threading.main_thread():
        return act()
    given: list[T] = []
    raised: list[BaseException] = []
    # Not the thread itself: Python 3.11 takes one for ended whose `join` a handler broke off.
    ended = threading.Event()

    def work() -> None:
        try:
            given.append(act())
        except BaseException as error:  # noqa: BLE001  raised again below
            raised.append(error)
        finally:
            ended.set()

    # By this name the command line knows what it may leave behind when it ends.
    thread = threading.Thread(target=work, name="interlace-worker", daemon=True)
    thread.start()
    try:
        while not ended.wait(LOOK):
            pass
    except BaseException:
        while not ended.wait(AGAIN):
            interrupt()
        raise
    if raised:
        raise raised[0]
    return given[0]
