"""Runs, and the history of what they did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.relation import Column
from interlace.contracts.state import BuildRecord, CheckRecord, EventRecord, ModelState
from interlace.errors import StateError
from interlace.testing.conformance.stores.samples import DAY, MINUTE, NOON, attempt_at, full_state, run_at

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["RunScenarios"]


class RunScenarios:
    """Scenarios of runs, attempts, events, schema versions, data versions and the results of checks."""

    # --- runs -------------------------------------------------------------------------------------------------

    def test_a_run_comes_back_as_it_was_recorded(self, store: StateStore) -> None:
        begun = run_at(1, command="interlace run --env dev")
        store.begin_run(begun)
        assert begun == store.run("run-1")

        ended = replace(
            begun, status="failed", finished_at=NOON + DAY, counts={"succeeded": 2, "failed": 1}, seconds=1.5
        )
        store.finish_run(ended)
        assert ended == store.run("run-1")

    def test_runs_come_newest_first_and_can_be_narrowed(self, store: StateStore) -> None:
        for number in range(1, 5):
            store.begin_run(run_at(number, environment="dev" if number % 2 else "prod"))
        store.finish_run(run_at(3, status="succeeded"))

        assert ["run-4", "run-3"] == [r.id for r in store.runs(limit=2)]
        assert ["run-3", "run-1"] == [r.id for r in store.runs("dev")]
        assert ["run-1"] == [r.id for r in store.runs("dev", status="running")]
        assert [] == store.runs("stage")

    def test_a_run_is_found_by_a_prefix_that_fits_it_alone(self, store: StateStore) -> None:
        for id_ in ("aa-1", "aa-12", "ab-1", "%"):
            store.begin_run(run_at(1, id=id_))

        found = {
            p: r.id if (r := store.run(p)) else None for p in ("ab", "aa", "aa-1", "aa-12", "a", "z", "", "%", "_")
        }

        expected = {"ab": "ab-1", "aa-1": "aa-1", "aa-12": "aa-12", "%": "%"}
        assert {p: expected.get(p) for p in found} == found

    def test_a_run_cannot_begin_twice(self, store: StateStore) -> None:
        store.begin_run(run_at(1))
        with pytest.raises(StateError):
            store.begin_run(run_at(1))

    def test_a_run_that_ended_is_never_made_lost(self, store: StateStore) -> None:
        store.begin_run(run_at(1))
        store.begin_run(run_at(2))
        store.finish_run(run_at(1, status="succeeded"))
        for number in (1, 2):
            store.finish_run(run_at(number, status="lost", finished_at=NOON))

        assert ["lost", "succeeded"] == [r.status for r in store.runs()]

    # --- history ----------------------------------------------------------------------------------------------

    def test_attempts_come_back_with_their_checks(self, store: StateStore) -> None:
        sample = ({"id": None, "when": "2026-01-01", "nested": [1, {"a": 2.5}]},)
        checks = (
            CheckRecord("not_null(id)", "not_null", "error", passed=False, message="1 row", failing=1, sample=sample),
            CheckRecord("fresh", "freshness", "warn", passed=True, message="fresh"),
        )
        attempt = attempt_at(
            1, status="failed", counts={"inserted": 3}, checks=checks, error="boom", error_code="ILC-603"
        )
        store.record("dev", [attempt, attempt_at(2, "other")])

        assert [replace(attempt, state=ModelState("orders"))] == store.attempts(model="orders")

    def test_attempts_are_the_newest_and_come_oldest_first(self, store: StateStore) -> None:
        check = CheckRecord("c", "unique", "error", passed=True, message="")
        store.record("dev", [attempt_at(n, run=f"run-{n % 2}", checks=[check]) for n in range(10)])

        assert [7, 8, 9] == [int(a.id[-5:]) for a in store.attempts(limit=3)]
        assert [5, 7, 9] == [int(a.id[-5:]) for a in store.attempts(run="run-1", limit=3)]
        assert [1] * 3 == [len(a.checks) for a in store.attempts(run="run-1", model="orders", limit=3)]
        assert [] == store.attempts(run="run-1", model="other")

    def test_the_last_builds_of_models_come_newest_first(self, store: StateStore) -> None:
        counts = {"inserted": 3, "updated": 2, "unchanged": 5}
        built = [attempt_at(n, counts=counts, started_at=NOON, finished_at=NOON + n * MINUTE) for n in range(1, 5)]
        failed = attempt_at(5, status="failed", counts=counts)
        view = attempt_at(6, "view", state=full_state("view", data_version="attempt-00006", rows=None))
        store.record("dev", [*built, failed, view, attempt_at(7, "other", counts=counts)])
        store.record("prod", [attempt_at(8, counts=counts)])

        found = store.builds("dev", ["orders", "view", "missing"], limit=2)
        assert {"orders": [BuildRecord(240.0, 5), BuildRecord(180.0, 5)], "view": [BuildRecord(60.0)]} == found

    def test_a_check_of_what_is_published_is_no_build(self, store: StateStore) -> None:
        state = full_state("orders", data_version="attempt-00001", rows=7)
        store.record("dev", [attempt_at(1, state=state), attempt_at(2, state=state)])

        assert {"orders": [BuildRecord(60.0, 7)]} == store.builds("dev", ["orders"])
        assert {} == store.builds("dev", [])

    def test_events_come_in_order_after_a_number(self, store: StateStore) -> None:
        first = [EventRecord("run-1", NOON, "started", data={"n": 1}), EventRecord("run-2", NOON, "other")]
        second = [EventRecord("run-1", NOON, "finished", model="orders")]
        store.record("dev", [], first)
        store.record("dev", [], second)

        (one, two) = store.events("run-1")
        assert [first[0], second[0]] == [one[1], two[1]]
        assert [two] == store.events("run-1", after=one[0])
        assert [one] == store.events("run-1", limit=1)
        assert [] == store.events("run-1", after=two[0])

    def test_each_change_of_a_schema_is_a_version(self, store: StateStore) -> None:
        first, second = (Column("id", "BIGINT"),), (Column("id", "BIGINT"), Column("name", "TEXT", nullable=False))
        store.record("dev", [attempt_at(1, state=full_state("orders", columns=first), schema_changed=True)])
        store.record("dev", [attempt_at(2, state=full_state("orders", columns=first))])
        store.record("dev", [attempt_at(3, state=full_state("orders", columns=second), schema_changed=True)])
        store.record("prod", [attempt_at(4, state=full_state("orders", columns=second), schema_changed=True)])

        expected = [(1, NOON + MINUTE, first), (2, NOON + 3 * MINUTE, second)]
        assert expected == store.schema_history("dev", "orders")
        assert [] == store.schema_history("dev", "other")

    def test_a_data_version_enters_the_history_once(self, store: StateStore) -> None:
        store.record("dev", [attempt_at(1), attempt_at(2)])
        store.record("dev", [attempt_at(3), attempt_at(4, state=full_state("orders", data_version="orders-2"))])
        store.record("dev", [attempt_at(5, status="failed", state=full_state("orders", data_version="orders-3"))])

        history = [row for table, row in store.export() if table == "data_versions"]
        assert {"orders-1": "attempt-00001", "orders-2": "attempt-00004"} == {
            row["data_version"]: row["attempt"] for row in history
        }

    def test_the_history_of_checks_comes_newest_first_and_can_be_narrowed(self, store: StateStore) -> None:
        checks = [CheckRecord(n, "unique", "error", passed=n == "a", message=n, sample=({"id": 1},)) for n in "ab"]
        store.record("dev", [attempt_at(1, checks=checks), attempt_at(2, "other", run="run-2", checks=checks[:1])])
        store.record("prod", [attempt_at(3, checks=checks)])

        (at, run, model, check), *rest = store.check_history("dev")
        assert (NOON + 2 * MINUTE, "run-2", "other", checks[0]) == (at, run, model, check)
        assert [("orders", "a"), ("orders", "b")] == [(model, check.name) for _, _, model, check in rest]
        assert ["a", "b"] == [check.name for *_, check in store.check_history("dev", model="orders")]
        assert ["orders"] == [model for _, _, model, _ in store.check_history("dev", check="b")]
        assert 1 == len(store.check_history("dev", limit=1))
