"""Schedules as the state keeps them: when each is due next, and what became of each time that it was due."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from interlace.contracts.queue import RunRequest

__all__ = ["FireRecord", "Firing", "ScheduleRecord", "Schedules"]


@dataclass(frozen=True, slots=True)
class ScheduleRecord:
    """One schedule in one environment.  All times are UTC, with their zone.

    Attributes:
        name: ``model:NAME`` or ``job:NAME``.
        definition: the schedule as it is defined, as canonical JSON: another text is another schedule.
        next_at: when it is due next; None where time does not make it due (`on_change`, after its end).
        changed_at: when its definition was last seen to be another one.
        paused: it fires only again once it is resumed.
        last_at: the last time that it was due, whatever became of that.
    """

    environment: str
    name: str
    definition: str
    next_at: datetime | None
    changed_at: datetime
    paused: bool = False
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FireRecord:
    """What became of one time at which a schedule was due.

    Attributes:
        at: when it was due; with the schedule it is unique, for ever.
        decided_at: when a scheduler looked.
        outcome: a run was asked for, or not.
        reason: why not; or why later than it was due.
        request: the id of the request for a run.
    """

    environment: str
    schedule: str
    at: datetime
    decided_at: datetime
    outcome: Literal["queued", "skipped"]
    reason: str = ""
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """What is decided of one schedule that is due.

    Attributes:
        schedule: its name.
        next_at: when it is due next.
        fires: what becomes of the times that it was due.
        requests: the runs that are asked for, one for each fire that is ``queued``.
    """

    schedule: str
    next_at: datetime | None
    fires: Sequence[FireRecord] = ()
    requests: Sequence[RunRequest] = ()


Decide = Callable[[Sequence[ScheduleRecord], Mapping[str, int]], Sequence[Firing]]
"""From the schedules that are due, and how many requests of each are queued or running, to what becomes of each."""


class Schedules(ABC):
    """The schedules of all environments.  Any thread may call, in any process that shares the state."""

    @abstractmethod
    def sync(self, environment: str, wanted: Mapping[str, tuple[str, datetime | None]], now: datetime) -> None:
        """Make the schedules of an environment those that are defined: one transaction.

        Args:
            environment: whose.
            wanted: for each name its definition and, for a new or changed one, when it is due next.  One whose definition
                is what it was keeps its next time and whether it is paused; one that changed keeps whether it is paused.
                Those that are not named are dropped, with what became of them kept.
            now: the present.
        """

    @abstractmethod
    def all(self, environment: str) -> list[ScheduleRecord]:
        """The schedules of an environment, by name."""

    @abstractmethod
    def claim_due(self, environment: str, now: datetime, decide: Decide, *, limit: int = 1000) -> list[RunRequest]:
        """Decide on what is due, exactly once: one transaction.

        Takes up to `limit` schedules that are due and not paused, oldest first, which no other scheduler holds (``FOR UPDATE
        SKIP LOCKED``, or SQLite's immediate transaction), asks `decide`, which does not touch the store, moves the schedules
        on, records the fires and adds the requests.  A time that was decided before is not decided again.

        Returns:
            the requests that were added.
        """

    @abstractmethod
    def pause(self, environment: str, name: str) -> bool:
        """Let one fire no more until it is resumed; False where there is none of this name."""

    @abstractmethod
    def resume(self, environment: str, name: str, next_at: datetime | None) -> bool:
        """Let one fire again, from a time on that is not in the past; False where there is none of this name."""

    @abstractmethod
    def fires(
        self, environment: str, name: str | None = None, *, before: datetime | None = None, limit: int = 100
    ) -> list[FireRecord]:
        """What became of the times that schedules were due, newest first."""
