"""What failed, and what waits for somebody's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.state import CircuitRecord
from interlace.testing.conformance.stores.samples import DAY, MINUTE, NOON, held_at, letter_at

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["FailureScenarios"]


class FailureScenarios:
    """Scenarios of dead letters, circuits and what is held."""

    # --- dead letters -----------------------------------------------------------------------------------------

    def test_a_dead_letter_comes_back_as_it_was_kept(self, store: StateStore) -> None:
        store.add_dead_letter(letter_at(1))

        assert ([letter_at(1)], 0) == (store.dead_letters(), store.revision("dev"))

    def test_a_model_has_one_open_letter_that_counts_all_attempts(self, store: StateStore) -> None:
        store.add_dead_letter(letter_at(1))
        store.add_dead_letter(letter_at(2, error="another", arguments={}))
        store.add_dead_letter(letter_at(3, environment="prod"))

        assert [letter_at(2, error="another", arguments={}, attempts=6)] == store.dead_letters("dev")
        assert None is store.dead_letter("letter-1")

    def test_a_settled_letter_stays_beside_a_new_one(self, store: StateStore) -> None:
        store.add_dead_letter(letter_at(1))
        settled = store.settle_dead_letter("letter-1", "resolved", "the source was mended")
        store.add_dead_letter(letter_at(2))

        first = letter_at(1, status="resolved", note="the source was mended")
        assert True is settled
        assert [letter_at(2), first] == store.dead_letters("dev", status=None)
        assert [letter_at(2)] == store.dead_letters()

    def test_only_an_open_letter_is_settled(self, store: StateStore) -> None:
        store.add_dead_letter(letter_at(1))
        answers = [store.settle_dead_letter(i, "replayed") for i in ("letter-1", "letter-1", "letter", "other")]

        assert [True, False, False, False] == answers
        assert ["replayed"] == [d.status for d in store.dead_letters(status=None)]

    def test_dead_letters_come_newest_first_and_can_be_narrowed(self, store: StateStore) -> None:
        for number, model in enumerate(["orders", "other", "third"]):
            store.add_dead_letter(letter_at(number, model, environment="prod" if number == 2 else "dev"))

        assert ["letter-2", "letter-1", "letter-0"] == [d.id for d in store.dead_letters()]
        assert ["letter-1"] == [d.id for d in store.dead_letters("dev", limit=1)]
        assert ["letter-0"] == [d.id for d in store.dead_letters(model="orders")]

    def test_a_dead_letter_is_found_by_a_prefix_that_fits_it_alone(self, store: StateStore) -> None:
        for model, id_ in enumerate(("aa-1", "aa-12", "ab-1")):
            store.add_dead_letter(letter_at(1, f"m{model}", id=id_))

        found = {p: d.id if (d := store.dead_letter(p)) else None for p in ("ab", "aa", "aa-1", "", "%")}
        assert {"ab": "ab-1", "aa": None, "aa-1": "aa-1", "": None, "%": None} == found

    def test_open_letters_are_purged_only_where_that_is_said(self, store: StateStore) -> None:
        for number in range(4):
            environment = "prod" if number == 3 else "dev"
            store.add_dead_letter(letter_at(number, f"m{number}", environment=environment))
        store.settle_dead_letter("letter-0", "resolved")
        store.settle_dead_letter("letter-3", "resolved")

        assert 1 == store.purge_dead_letters("dev", NOON + 2 * MINUTE)
        assert 1 == store.purge_dead_letters("dev", NOON + 2 * MINUTE, include_open=True)
        assert 1 == store.purge_dead_letters(None, NOON + DAY)
        assert ["letter-2"] == [d.id for d in store.dead_letters(status=None)]

    # --- circuits ---------------------------------------------------------------------------------------------

    def test_a_circuit_is_what_was_saved_last(self, store: StateStore) -> None:
        closed = CircuitRecord("b", "closed", 0, NOON)
        opened = CircuitRecord("a", "open", 5, NOON + MINUTE, "connection refused")
        for circuit in (closed, CircuitRecord("a", "closed", 0, NOON), opened):
            store.save_circuit(circuit)

        assert [opened, closed] == store.circuits()

    # --- held -------------------------------------------------------------------------------------------------

    def test_what_is_held_comes_back_oldest_first(self, store: StateStore) -> None:
        newer, older = held_at(2), held_at(1, "other", base=None, record=b"", difference={})
        elsewhere = held_at(3, run="run-2", environment="prod")
        store.hold([newer, older])
        store.hold([elsewhere])

        assert [older, newer, elsewhere] == store.held()
        assert [[older, newer], [elsewhere]] == [store.held("dev"), store.held(run="run-2")]
        assert 0 == store.revision("dev")

    def test_what_is_held_is_dropped_by_run_and_model(self, store: StateStore) -> None:
        store.hold([held_at(n, model) for n, model in enumerate("abc")])
        store.hold([held_at(4, "a", run="run-2")])

        assert [1, 0] == [store.drop_held("run-1", ["a", "never was"]), store.drop_held("run-1", [])]
        assert 2 == store.drop_held("run-1")
        assert ["run-2"] == [h.run for h in store.held()]
