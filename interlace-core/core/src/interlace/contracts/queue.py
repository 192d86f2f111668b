"""Runs that are asked for, and who does them: the queue that schedulers, the API and workers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

__all__ = ["Queue", "RequestSource", "RequestStatus", "RunRequest"]

RequestStatus = Literal["queued", "running", "succeeded", "failed", "cancelled", "lost"]
RequestSource = Literal["schedule", "change", "api", "cli", "backfill", "retry"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run that somebody or something asked for.  All times are UTC, with their zone.

    Attributes:
        id: sorts by time (`interlace.state.ids.new_id`).
        arguments: what is run, as plain JSON: ``select``, ``exclude``, ``force``, ``full_refresh``, ``since``, ``until``,
            ``window``, ``scope``, ``vars``, ``threads``, ``fail_fast``, ``command`` (``run`` or ``check``).
        requested_by: who, for people.
        schedule: with `fire_at` the schedule's time that it is for; the pair is unique in an environment.
        not_before: it waits until then.
        priority: the greater goes first.
        idempotency_key: a second request with it, in the same environment, is the first one.
        attempt: how often it was begun.
        token: the fencing token of the attempt under way: whoever shows another one is refused.
        owner: the process that does it (`interlace.state.owner`).
        lease_until: when it counts as lost unless the lease is renewed.
        deadline: when it is cancelled.
        cancel: somebody wants it to end.
        run: the id of its run, once that began.
        error: with `error_code` why it failed.
    """

    id: str
    environment: str
    source: RequestSource
    requested_at: datetime
    arguments: Mapping[str, Any] = field(default_factory=dict)
    status: RequestStatus = "queued"
    requested_by: str = ""
    schedule: str | None = None
    fire_at: datetime | None = None
    not_before: datetime | None = None
    priority: int = 0
    idempotency_key: str | None = None
    attempt: int = 0
    token: str | None = None
    owner: str = ""
    lease_until: datetime | None = None
    deadline: datetime | None = None
    cancel: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    run: str | None = None
    error: str | None = None
    error_code: str | None = None


class Queue(ABC):
    """Requests of all environments.  Any thread may call, in any process that shares the state."""

    @abstractmethod
    def add(self, request: RunRequest) -> RunRequest:
        """Ask for a run; gives what is recorded, which is an earlier request where the key or the fire is the same."""

    @abstractmethod
    def claim(
        self,
        owner: str,
        token: str,
        now: datetime,
        ttl: timedelta,
        *,
        environments: Collection[str] | None = None,
    ) -> RunRequest | None:
        """Begin the next request: the greatest priority, then the oldest, whose environment has no request running.

        However many claim at once, each request is given to one of them, and no environment runs two.

        Returns:
            it, running, with this owner and token; None where nothing waits.
        """

    @abstractmethod
    def renew(self, id: str, token: str, now: datetime, ttl: timedelta) -> Literal["held", "cancel", "lost"]:  # noqa: A002
        """Keep a request; ``cancel`` where somebody wants it to end, ``lost`` where it is another's by now, or over."""

    @abstractmethod
    def began(self, id: str, token: str, run: str) -> bool:  # noqa: A002
        """Say which run it is; False where the token is not the present one."""

    @abstractmethod
    def finish(
        self,
        id: str,  # noqa: A002
        token: str,
        status: RequestStatus,
        now: datetime,
        *,
        error: str | None = None,
        error_code: str | None = None,
    ) -> bool:
        """Record how it ended; False, and nothing is recorded, where the token is not the present one."""

    @abstractmethod
    def give_back(self, id: str, token: str, not_before: datetime | None = None) -> bool:  # noqa: A002
        """Put it back into the queue, as a service does that drains; False where the token is not the present one."""

    @abstractmethod
    def expired(self, now: datetime) -> list[RunRequest]:
        """The running ones whose lease is over, oldest first; whose process is known to be dead is for the caller to ask."""

    @abstractmethod
    def running(self, environment: str | None = None) -> list[RunRequest]:
        """The running ones, oldest first."""

    @abstractmethod
    def take_over(self, id: str, token: str, now: datetime, status: Literal["queued", "lost"], error: str) -> bool:  # noqa: A002
        """Take a lost worker's request from it: queued again, or ended; False where somebody else was faster."""

    @abstractmethod
    def cancel(self, id: str, now: datetime, by: str) -> RunRequest | None:  # noqa: A002
        """End one that waits, and ask for the end of one that runs; gives what it is now, None where there is none."""

    @abstractmethod
    def get(self, id: str) -> RunRequest | None:  # noqa: A002
        """One by its id."""

    @abstractmethod
    def of_run(self, run: str) -> RunRequest | None:
        """The request of a run."""

    @abstractmethod
    def requests(
        self,
        environment: str | None = None,
        *,
        status: RequestStatus | None = None,
        schedule: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[RunRequest]:
        """Requests, newest first, those whose ids come before `before`."""
