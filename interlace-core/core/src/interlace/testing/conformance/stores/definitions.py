"""What a state store holds of what models were built from, and of what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.model.definition import Fingerprint
from interlace.testing.conformance.stores.samples import MINUTE, NOON, a_definition, attempt_at, full_state

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["DefinitionScenarios"]

PRINT = Fingerprint("data", "checks", "metadata")


class DefinitionScenarios:
    """Scenarios of `definition` and `documents`."""

    def test_a_definition_comes_back_as_it_was_recorded(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition())])

        assert (PRINT, a_definition()) == store.definition("dev", "orders")
        assert [(1, NOON + MINUTE, PRINT, a_definition().document)] == store.documents("dev", "orders")

    def test_what_is_no_sql_has_a_definition_without_a_query(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition(query=None, document={}))])

        assert (PRINT, a_definition(query=None, document={})) == store.definition("dev", "orders")

    def test_what_was_never_recorded_has_no_definition(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])
        store.record("dev", [attempt_at(2, "other", definition=a_definition())])

        assert (None, []) == (store.definition("dev", "orders"), store.documents("dev", "orders"))
        assert None is store.definition("prod", "other")

    def test_an_attempt_without_a_definition_keeps_the_one_before(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition())])
        store.record("dev", [attempt_at(2, state=full_state("orders", fingerprint=Fingerprint("d2", "c2", "m2")))])

        assert (PRINT, a_definition()) == store.definition("dev", "orders")

    def test_the_last_definition_counts_and_each_document_is_kept(self, store: StateStore) -> None:
        later = full_state("orders", fingerprint=Fingerprint("d2", "c2", "m2"))
        store.record("dev", [attempt_at(1, definition=a_definition())])
        store.record("dev", [attempt_at(2, definition=a_definition("Orders", query="SELECT 2"), state=later)])

        assert (later.fingerprint, a_definition("Orders", query="SELECT 2")) == store.definition("dev", "orders")
        assert [(1, "data", "All orders"), (2, "d2", "Orders")] == [
            (number, print_.data, document["description"])
            for number, _, print_, document in store.documents("dev", "orders")
        ]

    def test_a_definition_that_says_the_same_adds_no_version(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition())])
        store.record("dev", [attempt_at(2, definition=a_definition(query="SELECT 2"))])

        assert [1] == [number for number, *_ in store.documents("dev", "orders")]
        assert (PRINT, a_definition(query="SELECT 2")) == store.definition("dev", "orders")

    def test_what_is_said_again_after_something_else_is_a_version(self, store: StateStore) -> None:
        for number, text in enumerate(("a", "b", "a"), 1):
            store.record("dev", [attempt_at(number, definition=a_definition(text))])

        assert ["a", "b", "a"] == [document["description"] for *_, document in store.documents("dev", "orders")]

    def test_versions_are_counted_for_each_model_and_environment(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition()), attempt_at(2, "b", definition=a_definition())])
        store.record("prod", [attempt_at(3, definition=a_definition("prod"))])

        found = [store.documents(*of) for of in (("dev", "orders"), ("dev", "b"), ("prod", "orders"))]
        assert [[1], [1], [1]] == [[number for number, *_ in of] for of in found]

    def test_a_forgotten_model_has_no_definition_and_keeps_its_documents(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition())])
        store.forget_models("dev", ["orders"])

        assert (None, 1) == (store.definition("dev", "orders"), len(store.documents("dev", "orders")))

    def test_a_renamed_model_keeps_its_definition_and_documents(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, "sales", definition=a_definition("sales"))])
        store.record("dev", [attempt_at(2, definition=a_definition("first"))])
        store.record("dev", [attempt_at(3, definition=a_definition("second"))])
        store.rename_model("dev", "orders", "sales", "main.sales")

        assert (PRINT, a_definition("second")) == store.definition("dev", "sales")
        assert [(1, "sales"), (2, "first"), (3, "second")] == [
            (number, document["description"]) for number, *_, document in store.documents("dev", "sales")
        ]
        assert (None, []) == (store.definition("dev", "orders"), store.documents("dev", "orders"))

    def test_text_that_no_database_takes_is_replaced_in_a_query(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, definition=a_definition("a\0b", query="SELECT 'a\0b'"))])

        assert (PRINT, a_definition("a\0b", query="SELECT 'a�b'")) == store.definition("dev", "orders")
