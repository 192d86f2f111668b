"""Signals to a command that has to clear up behind it: the first ends what is going on, and what was made is dropped."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Literal

__all__ = ["Stopping"]

_CANCELLING: Final = b"\nCancelling: what was made is dropped. Again to leave at once.\n"
_CLEARING: Final = b"\nWhat was made is being dropped. Again to leave at once, and leave it behind.\n"


class Stopping:
    """SIGINT and SIGTERM, from beginning to end.

    Outside of the main thread, where Python allows no handlers, nothing changes.

    Args:
        leave: ends the process at once.
        echo: seconds in which a signal that follows another is the same one: ``uv run`` and ``timeout`` pass on to their
            child what the terminal has sent to the whole group.

    Attributes:
        asked: whether somebody wants it to end.
    """

    def __init__(self, leave: Callable[[int], object] = os._exit, *, echo: float = 0.5) -> None:
        self.asked = False
        self._leave = leave
        self._echo = echo
        self._last = float("-inf")
        self._cancel: Callable[[], None] | None = None
        self._now: Literal["going on", "clearing up"] = "going on"

    @contextmanager
    def heeded(self) -> Iterator[None]:
        """While this lasts, signals end what is going on by `KeyboardInterrupt`, or as `by` says."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._handle) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def by(self, cancel: Callable[[], None]) -> Iterator[None]:
        """While this lasts, a signal calls `cancel`, in a thread of its own; afterwards it is raised.

        Raises:
            KeyboardInterrupt: there was one.
        """
        self._cancel = cancel
        try:
            yield
        finally:
            self._cancel = None
        self.check()

    @contextmanager
    def later(self) -> Iterator[None]:
        """While this lasts, one signal more changes nothing, and the next leaves at once."""
        self._now = "clearing up"
        try:
            yield
        finally:
            self._now = "going on"

    def check(self) -> None:
        """Raise what was put off.

        Raises:
            KeyboardInterrupt: somebody wants it to end.
        """
        if self.asked:
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: Any) -> None:
        now = time.monotonic()
        again = now - self._last < self._echo
        self._last = now
        if again:
            return
        if self.asked and (self._now == "clearing up" or self._cancel is not None):
            self._leave(130)
            return
        self.asked = True
        if self._now == "clearing up":
            _say(_CLEARING)
            return
        _say(_CANCELLING)
        if self._cancel is None:
            raise KeyboardInterrupt
        threading.Thread(target=self._cancel, name="interlace-cancel", daemon=True).start()


def _say(message: bytes) -> None:
    """Straight to the descriptor: a signal may arrive while the stream's buffer is being written."""
    try:
        os.write(2, message)
    except OSError:
        return
