"""Schedules: when each is due, and that each time is decided once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.queue import RunRequest
from interlace.contracts.scheduling import FireRecord, Firing, ScheduleRecord
from interlace.testing.conformance.stores.samples import DAY, MINUTE, NOON
from interlace.testing.conformance.stores.together import at_once

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.state import StateStore

__all__ = ["ScheduleScenarios", "hourly"]

HOUR = timedelta(hours=1)


def hourly(now: datetime) -> Callable[[Sequence[ScheduleRecord], Mapping[str, int]], list[Firing]]:
    """Each time that is due becomes a run, and the next is an hour later."""

    def decide(due: Sequence[ScheduleRecord], _open: Mapping[str, int]) -> list[Firing]:
        return [_fired(record, now) for record in due]

    return decide


def _fired(record: ScheduleRecord, now: datetime) -> Firing:
    at = record.next_at
    assert at is not None
    request = RunRequest(
        f"{at:%Y%m%dT%H%M}-{record.name}", record.environment, "schedule", now, schedule=record.name, fire_at=at
    )
    fire = FireRecord(record.environment, record.name, at, now, "queued", "", request.id)
    return Firing(record.name, at + HOUR, [fire], [request])


class ScheduleScenarios:
    """Scenarios of `StateStore.schedules`."""

    def test_schedules_are_those_that_are_defined(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:b": ("1", NOON), "job:a": ("2", None)}, NOON - DAY)
        store.schedules.sync("prod", {"job:b": ("3", NOON)}, NOON)

        expected = [
            ScheduleRecord("dev", "job:a", "2", None, NOON - DAY),
            ScheduleRecord("dev", "job:b", "1", NOON, NOON - DAY),
        ]
        assert expected == store.schedules.all("dev")
        assert ["job:b"] == [s.name for s in store.schedules.all("prod")]

    def test_an_unchanged_schedule_keeps_its_time_and_a_changed_one_begins_anew(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:a": ("1", NOON), "job:b": ("1", NOON), "job:c": ("1", NOON)}, NOON - DAY)
        store.schedules.pause("dev", "job:b")

        store.schedules.sync("dev", {"job:a": ("1", NOON + DAY), "job:b": ("2", NOON + DAY)}, NOON)

        expected = [
            ScheduleRecord("dev", "job:a", "1", NOON, NOON - DAY),
            ScheduleRecord("dev", "job:b", "2", NOON + DAY, NOON, paused=True),
        ]
        assert expected == store.schedules.all("dev")

    def test_what_is_due_fires_once_and_moves_on(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:a": ("1", NOON), "job:b": ("1", NOON + MINUTE)}, NOON - DAY)

        claimed = store.schedules.claim_due("dev", NOON, hourly(NOON))
        again = store.schedules.claim_due("dev", NOON, hourly(NOON))

        request = RunRequest("20260301T1200-job:a", "dev", "schedule", NOON, schedule="job:a", fire_at=NOON)
        assert ([request], []) == (claimed, again)
        assert [request] == store.queue.requests("dev")
        assert [(NOON + HOUR, NOON), (NOON + MINUTE, None)] == [
            (s.next_at, s.last_at) for s in store.schedules.all("dev")
        ]
        assert [FireRecord("dev", "job:a", NOON, NOON, "queued", "", request.id)] == store.schedules.fires("dev")

    def test_nothing_is_due_while_it_is_paused(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        answers = [store.schedules.pause("dev", "job:a"), store.schedules.pause("dev", "job:x")]
        claimed = store.schedules.claim_due("dev", NOON, hourly(NOON))

        assert ([True, False], []) == (answers, claimed)
        assert (True, False) == tuple(store.schedules.resume("dev", n, NOON + DAY) for n in ("job:a", "job:x"))
        assert [(NOON + DAY, False)] == [(s.next_at, s.paused) for s in store.schedules.all("dev")]

    def test_resuming_what_was_not_paused_takes_no_time_from_it(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        store.schedules.resume("dev", "job:a", NOON + DAY)

        assert [NOON] == [s.next_at for s in store.schedules.all("dev")]

    def test_a_time_that_was_decided_is_not_decided_again(self, store: StateStore) -> None:
        """As when the clock was set back, or a schedule was taken out and put in again."""
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        store.schedules.claim_due("dev", NOON, hourly(NOON))
        store.schedules.sync("dev", {"job:a": ("2", NOON)}, NOON)
        moved = store.schedules.claim_due("dev", NOON, hourly(NOON))
        store.schedules.sync("dev", {}, NOON)
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON)
        store.schedules.claim_due("dev", NOON, hourly(NOON))

        assert [] == moved
        assert (1, 1) == (len(store.schedules.fires("dev")), len(store.queue.requests("dev")))

    def test_whoever_decides_is_told_what_is_queued_or_running(self, store: StateStore) -> None:
        told: list[Mapping[str, int]] = []

        def decide(due: Sequence[ScheduleRecord], open_: Mapping[str, int]) -> list[Firing]:
            told.append(dict(open_))
            return hourly(NOON)(due, open_)

        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        store.schedules.claim_due("dev", NOON, decide)
        store.schedules.claim_due("dev", NOON + HOUR, decide)

        assert [{}, {"job:a": 1}] == told

    def test_nothing_is_written_when_deciding_fails(self, store: StateStore) -> None:
        def decide(_due: Sequence[ScheduleRecord], _open: Mapping[str, int]) -> list[Firing]:
            raise ArithmeticError

        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        with pytest.raises(ArithmeticError):
            store.schedules.claim_due("dev", NOON, decide)

        assert (NOON, []) == (store.schedules.all("dev")[0].next_at, store.schedules.fires("dev"))

    def test_a_skipped_time_keeps_its_reason(self, store: StateStore) -> None:
        def decide(due: Sequence[ScheduleRecord], _open: Mapping[str, int]) -> list[Firing]:
            fire = FireRecord("dev", due[0].name, NOON, NOON, "skipped", "a run of it has not ended")
            return [Firing(due[0].name, None, [fire])]

        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        store.schedules.claim_due("dev", NOON, decide)

        assert ["a run of it has not ended"] == [f.reason for f in store.schedules.fires("dev", "job:a")]
        assert ([], []) == (store.queue.requests(), store.schedules.fires("dev", "job:b"))

    def test_fires_come_newest_first_and_can_be_paged(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        for hour in range(3):
            store.schedules.claim_due("dev", NOON + hour * HOUR, hourly(NOON))

        assert [NOON + 2 * HOUR, NOON + HOUR] == [f.at for f in store.schedules.fires("dev", limit=2)]
        assert [NOON] == [f.at for f in store.schedules.fires("dev", before=NOON + HOUR)]

    def test_many_who_claim_at_once_take_each_time_once(self, make_store: Callable[[], StateStore]) -> None:
        stores = [make_store() for _ in range(4)]
        for store in stores:
            store.open()
        names = {f"job:{number:03}": ("1", NOON) for number in range(100)}
        stores[0].schedules.sync("dev", names, NOON - DAY)
        claimed: list[RunRequest] = []

        def claim(store: StateStore) -> None:
            while found := store.schedules.claim_due("dev", NOON, hourly(NOON), limit=7):
                claimed.extend(found)

        at_once([lambda store=store: claim(store) for store in stores])  # type: ignore[misc]
        requests = stores[0].queue.requests("dev", limit=1000)
        for store in stores:
            store.close()

        assert (100, 100) == (len(claimed), len({r.schedule for r in requests}))

    def test_old_fires_and_requests_that_ended_are_deleted(self, store: StateStore) -> None:
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON - DAY)
        for hour in range(3):
            store.schedules.claim_due("dev", NOON + hour * HOUR, hourly(NOON + hour * HOUR))
        first = store.queue.claim("me", "token", NOON, MINUTE)
        assert first is not None
        store.queue.finish(first.id, "token", "succeeded", NOON)

        deleted = store.prune(NOON + DAY + HOUR, {"requests": DAY, "fires": DAY})

        assert {"requests": 1, "fires": 1} == deleted
        assert {"queued"} == {r.status for r in store.queue.requests()}
