from __future__ import annotations

from interlace.contracts.load import LoadPlan
from interlace_strategies.none import Unmanaged


def test_it_does_nothing(specify):
    assert LoadPlan((), idempotent=True) == Unmanaged().plan(specify())


def test_it_says_that_it_never_writes():
    assert not Unmanaged.writes
