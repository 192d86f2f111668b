"""Ctrl-C during a run: the first asks it to stop, the second leaves at once."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["interruptible"]

_MESSAGE: Final = b"\nCancelling: running queries are interrupted, nothing half done is kept. Again to leave at once.\n"


@contextmanager
def interruptible(
    cancel: Callable[[], None], leave: Callable[[int], object] = os._exit, *, echo: float = 0.5
) -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into a call of `cancel`, and the second into leaving with 130.

    A second one that follows within `echo` seconds is the first once more: ``uv run`` and ``timeout`` pass on to their
    child what the terminal has sent to the whole group.

    `cancel` is called in a thread of its own, for the main thread may hold a lock that it needs.  Outside of the main
    thread, where Python allows no handlers, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked: list[float] = []

    def handle(_number: int, _frame: Any) -> None:
        if asked:
            if time.monotonic() - asked[0] >= echo:
                leave(130)
            return
        asked.append(time.monotonic())
        _say(_MESSAGE)
        threading.Thread(target=cancel, name="interlace-cancel", daemon=True).start()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(message: bytes) -> None:
    """Straight to the descriptor: a signal may arrive while the stream's buffer is being written."""
    try:
        os.write(2, message)
    except OSError:
        return
