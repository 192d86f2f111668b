from __future__ import annotations

import json
from datetime import timedelta

from interlace.state.owner import this_owner
from interlace.state.recover import lost_runs, mark_lost, run_lease
from interlace.state.store import Store
from interlace.testing.conformance.state_store import DAY, MINUTE, NOON, run_at

DEAD = json.dumps(json.loads(this_owner()) | {"start": "1"})
ELSEWHERE = json.dumps(json.loads(this_owner()) | {"host": "elsewhere"})


def test_a_run_whose_process_is_gone_is_lost_at_once(store: Store) -> None:
    store.begin_run(run_at(1, owner=DEAD))
    store.begin_run(run_at(2, owner=this_owner()))
    store.begin_run(run_at(3, owner=DEAD, environment="prod"))
    store.begin_run(run_at(4, owner=DEAD))
    store.finish_run(run_at(4, owner=DEAD, status="succeeded"))

    assert ["run-1"] == [r.id for r in lost_runs(store, "dev", NOON)]
    assert ["run-3", "run-1"] == [r.id for r in lost_runs(store, None, NOON)]


def test_a_run_that_lives_is_not_lost_although_its_lease_expired(store: Store) -> None:
    store.begin_run(run_at(1, owner=this_owner()))
    store.acquire(run_lease("run-1"), this_owner(), NOON, MINUTE)

    assert [] == lost_runs(store, "dev", NOON + DAY)


def test_of_another_host_the_lease_decides(store: Store) -> None:
    store.begin_run(run_at(1, owner=ELSEWHERE))
    store.acquire(run_lease("run-1"), ELSEWHERE, NOON, MINUTE)

    assert [] == lost_runs(store, "dev", NOON + MINUTE - timedelta(seconds=1))
    assert ["run-1"] == [r.id for r in lost_runs(store, "dev", NOON + MINUTE)]


def test_of_another_host_without_a_lease_a_day_is_waited(store: Store) -> None:
    store.begin_run(run_at(0, owner=ELSEWHERE))

    assert [] == lost_runs(store, "dev", NOON + DAY - MINUTE)
    assert ["run-0"] == [r.id for r in lost_runs(store, "dev", NOON + DAY)]


def test_a_lost_run_is_recorded_and_its_lease_freed(store: Store) -> None:
    store.begin_run(run_at(1, owner=DEAD))
    store.acquire(run_lease("run-1"), DEAD, NOON, DAY)

    lost = mark_lost(store, lost_runs(store, "dev", NOON), NOON)

    assert lost == store.runs("dev")
    assert [("lost", NOON)] == [(r.status, r.finished_at) for r in lost]
    assert None is store.lease(run_lease("run-1"))
    assert [] == lost_runs(store, "dev", NOON)


def test_a_run_that_ended_in_the_meantime_keeps_its_end(store: Store) -> None:
    store.begin_run(run_at(1, owner=DEAD))
    found = lost_runs(store, "dev", NOON)
    store.finish_run(run_at(1, owner=DEAD, status="failed"))
    mark_lost(store, found, NOON)

    assert ["failed"] == [r.status for r in store.runs("dev")]
