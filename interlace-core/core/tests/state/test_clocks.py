"""Leases of machines whose clocks differ: the server's clock decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interlace.state.config import StateOptions
from interlace.state.store import Store

TTL = timedelta(seconds=90)


class Machine:
    """A process on a machine whose clock is so far ahead."""

    def __init__(self, options: StateOptions, ahead: timedelta) -> None:
        self._ahead = ahead
        self.store = Store(options, root=Path(), clock=self.now)
        self.store.open()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def takes(self, owner: str, ttl: timedelta = TTL) -> bool:
        return self.store.acquire("environment/dev", owner, self.now(), ttl) is None


@pytest.fixture
def machine(server_options: StateOptions) -> Iterator[Callable[[timedelta], Machine]]:
    made: list[Machine] = []

    def make(ahead: timedelta) -> Machine:
        made.append(Machine(server_options, ahead))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


@pytest.mark.parametrize("ahead", [timedelta(hours=2), -timedelta(hours=2)])
def test_a_lease_that_is_held_is_not_taken_by_a_machine_whose_clock_is_wrong(machine, ahead):
    assert machine(timedelta()).takes("right")
    assert not machine(ahead).takes("wrong")


def test_a_lease_of_a_machine_whose_clock_is_ahead_ends_in_time(machine):
    assert machine(timedelta(hours=2)).takes("wrong", ttl=-timedelta(seconds=5))
    assert machine(timedelta()).takes("right")


def test_a_lease_of_a_machine_whose_clock_is_late_holds(machine):
    assert machine(-timedelta(hours=2)).takes("wrong")
    assert not machine(timedelta()).takes("right")


def test_the_end_of_a_lease_is_told_by_the_clock_of_who_asks(machine):
    right, late = machine(timedelta()), machine(-timedelta(hours=2))
    right.takes("right")
    held = late.store.lease("environment/dev")

    assert held is not None
    assert timedelta(seconds=80) < held.expires_at - late.now() < timedelta(seconds=100)
