"""Runs that were left behind: their process is gone, and nobody recorded how they ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from interlace.state.owner import is_dead

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from interlace.contracts.state import RunRecord, StateStore

__all__ = ["lost_runs", "mark_lost", "run_lease"]

_LONGEST_SILENCE: Final = timedelta(days=1)
"""After which a run of another host that holds no lease is given up."""


def run_lease(run: str) -> str:
    """The name of the lease that a run renews while it lives, for those that watch from another host."""
    return f"run/{run}"


def lost_runs(store: StateStore, environment: str | None, now: datetime) -> list[RunRecord]:
    """The runs that are recorded as running and are not, newest first.

    On this host the process decides, at once.  Of another host the run's lease decides, when it has expired; a run
    without one is given up after a day.

    Args:
        environment: whose runs; None for all.
    """
    return [run for run in store.runs(environment, status="running", limit=10_000) if _is_lost(store, run, now)]


def _is_lost(store: StateStore, run: RunRecord, now: datetime) -> bool:
    dead = is_dead(run.owner)
    if dead is not None:
        return dead
    lease = store.lease(run_lease(run.id))
    return lease.expires_at <= now if lease else run.started_at + _LONGEST_SILENCE <= now


def mark_lost(store: StateStore, runs: Sequence[RunRecord], now: datetime) -> list[RunRecord]:
    """Record that runs were lost, and free their leases; gives them as they are now recorded.

    A run that recorded its own end in the meantime keeps it.
    """
    lost = [replace(run, status="lost", finished_at=now) for run in runs]
    for run in lost:
        store.finish_run(run)
        if (lease := store.lease(run_lease(run.id))) is not None:
            store.release(lease.name, lease.owner)
    return lost
