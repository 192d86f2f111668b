"""What models log: their lines become events of the run, and so reach its log, the state and whoever watches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from interlace.redaction import redacted
from interlace.telemetry.events import Event, Logged

__all__ = ["LOGGER", "logged"]

LOGGER = logging.getLogger("interlace.model")
"""The logger of models; a line belongs to the run and the model that its ``extra`` names."""


@contextmanager
def logged(run: str, level: str, announce: Callable[[Event], None]) -> Iterator[None]:
    """Announce the lines of one run's models, from a level on (``debug``, ``info``, ``warning``, ``error``)."""
    handler = _Announcing(run, announce)
    handler.setLevel(level.upper())
    before = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(min(handler.level, before or handler.level))
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        if not LOGGER.handlers:
            LOGGER.setLevel(logging.NOTSET)


class _Announcing(logging.Handler):
    """Turns the lines of one run into events."""

    def __init__(self, run: str, announce: Callable[[Event], None]) -> None:
        super().__init__()
        self._run = run
        self._announce = announce

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "run", None) != self._run:
            return
        at = datetime.fromtimestamp(record.created, UTC)
        message = redacted(self.format(record))
        self._announce(Logged(self._run, at, record.__dict__.get("model", ""), record.levelname.lower(), message))
