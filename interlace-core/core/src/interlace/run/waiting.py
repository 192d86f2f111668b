"""Waiting for whoever runs or writes, in place of being refused."""

from __future__ import annotations

import time
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from interlace.errors import Cancelled, DatabaseLocked, RunUnderWay

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

__all__ = ["Waiting"]

T = TypeVar("T")

PAUSE = 0.5
"""Seconds between two tries."""


class Waiting:
    """How a run takes what another one holds: the environment, a database file, the lease where the data is.

    Args:
        limit: how long it waits in all; None for however long it takes.
        say: is told whom it waits for, once for each.
    """

    def __init__(self, limit: timedelta | None = None, say: Callable[[str], object] = lambda _: None) -> None:
        self._left = float("inf") if limit is None else limit.total_seconds()
        self._say = say
        self._said: str | None = None

    def take(self, act: Callable[[], T], stop: Event, meanwhile: Callable[[], object] = lambda: None) -> tuple[T, bool]:
        """Do it as soon as nobody is in the way.

        Args:
            act: raises as long as somebody is.
            stop: set when the user cancels.
            meanwhile: called before each pause.

        Returns:
            what `act` gave, and whether it was waited for.

        Raises:
            RunUnderWay: the time is over.
            DatabaseLocked: likewise.
            Cancelled: by the user.
        """
        waited = False
        while True:
            try:
                return act(), waited
            except (RunUnderWay, DatabaseLocked) as error:
                if self._left <= 0:
                    raise
                self._tell(error)
            waited = True
            meanwhile()
            self._pause(stop)

    def _tell(self, error: RunUnderWay | DatabaseLocked) -> None:
        said = f"Waiting: {error.message}"
        if said != self._said:
            self._said = said
            self._say(said)

    def _pause(self, stop: Event) -> None:
        began = time.monotonic()
        if stop.wait(min(PAUSE, self._left)):
            raise Cancelled("Cancelled while it waited.")
        self._left -= time.monotonic() - began
