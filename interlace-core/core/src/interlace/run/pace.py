"""How fast the portions of one task go, and so how much work the next of them is taken to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlace.run.recording import Done

__all__ = ["Pace"]

SHORT: Final = 0.1
"""Seconds in which a portion is loaded that several threads have little to gain from."""

OFTEN: Final = 20
"""One long portion in so many is taken for a hiccup of the machine."""

PATIENCE: Final = 3
"""So many more are, at first."""


class Pace:
    """Looks at each portion that was loaded.

    What a query reads nobody knows.  A short one is taken to read about as much as it gives.  Where that is wrong, and it
    takes long with the few threads that it is given for it, then nobody knows again: for one portion, and once that
    happened too often, for good.
    """

    def __init__(self) -> None:
        self._guesses = 0
        self._wrong = 0
        self._expected: int | None = None

    def after(self, done: Done) -> int | None:
        """How many rows the next portion is taken to read, once this one is committed; None where nobody knows."""
        record = done.record
        short = (record.finished_at - record.started_at).total_seconds() < SHORT
        if self._expected is not None:
            self._guesses += 1
            self._wrong += not short
        steady = self._wrong <= PATIENCE + self._guesses // OFTEN
        self._expected = record.counts.get("inserted") if short and steady else None
        return self._expected
