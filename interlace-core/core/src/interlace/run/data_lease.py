"""One writer at a time where the data is (`loading.md` 11): what two runs with two states would not see of each other."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.errors import ConnectionFailure, InterlaceError, RunUnderWay
from interlace.run.lease import RENEW, TTL
from interlace.state.owner import describe_owner, is_dead, this_owner

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

__all__ = ["DataLeases"]


class DataLeases:
    """The leases of one run, in each database that it writes to.

    Connections that let one process in anyhow (a DuckDB file) keep none.

    Args:
        project: its name.
        environment: the one that is written.
        run: the run's id.
    """

    def __init__(self, project: str, environment: str, run: str) -> None:
        self._name = f"{project}/{environment}"
        self._owner = f"{this_owner()}\n{run}"
        self._held: dict[str, Connection] = {}
        self._renewed = datetime.now(UTC)

    def acquire(self, connection: Connection) -> str | None:
        """Take the lease in one database, before anything is written there.

        Returns:
            the id of the run that held it and whose process died, where there is one.

        Raises:
            RunUnderWay: another run writes there.
        """
        if connection.name in self._held:
            return None
        held = connection.take_lease(self._name, self._owner, TTL)
        dead = None
        if held is not None:
            owner, _, dead = held.partition("\n")
            if not is_dead(owner) or connection.take_lease(self._name, self._owner, TTL, instead_of=held) is not None:
                raise RunUnderWay(
                    f"run {dead} writes to {connection.where()} ({self._name}) and has not ended ({describe_owner(owner)})",
                    run=dead,
                    hint="Wait for it (--wait), or stop that process. That of another host is given up after "
                    f"{TTL.total_seconds():g} seconds without a sign of life.",
                )
        self._held[connection.name] = connection
        return dead

    def renew(self) -> None:
        """Keep them, when it is time.

        Raises:
            RunUnderWay: another run took one over: this one was thought to be dead.
        """
        now = datetime.now(UTC)
        if now - self._renewed < RENEW:
            return
        self._renewed = now
        for connection in self._held.values():
            # What is lost in the meantime the check before each commit finds out.
            with contextlib.suppress(ConnectionFailure):
                if not connection.renew_lease(self._name, self._owner, TTL):
                    raise RunUnderWay(f"another run took over {connection.where()} ({self._name})", run="")

    def release(self) -> None:
        """Give them back; one that cannot be is over in a while."""
        for connection in self._held.values():
            with contextlib.suppress(InterlaceError):
                connection.release_lease(self._name, self._owner)
        self._held.clear()
