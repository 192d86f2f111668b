"""The queue: each request is done by one, and whoever lost it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from interlace.contracts.queue import RunRequest
from interlace.testing.conformance.stores.samples import DAY, MINUTE, NOON
from interlace.testing.conformance.stores.together import at_once

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["QueueScenarios", "request_at"]

TTL = timedelta(seconds=20)


def request_at(number: int, **changes: Any) -> RunRequest:
    """A request, the greater the number the later."""
    values = {"environment": "dev", "source": "api", "requested_at": NOON + number * MINUTE, **changes}
    return RunRequest(f"request-{number:05}", **values)


class QueueScenarios:
    """Scenarios of `StateStore.queue`."""

    def test_a_request_comes_back_as_it_was_asked(self, store: StateStore) -> None:
        request = request_at(
            1,
            source="schedule",
            arguments={"select": ["+orders"], "vars": {"día": 1}},
            requested_by="somebody",
            schedule="job:a",
            fire_at=NOON,
            not_before=NOON + DAY,
            priority=-3,
            idempotency_key="once",
            deadline=NOON + DAY,
        )

        assert request == store.queue.add(request)
        assert (request, None) == (store.queue.get(request.id), store.queue.get("request"))
        assert [request] == store.queue.requests()

    def test_the_same_key_is_the_same_request(self, store: StateStore) -> None:
        first = store.queue.add(request_at(1, idempotency_key="once"))

        assert first == store.queue.add(request_at(2, idempotency_key="once", arguments={"force": True}))
        assert "request-00003" == store.queue.add(request_at(3, idempotency_key="once", environment="prod")).id
        assert 2 == len(store.queue.requests())

    def test_the_same_time_of_a_schedule_is_the_same_request(self, store: StateStore) -> None:
        first = store.queue.add(request_at(1, schedule="job:a", fire_at=NOON))

        assert first == store.queue.add(request_at(2, schedule="job:a", fire_at=NOON))
        assert "request-00003" == store.queue.add(request_at(3, schedule="job:a", fire_at=NOON + DAY)).id

    def test_the_most_urgent_is_begun_first_and_then_the_oldest(self, store: StateStore) -> None:
        for number, priority in ((1, 0), (2, 5), (3, 5)):
            store.queue.add(request_at(number, priority=priority, environment=f"e{number}"))

        begun = [store.queue.claim("me", f"t{n}", NOON, TTL) for n in range(4)]

        assert ["request-00002", "request-00003", "request-00001", None] == [r and r.id for r in begun]
        first = request_at(2, priority=5, environment="e2", status="running", owner="me", token="t0", attempt=1)  # noqa: S106
        assert (first.id, "running", "me", "t0", 1, NOON) == (
            begun[0] and (begun[0].id, begun[0].status, begun[0].owner, begun[0].token, begun[0].attempt, NOON)
        )

    def test_an_environment_does_one_at_a_time(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.add(request_at(2))
        store.queue.add(request_at(3, environment="prod"))

        begun = [store.queue.claim("me", f"t{n}", NOON, TTL) for n in range(3)]
        store.queue.finish("request-00001", "t0", "succeeded", NOON)
        after = store.queue.claim("me", "t3", NOON, TTL)

        assert ["request-00001", "request-00003", None] == [r and r.id for r in begun]
        assert "request-00002" == (after and after.id)

    def test_only_the_environments_that_are_asked_for_are_begun(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.add(request_at(2, environment="prod"))

        found = [store.queue.claim("me", "t", NOON, TTL, environments=e) for e in ((), ("prod",), ("prod",))]

        assert [None, "request-00002", None] == [r and r.id for r in found]

    def test_a_request_waits_for_its_time(self, store: StateStore) -> None:
        store.queue.add(request_at(1, not_before=NOON + MINUTE))

        found = [store.queue.claim("me", "t", at, TTL) for at in (NOON, NOON + MINUTE)]

        assert [None, "request-00001"] == [r and r.id for r in found]

    def test_a_request_is_kept_by_its_token_alone(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "mine", NOON, TTL)

        assert ("held", "lost") == tuple(store.queue.renew("request-00001", t, NOON, TTL) for t in ("mine", "other"))
        assert (False, True) == tuple(store.queue.began("request-00001", t, "run-1") for t in ("other", "mine"))
        assert False is store.queue.finish("request-00001", "other", "failed", NOON)
        assert True is store.queue.finish("request-00001", "mine", "failed", NOON, error="no", error_code="ILC-1")
        assert "lost" == store.queue.renew("request-00001", "mine", NOON, TTL)
        ended = store.queue.of_run("run-1")
        assert ("failed", "no", "ILC-1", NOON) == (
            ended and (ended.status, ended.error, ended.error_code, ended.finished_at)
        )

    def test_one_that_ended_does_not_end_again(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)
        answers = [store.queue.finish("request-00001", "t", s, NOON) for s in ("succeeded", "failed")]

        assert [True, False] == answers
        assert ["succeeded"] == [r.status for r in store.queue.requests()]

    def test_a_lease_that_is_over_is_told_and_taken_over_once(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)

        early, late = store.queue.expired(NOON), store.queue.expired(NOON + DAY)
        taken = [store.queue.take_over("request-00001", "t", NOON, "queued", "its worker was lost") for _ in range(2)]
        again = store.queue.claim("another", "t2", NOON, TTL)

        assert ([], ["request-00001"], [True, False]) == (early, [r.id for r in late], taken)
        assert (2, "another", "t2") == (again and (again.attempt, again.owner, again.token))
        assert False is store.queue.finish("request-00001", "t", "succeeded", NOON)
        assert ["running"] == [r.status for r in store.queue.requests()]

    def test_a_lease_that_is_renewed_is_not_over(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)
        store.queue.renew("request-00001", "t", NOON + DAY, TTL)

        assert [] == store.queue.expired(NOON + DAY)

    def test_a_lost_one_can_be_ended(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)
        store.queue.take_over("request-00001", "t", NOON + DAY, "lost", "its worker was lost")

        (ended,) = store.queue.requests()
        assert ("lost", "its worker was lost", NOON + DAY) == (ended.status, ended.error, ended.finished_at)
        assert None is store.queue.claim("me", "t2", NOON, TTL)

    def test_one_that_waits_is_cancelled_and_one_that_runs_is_asked_to_end(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.add(request_at(2))
        store.queue.claim("me", "t", NOON, TTL)

        running, queued = (store.queue.cancel(f"request-0000{n}", NOON, "somebody") for n in (1, 2))

        assert ("running", True) == (running and (running.status, running.cancel))
        assert ("cancelled", "cancelled by somebody") == (queued and (queued.status, queued.error))
        assert "cancel" == store.queue.renew("request-00001", "t", NOON, TTL)
        assert None is store.queue.cancel("request-00009", NOON, "somebody")

    def test_one_that_ended_is_not_cancelled(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)
        store.queue.finish("request-00001", "t", "succeeded", NOON)
        found = store.queue.cancel("request-00001", NOON, "somebody")

        assert ("succeeded", False, None) == (found and (found.status, found.cancel, found.error))

    def test_a_lost_one_that_somebody_wanted_to_end_is_not_begun_again(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)
        store.queue.cancel("request-00001", NOON, "somebody")
        store.queue.take_over("request-00001", "t", NOON, "queued", "its worker was lost")

        assert [("cancelled", NOON)] == [(r.status, r.finished_at) for r in store.queue.requests()]

    def test_one_that_is_given_back_waits_again(self, store: StateStore) -> None:
        store.queue.add(request_at(1))
        store.queue.claim("me", "t", NOON, TTL)
        given = [store.queue.give_back("request-00001", t, NOON + MINUTE) for t in ("other", "t")]

        found = [store.queue.claim("me", "t2", at, TTL) for at in (NOON, NOON + MINUTE)]

        assert [False, True] == given
        assert [None, 2] == [r and r.attempt for r in found]

    def test_requests_come_newest_first_and_can_be_narrowed(self, store: StateStore) -> None:
        for number in range(4):
            store.queue.add(
                request_at(
                    number, environment="prod" if number == 3 else "dev", schedule="job:a"[: 5 * (number % 2)] or None
                )
            )
        store.queue.claim("me", "t", NOON, TTL, environments=["dev"])

        def ids(**options: Any) -> list[int]:
            return [int(r.id[-1]) for r in store.queue.requests(**options)]

        assert [3, 2, 1, 0] == ids()
        assert ([2, 1, 0], [0], [3, 1]) == (ids(environment="dev"), ids(status="running"), ids(schedule="job:a"))
        assert ([1, 0], [3]) == (ids(before="request-00002"), ids(limit=1))
        assert ["request-00000"] == [r.id for r in store.queue.running("dev")]
        assert [] == store.queue.running("prod")

    def test_many_who_claim_at_once_never_share_an_environment(self, make_store: Callable[[], StateStore]) -> None:
        stores = [make_store() for _ in range(4)]
        for store in stores:
            store.open()
        for number in range(24):
            stores[0].queue.add(request_at(number, environment=f"e{number % 3}"))
        done: list[str] = []
        shared: list[str] = []

        def work(store: StateStore, name: str) -> None:
            for step in range(1000):
                request = store.queue.claim(name, f"{name}-{step}", NOON, TTL)
                if request is None:
                    if not store.queue.requests(status="queued"):
                        return
                    continue
                if len(store.queue.running(request.environment)) != 1:
                    shared.append(request.id)
                store.queue.finish(request.id, f"{name}-{step}", "succeeded", NOON)
                done.append(request.id)

        at_once([lambda s=s, n=n: work(s, f"w{n}") for n, s in enumerate(stores)])  # type: ignore[misc]
        for store in stores:
            store.close()

        assert ([], 24, 24) == (shared, len(done), len(set(done)))
