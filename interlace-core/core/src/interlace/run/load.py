"""How busy this process keeps the machine: where an embedded engine already uses the cores, one more query brings nothing.

Measured with the 22 queries of TPC-H on two cores: four at once took as long as one after the other, and a sixth more CPU.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Load"]

FULL: Final = 0.75
"""The part of the cores that counts as all: a query has phases that it cannot divide."""

SHORTEST: Final = 0.02
"""Seconds below which a look says nothing."""


class Load:
    """The CPU time of this process between two looks.

    Args:
        cores: how many it may use; by default what the system says.
        cpu: seconds that the process has computed.
        clock: seconds on the clock.

    Attributes:
        full: whether the process used nearly all cores between the last two looks.
    """

    def __init__(
        self,
        cores: int | None = None,
        cpu: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cores = cores or _cores()
        self._cpu = cpu
        self._clock = clock
        self._last = cpu(), clock()
        self.full = False

    def look(self) -> None:
        """Measure since the last look."""
        used, now = self._cpu(), self._clock()
        before_used, before = self._last
        if now - before >= SHORTEST:
            self.full = (used - before_used) / (now - before) >= FULL * self._cores
            self._last = used, now


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
