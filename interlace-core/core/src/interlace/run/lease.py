"""One run of an environment at a time: a lease in the state, held by the run's process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from interlace.errors import RunUnderWay
from interlace.state.owner import describe_owner, is_dead, this_owner

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["RunLease"]

TTL = timedelta(seconds=90)
RENEW = timedelta(seconds=30)


class RunLease:
    """Held from `acquire` to `release`; `renew` on each tick."""

    def __init__(self, store: StateStore, environment: str, run: str) -> None:
        self._store = store
        self._name = f"environment/{environment}"
        self._environment = environment
        self._owner = f"{this_owner()}\n{run}"
        self._renewed = datetime.min.replace(tzinfo=UTC)

    def acquire(self) -> str | None:
        """Take the lease.

        Returns:
            the id of the run that held it and whose process died, where there is one.

        Raises:
            RunUnderWay: a run of this environment has not ended.
        """
        now = datetime.now(UTC)
        self._renewed = now
        held = self._store.acquire(self._name, self._owner, now, TTL)
        if held is None:
            return None
        owner, _, run = held.owner.partition("\n")
        if is_dead(owner) and self._store.steal(self._name, self._owner, held.owner, now, TTL):
            return run
        raise RunUnderWay(
            f"run {run} of environment {self._environment} has not ended ({describe_owner(owner)})",
            run=run,
            hint="Wait for it (--wait), or stop that process.",
        )

    def renew(self) -> None:
        """Keep it, when it is time."""
        now = datetime.now(UTC)
        if now - self._renewed >= RENEW:
            self._store.acquire(self._name, self._owner, now, TTL)
            self._renewed = now

    def release(self) -> None:
        """Give it back."""
        self._store.release(self._name, self._owner)
