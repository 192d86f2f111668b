"""Identifiers of runs and attempts: UUIDs of version 7 (RFC 9562), which sort by time, as text."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ids", "new_id"]


class Ids:
    """A source of identifiers, each greater than the one before, from any thread, even when the clock goes back.

    Args:
        clock: nanoseconds since 1970.
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._last = 0
        self._lock = threading.Lock()

    def new(self) -> str:
        """Give the next: 36 characters, lower case."""
        with self._lock:
            # 48 bits of milliseconds, then 12 bits of the fraction (RFC 9562, method 3), counted on when time stands still.
            milliseconds, rest = divmod(self._clock(), 1_000_000)
            self._last = tick = max(self._last + 1, milliseconds << 12 | rest * 4096 // 1_000_000)
        noise = int.from_bytes(os.urandom(8), "big") & (1 << 62) - 1 | 1 << 63
        time48 = f"{tick >> 12:012x}"
        tail = f"{noise:016x}"
        return f"{time48[:8]}-{time48[8:]}-7{tick & 0xFFF:03x}-{tail[:4]}-{tail[4:]}"


_ids = Ids()


def new_id() -> str:
    """A new identifier from the process's own source."""
    return _ids.new()
