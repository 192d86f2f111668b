"""What a killed run left behind: markers of loads that committed, and runs that never ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.run.dead_letters import settle
from interlace.run.intent import decode, key
from interlace.state.recover import lost_runs, mark_lost

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.connection import Connection
    from interlace.contracts.state import StateStore

__all__ = ["recover_markers", "recover_runs"]


def recover_runs(store: StateStore, environment: str, own: str, holder: str | None) -> list[str]:
    """Record the runs of dead processes as lost; gives what to say of each.

    Args:
        own: the id of the run that begins.
        holder: the run that held the lease and whose process died.
    """
    now = datetime.now(UTC)
    lost = [run for run in lost_runs(store, environment, now) if run.id != own]
    mark_lost(store, lost, now)
    said = [f"run {run.id}, begun {run.started_at:%Y-%m-%d %H:%M:%S} UTC, was cut off" for run in lost]
    if holder is not None and holder not in {run.id for run in lost}:
        ended = store.run(holder) is not None
        said.append(
            f"the release or discard of what run {holder} held back was cut off"
            if ended
            else f"run {holder} was cut off before it began"
        )
    return said


def recover_markers(store: StateStore, environment: str, connections: Iterable[Connection]) -> list[str]:
    """Bring the state up to the markers: a load that committed and was not recorded is recorded now."""
    said: list[str] = []
    known: dict[tuple[str, str], set[str]] = {}
    for connection in connections:
        session = connection.session()
        try:
            markers = session.markers()
            done: list[str] = []
            for marker in markers:
                intended = store.answer(key(marker.attempt))
                if intended is None:
                    continue
                where, record = decode(intended)
                if where != environment:
                    continue
                place = record.run, record.model
                if place not in known:
                    # All of them: a backfill leaves a marker for each of its intervals.
                    known[place] = {a.id for a in store.attempts(run=record.run, model=record.model, limit=10_000_000)}
                if record.id not in known[place]:
                    store.record(environment, [record])
                    settle(store, environment, record.model, f"settled by run {record.run}, which had succeeded")
                    said.append(f"{record.model} was loaded by run {record.run}, which was cut off before it said so")
                done.append(marker.attempt)
            if done:
                session.forget_markers(done)
        finally:
            session.close()
    return said
