"""Opening a state store, and many who use it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.state import LeaseHeld, StateSnapshot
from interlace.errors import StateError
from interlace.testing.conformance.stores.samples import DAY, MINUTE, NOON, attempt_at, full_state
from interlace.testing.conformance.stores.together import at_once

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["SharingScenarios"]


class SharingScenarios:
    """Scenarios of `open`, `close` and `upgrade`, of leases, and of threads."""

    # --- opening ----------------------------------------------------------------------------------------------

    def test_an_empty_store_holds_nothing(self, store: StateStore) -> None:
        assert StateSnapshot("dev", 0, {}) == store.snapshot("dev")
        assert {0} == set(store.tables().values())

    def test_what_was_recorded_is_there_when_it_is_opened_again(self, make_store: Callable[[], StateStore]) -> None:
        first, second = make_store(), make_store()
        first.open()
        first.record("dev", [attempt_at(1)])
        first.close()

        second.open()
        found = second.snapshot("dev")
        second.close()

        assert StateSnapshot("dev", 1, {"orders": full_state("orders")}) == found

    def test_opening_and_closing_twice_does_nothing(self, store: StateStore) -> None:
        store.open()
        store.close()
        store.close()
        store.open()

        assert 0 == store.revision("dev")

    def test_a_store_that_is_not_open_says_so(self, make_store: Callable[[], StateStore]) -> None:
        with pytest.raises(StateError, match="not open"):
            make_store().revision("dev")

    def test_many_open_an_empty_place_at_once(self, make_store: Callable[[], StateStore]) -> None:
        stores = [make_store() for _ in range(6)]
        at_once([store.open for store in stores])

        assert [0] * 6 == [store.revision("dev") for store in stores]
        for store in stores:
            store.close()

    def test_upgrading_a_present_store_changes_nothing(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])
        before, after = store.upgrade()

        assert before == after
        assert 1 == store.revision("dev")

    def test_an_empty_place_can_be_upgraded(self, make_store: Callable[[], StateStore]) -> None:
        store = make_store()
        assert None is store.upgrade()[0]

        store.open()
        store.record("dev", [attempt_at(1)])
        store.close()

    # --- leases -----------------------------------------------------------------------------------------------

    def test_a_lease_has_one_owner(self, store: StateStore) -> None:
        assert None is store.acquire("run/1", "me", NOON, MINUTE)

        held = LeaseHeld("run/1", "me", NOON + MINUTE)
        assert held == store.acquire("run/1", "you", NOON, MINUTE)
        assert held == store.lease("run/1")

    def test_its_owner_renews_a_lease(self, store: StateStore) -> None:
        store.acquire("run/1", "me", NOON, MINUTE)
        assert None is store.acquire("run/1", "me", NOON + MINUTE, MINUTE)

        assert LeaseHeld("run/1", "me", NOON + 2 * MINUTE) == store.lease("run/1")

    def test_an_expired_lease_is_anybodys(self, store: StateStore) -> None:
        store.acquire("run/1", "me", NOON, MINUTE)

        assert None is store.acquire("run/1", "you", NOON + MINUTE, MINUTE)

    def test_only_its_owner_gives_a_lease_back(self, store: StateStore) -> None:
        store.acquire("run/1", "me", NOON, MINUTE)
        store.release("run/1", "you")
        assert store.lease("run/1") is not None

        store.release("run/1", "me")
        assert None is store.lease("run/1")

    def test_a_lease_of_the_dead_is_stolen_once(self, store: StateStore) -> None:
        store.acquire("run/1", "dead", NOON, DAY)
        stolen = [store.steal("run/1", owner, "dead", NOON, MINUTE) for owner in ("me", "you")]

        assert [True, False] == stolen
        assert LeaseHeld("run/1", "me", NOON + MINUTE) == store.lease("run/1")

    def test_a_lease_that_is_not_there_cannot_be_stolen(self, store: StateStore) -> None:
        assert False is store.steal("run/1", "me", "dead", NOON, MINUTE)

    def test_of_many_who_ask_at_once_one_gets_the_lease(self, store: StateStore) -> None:
        answers: list[LeaseHeld | None] = []
        at_once(
            [lambda n=n: answers.append(store.acquire("run/1", f"owner {n}", NOON, MINUTE)) for n in range(8)]  # type: ignore[misc]
        )

        assert 1 == answers.count(None)
        assert 1 == len({a.owner for a in answers if a is not None})

    # --- threads ----------------------------------------------------------------------------------------------

    def test_any_thread_may_record(self, store: StateStore) -> None:
        def record(number: int) -> Callable[[], None]:
            return lambda: store.record("dev", [attempt_at(number, f"m{number}", schema_changed=True)])

        at_once([record(n) for n in range(16)])

        assert 16 == store.revision("dev")
        assert {f"m{n}" for n in range(16)} == set(store.snapshot("dev").models)
