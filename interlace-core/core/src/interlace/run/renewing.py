"""Leases that are kept while something goes on that does not look at the clock, such as one long statement."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from interlace.errors import InterlaceError

if TYPE_CHECKING:
    from interlace.run.data_lease import DataLeases
    from interlace.run.lease import RunLease

__all__ = ["renewing"]

TICK: Final = 5.0
"""Seconds between two looks at whether it is time."""


@contextlib.contextmanager
def renewing(leases: Sequence[RunLease | DataLeases]) -> Iterator[None]:
    """Renew leases from a thread of its own.

    What cannot be renewed is left to the check before each commit, which refuses when somebody took over.
    """
    over = threading.Event()

    def renew() -> None:
        while not over.wait(TICK):
            for lease in leases:
                with contextlib.suppress(InterlaceError):
                    lease.renew()

    thread = threading.Thread(target=renew, name="interlace-leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
