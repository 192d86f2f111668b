"""How fast the portions of one task go, and so how much work the next of them is taken to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlace.run.recording import Done

__all__ = ["Pace"]

SHORT: Final = 0.05
"""Seconds in which a portion is loaded that several threads have nothing to gain from."""


class Pace:
    """Looks at each portion that was loaded.

    What a query reads nobody knows.  A short one is taken to read about as much as it gives, until one of them takes
    longer: then nobody knows again, for good, so that a machine with many cores is held up once.
    """

    def __init__(self) -> None:
        self._steady = True
        self._expected: int | None = None

    def after(self, done: Done) -> int | None:
        """How many rows the next portion is taken to read, once this one is committed; None where nobody knows."""
        record = done.record
        short = (record.finished_at - record.started_at).total_seconds() < SHORT
        if self._expected is not None and not short:
            self._steady = False
        self._expected = record.counts.get("inserted") if short and self._steady else None
        return self._expected
