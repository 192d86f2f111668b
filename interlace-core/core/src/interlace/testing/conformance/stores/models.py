"""What a state store holds of the present of models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.state import CheckRecord, EventRecord, MetricRecord, ModelState, StateSnapshot
from interlace.errors import Defect, StateError
from interlace.testing.conformance.stores.samples import MINUTE, NOON, attempt_at, days, full_state, run_at

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["ModelScenarios"]


class ModelScenarios:
    """Scenarios of `record`, `snapshot`, `forget_models` and `rename_model`, of revisions and of answers."""

    # --- the present ------------------------------------------------------------------------------------------

    def test_a_model_comes_back_as_it_was_recorded(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])

        assert full_state("orders") == store.snapshot("dev").models["orders"]

    def test_a_model_that_never_succeeded_comes_back(self, store: StateStore) -> None:
        failed = ModelState("orders", status="failed", attempted_at=NOON, run="run-1", error="division by zero")
        store.record("dev", [attempt_at(1, status="failed", state=failed)])

        assert failed == store.snapshot("dev").models["orders"]

    def test_a_relation_without_columns_is_not_one_of_unknown_columns(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, state=full_state("orders", columns=()))])
        store.record("dev", [attempt_at(2, "other", state=full_state("other", columns=None))])

        assert [(), None] == [store.snapshot("dev").models[m].columns for m in ("orders", "other")]

    def test_the_latest_record_of_a_model_is_its_present(self, store: StateStore) -> None:
        later = full_state("orders", rows=3, parents={}, exports={}, checks_failed=False)
        store.record("dev", [attempt_at(1), attempt_at(2, state=later)])

        assert {"orders": later} == store.snapshot("dev").models

    def test_a_snapshot_does_not_change(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])
        before = store.snapshot("dev")
        store.record("dev", [attempt_at(2, state=full_state("orders", rows=1))])

        assert full_state("orders") == before.models["orders"]

    def test_environments_do_not_touch_each_other(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])
        store.record("prod", [attempt_at(2, state=full_state("orders", rows=7))])
        store.forget_models("dev", ["orders"])

        assert StateSnapshot("dev", 2, {}) == store.snapshot("dev")
        assert StateSnapshot("prod", 1, {"orders": full_state("orders", rows=7)}) == store.snapshot("prod")

    def test_names_differ_by_case_and_blanks(self, store: StateStore) -> None:
        names = ["orders", "Orders", "orders ", "or'ders", 'or"ders', "größe", "", ":name", "%s", "?"]
        store.record("dev", [attempt_at(i, name) for i, name in enumerate(names)])

        assert sorted(names) == sorted(store.snapshot("dev").models)

    def test_a_forgotten_model_keeps_its_history(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, schema_changed=True)])
        store.forget_models("dev", ["orders", "never was"])

        assert {} == store.snapshot("dev").models
        assert ["attempt-00001"] == [a.id for a in store.attempts(model="orders")]
        assert 1 == len(store.schema_history("dev", "orders"))

    def test_a_renamed_model_goes_on_under_its_new_name(self, store: StateStore) -> None:
        metrics = [MetricRecord("orders", "row_count", 3.0)]
        store.record("dev", [attempt_at(1, schema_changed=True, intervals=[days(0, 9)], cursor="9", metrics=metrics)])
        store.record("prod", [attempt_at(2)])
        store.rename_model("dev", "orders", "sales", "main.sales")

        assert ["sales"] == list(store.snapshot("dev").models)
        assert "main.sales" == store.snapshot("dev").models["sales"].relation
        assert ["orders"] == list(store.snapshot("prod").models)
        assert ([], 1) == (store.schema_history("dev", "orders"), len(store.schema_history("dev", "sales")))
        assert [days(0, 9, attempt="attempt-00001")] == store.intervals("dev", "sales")
        assert ("9", None) == (store.cursor("dev", "sales"), store.cursor("dev", "orders"))
        assert [3.0] == [m.value for m in store.metrics("dev", "sales", "row_count")]
        assert 2 == store.revision("dev")

    def test_a_new_name_that_was_used_before_gives_way_and_keeps_its_schemas(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, "sales", schema_changed=True, intervals=[days(0, 1)], cursor="1")])
        store.record("dev", [attempt_at(2, schema_changed=True, cursor="9")])
        store.rename_model("dev", "orders", "sales", "main.sales")

        assert [1, 2] == [version for version, _, _ in store.schema_history("dev", "sales")]
        assert ([], "9") == (store.intervals("dev", "sales"), store.cursor("dev", "sales"))

    def test_what_never_was_is_not_renamed(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])
        store.rename_model("dev", "never was", "orders", "main.orders")

        assert StateSnapshot("dev", 1, {"orders": full_state("orders")}) == store.snapshot("dev")

    # --- revisions --------------------------------------------------------------------------------------------

    def test_the_revision_moves_once_for_each_record(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1), attempt_at(2, "other")])
        store.record("dev", [attempt_at(3)])

        assert (2, 2, 0) == (store.revision("dev"), store.snapshot("dev").revision, store.revision("prod"))

    def test_what_is_no_model_moves_no_revision(self, store: StateStore) -> None:
        store.begin_run(run_at(1))
        store.record("dev", [], [EventRecord("run-1", NOON, "run_started")])
        store.finish_run(run_at(1, status="succeeded"))
        store.save_answer("key", b"answer")
        store.acquire("lease", "me", NOON, MINUTE)
        store.forget_models("dev", ["never was"])

        assert 0 == store.revision("dev")

    # --- all or nothing ---------------------------------------------------------------------------------------

    def test_a_record_that_fails_leaves_nothing(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1)])
        before = store.tables()
        with pytest.raises(StateError):
            store.record("dev", [attempt_at(2, "other"), attempt_at(1)], [EventRecord("run-1", NOON, "x")])

        assert before == store.tables()
        assert StateSnapshot("dev", 1, {"orders": full_state("orders")}) == store.snapshot("dev")

    @pytest.mark.parametrize("value", [float("nan"), datetime(2026, 1, 1, tzinfo=UTC), {1, 2}])
    def test_a_value_that_is_not_plain_json_is_refused(self, store: StateStore, value: object) -> None:
        check = CheckRecord("c", "unique", "error", passed=False, message="", sample=[{"id": value}])
        with pytest.raises(Defect, match="JSON"):
            store.record("dev", [attempt_at(1, checks=[check])])

        assert 0 == store.revision("dev")

    def test_a_time_without_a_zone_is_refused(self, store: StateStore) -> None:
        with pytest.raises(Defect, match="zone"):
            store.begin_run(run_at(1, started_at=datetime(2026, 1, 1)))  # noqa: DTZ001 - that is what is tested

    def test_text_that_no_database_takes_is_recorded_with_replacements(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, status="failed", error="a\0b \udce4")], [])
        store.record("dev", [], [EventRecord("run-1", NOON, "log", data={"line": "a\0b \udce4"})])

        assert "a�b ?" == store.attempts()[0].error
        assert {"line": "a\0b \udce4"} == store.events("run-1")[0][1].data

    # --- answers ----------------------------------------------------------------------------------------------

    def test_the_last_answer_under_a_key_is_kept(self, store: StateStore) -> None:
        store.save_answer("key", b"first")
        store.save_answer("key", bytes(range(256)))

        assert (bytes(range(256)), None) == (store.answer("key"), store.answer("other"))
