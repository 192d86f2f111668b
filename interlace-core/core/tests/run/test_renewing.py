from __future__ import annotations

import time

import pytest

from interlace.errors import RunUnderWay, StateError
from interlace.run import renewing
from interlace.run.renewing import renewing as kept


class Lease:
    def __init__(self, *errors):
        self.renewed = 0
        self._errors = list(errors)

    def renew(self):
        self.renewed += 1
        if self._errors:
            raise self._errors.pop()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(renewing, "TICK", 0.001)


def wait(lease):
    until = time.monotonic() + 10
    while lease.renewed < 3:
        assert time.monotonic() < until
        time.sleep(0.001)


def test_leases_are_renewed_while_something_goes_on_and_not_after():
    lease = Lease()
    with kept([lease]):
        wait(lease)
    renewed = lease.renewed
    time.sleep(0.01)

    assert renewed == lease.renewed


def test_one_that_cannot_be_renewed_does_not_keep_the_others_from_it():
    one, other = Lease(RunUnderWay("taken over", run=""), StateError("locked")), Lease()
    with kept([one, other]):
        wait(one)
        wait(other)
