"""How far models came, and what was measured of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlace.contracts.state import MetricRecord
from interlace.errors import Defect, StateError
from interlace.testing.conformance.stores.samples import MINUTE, NOON, attempt_at, days

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["ProgressScenarios"]


class ProgressScenarios:
    """Scenarios of intervals, cursors and metrics."""

    # --- progress ---------------------------------------------------------------------------------------------

    def test_the_intervals_of_a_model_come_back_in_order(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, intervals=[days(4, 5, partial=True), days(1, 2)])])

        expected = [days(1, 2, attempt="attempt-00001"), days(4, 5, attempt="attempt-00001", partial=True)]
        assert expected == store.intervals("dev", "orders")
        assert [[], []] == [store.intervals("prod", "orders"), store.intervals("dev", "other")]

    def test_a_new_interval_takes_the_place_of_what_it_covers(self, store: StateStore) -> None:
        first, second = "attempt-00001", "attempt-00002"
        store.record("dev", [attempt_at(1, intervals=[days(0, 10), days(11, 12), days(20, 30)])])
        store.record("dev", [attempt_at(2, intervals=[days(5, 15, "g"), days(22, 24, "g")])])

        expected = [
            days(0, 5, attempt=first),
            days(5, 15, "g", attempt=second),
            days(20, 22, attempt=first),
            days(22, 24, "g", attempt=second),
            days(24, 30, attempt=first),
        ]
        assert expected == store.intervals("dev", "orders")

    def test_the_later_attempt_of_one_record_lies_over_the_earlier(self, store: StateStore) -> None:
        attempts = [attempt_at(1, intervals=[days(0, 4)]), attempt_at(2, intervals=[days(1, 2, "g")])]
        store.record("dev", attempts)

        assert ["f", "g", "f"] == [i.fingerprint for i in store.intervals("dev", "orders")]

    def test_neighbours_of_one_attempt_become_one_interval(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, intervals=[days(n, n + 1) for n in range(1000)])])

        assert [days(0, 1000, attempt="attempt-00001")] == store.intervals("dev", "orders")

    def test_recording_the_same_interval_again_changes_its_attempt_only(self, store: StateStore) -> None:
        for number in (1, 2):
            store.record("dev", [attempt_at(number, intervals=[days(0, 1)])])

        assert [days(0, 1, attempt="attempt-00002")] == store.intervals("dev", "orders")

    def test_a_full_refresh_forgets_the_intervals_and_the_cursor(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, intervals=[days(0, 9)], cursor="9")])
        store.record("prod", [attempt_at(2, intervals=[days(0, 9)], cursor="9")])
        store.record("dev", [attempt_at(3, intervals=[days(3, 4)], forget_intervals=True)])

        assert [days(3, 4, attempt="attempt-00003")] == store.intervals("dev", "orders")
        assert (None, "9") == (store.cursor("dev", "orders"), store.cursor("prod", "orders"))
        assert 1 == len(store.intervals("prod", "orders"))

    def test_an_interval_that_does_not_end_after_its_start_is_refused(self, store: StateStore) -> None:
        with pytest.raises(Defect, match="interval"):
            store.record("dev", [attempt_at(1, intervals=[days(1, 1)])])

        assert 0 == store.revision("dev")

    def test_a_cursor_stays_until_another_is_recorded(self, store: StateStore) -> None:
        found = [store.cursor("dev", "orders")]
        for number, cursor in enumerate(["7", None, "10"]):
            store.record("dev", [attempt_at(number, cursor=cursor)])
            found.append(store.cursor("dev", "orders"))

        assert [None, "7", "7", "10"] == found

    def test_a_model_that_is_forgotten_begins_from_nothing(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, intervals=[days(0, 9)], cursor="9")])
        store.forget_models("dev", ["orders"])

        assert ([], None) == (store.intervals("dev", "orders"), store.cursor("dev", "orders"))

    def test_what_fails_to_be_recorded_leaves_the_intervals(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1, intervals=[days(0, 9)], cursor="9")])
        with pytest.raises(StateError):
            store.record("dev", [attempt_at(2, intervals=[days(2, 3)], cursor="10"), attempt_at(1)])

        assert [days(0, 9, attempt="attempt-00001")] == store.intervals("dev", "orders")
        assert "9" == store.cursor("dev", "orders")

    # --- metrics ----------------------------------------------------------------------------------------------

    def test_metrics_come_newest_first(self, store: StateStore) -> None:
        for number, value in enumerate([1.5, None, 3.0]):
            metrics = [MetricRecord("orders", "mean", value, "amount"), MetricRecord("orders", "mean", 9.0)]
            store.record("dev", [attempt_at(number, run=f"run-{number}", metrics=metrics)])

        expected = [
            MetricRecord("orders", "mean", 3.0, "amount", "run-2", NOON + 2 * MINUTE),
            MetricRecord("orders", "mean", None, "amount", "run-1", NOON + MINUTE),
        ]
        assert expected == store.metrics("dev", "orders", "mean", "amount", limit=2)
        assert [9.0] * 3 == [m.value for m in store.metrics("dev", "orders", "mean")]
        assert [[], []] == [store.metrics("dev", "orders", "row_count"), store.metrics("prod", "orders", "mean")]

    def test_a_metric_keeps_the_run_and_the_time_that_it_states(self, store: StateStore) -> None:
        metric = MetricRecord("parent", "row_count", 3.0, run="run-7", at=NOON)
        store.record("dev", [attempt_at(1, metrics=[metric])])

        assert [metric] == store.metrics("dev", "parent", "row_count")

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_a_metric_that_is_no_number_is_none(self, store: StateStore, value: float) -> None:
        store.record("dev", [attempt_at(1, metrics=[MetricRecord("orders", "mean", value)])])

        assert [None] == [m.value for m in store.metrics("dev", "orders", "mean")]
