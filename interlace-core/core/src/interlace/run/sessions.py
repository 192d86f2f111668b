"""The sessions of a run: one for each worker and connection, kept until the worker ends."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.run.runner import Worker

__all__ = ["Sessions"]


class Sessions:
    """Opens a session when a worker first needs one of a connection."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, str], Session] = {}

    def of(self, connection: Connection, worker: Worker, reads: int | None = None) -> Session:
        """A worker's session, which is what interrupting the worker stops.

        Args:
            reads: how many rows its next statements read at most, where that is known or can be guessed.
        """
        key = (id(worker), connection.name)
        if key not in self._open:
            self._open[key] = connection.session()
        session = self._open[key]
        session.expect(reads)
        worker.interrupt = session.interrupt
        return session

    def discard(self, connection: Connection, worker: Worker) -> None:
        """Drop a worker's session whose connection is lost; the next attempt opens another."""
        session = self._open.pop((id(worker), connection.name), None)
        if session is not None:
            with suppress(InterlaceError):
                session.close()

    def release(self, worker: Worker) -> None:
        """Close the sessions of a worker that ends."""
        for key in [k for k in list(self._open) if k[0] == id(worker)]:
            self._open.pop(key).close()
