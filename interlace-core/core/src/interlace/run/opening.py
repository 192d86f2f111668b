"""Opening a connection, again where that failed in a way that may pass: ``retry`` of a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import Cancelled
from interlace.model.definition import Retry
from interlace.run.retry import with_retry

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from interlace.config.schema import Opening
    from interlace.contracts.connection import Connection

__all__ = ["open_again", "patiently"]

SLICE = 10.0
"""Seconds of a pause after which whoever waits may do something else."""


def open_again(
    connection: Connection, policy: Opening, sleep: Callable[[float], None], said: Callable[[str], None]
) -> None:
    """Open a connection as often as its policy says.

    Args:
        sleep: waits so many seconds, or raises when it is told to stop.
        said: told what failed before it succeeded.

    Raises:
        ConnectionFailure: it failed for good, or too often; the last failure.
    """
    if policy.attempts == 1:
        connection.open()
        return
    failures: list[str] = []
    retry = Retry(policy.attempts, policy.initial_delay.total_seconds(), policy.max_delay.total_seconds(), jitter=0.0)
    with_retry(retry, connection.open, sleep=sleep, failed=lambda error, _number, _delay: failures.append(str(error)))
    if failures:
        first = failures[0].partition("\n")[0]
        said(f"connection {connection.name!r} was opened at attempt {len(failures) + 1}; the first failed: {first}")


def patiently(stop: Event, meanwhile: Callable[[], object] = lambda: None) -> Callable[[float], None]:
    """A `sleep` that ends when the user cancels.

    Args:
        meanwhile: called now and then.
    """

    def sleep(seconds: float) -> None:
        while seconds > 0:
            meanwhile()
            if stop.wait(min(seconds, SLICE)):
                raise Cancelled("Cancelled while it waited for a connection.")
            seconds -= SLICE

    return sleep
