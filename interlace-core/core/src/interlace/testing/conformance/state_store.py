"""What a state store must do: the suite for `interlace.contracts.state`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from interlace.contracts.relation import Column
from interlace.contracts.state import (
    AttemptRecord,
    CheckRecord,
    CircuitRecord,
    DeadLetter,
    EventRecord,
    HeldRecord,
    IntervalRecord,
    LeaseHeld,
    MetricRecord,
    ModelState,
    RunRecord,
    StateSnapshot,
)
from interlace.errors import Defect, StateError, UsageError
from interlace.model.definition import Fingerprint

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["StateStoreConformance", "attempt_at", "full_state", "run_at"]

NOON = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def full_state(name: str, **changes: Any) -> ModelState:
    """A model's state with every field set."""
    state = ModelState(
        name=name,
        fingerprint=Fingerprint("data", "checks", "metadata"),
        data_version=f"{name}-1",
        parents={"parent one": "p-1", "père": "p-2"},
        inputs={"file:data/x.csv": "1:2:3"},
        relation=f"main.{name}",
        kind="table",
        columns=(Column("id", "BIGINT", nullable=False), Column("na me'\"", "DECIMAL(18,3)")),
        published_at=NOON,
        rows=2**53 + 1,
        seconds=0.125,
        exports={"0:csv": "f-1", "1:parquet": None},
        status="succeeded",
        attempted_at=NOON + timedelta(microseconds=1),
        run="run-1",
        error=None,
        checks_failed=True,
    )
    return replace(state, **changes)


def attempt_at(number: int, model: str = "orders", *, run: str = "run-1", **changes: Any) -> AttemptRecord:
    """An attempt that ended so many minutes after noon."""
    at = NOON + number * MINUTE
    attempt = AttemptRecord(
        id=f"attempt-{number:05}",
        run=run,
        model=model,
        status="succeeded",
        reason="first run",
        started_at=at - MINUTE,
        finished_at=at,
        state=full_state(model, run=run),
    )
    return replace(attempt, **changes)


def run_at(number: int, **changes: Any) -> RunRecord:
    """A run that started so many minutes after noon."""
    run = RunRecord(
        id=f"run-{number}", environment="dev", status="running", started_at=NOON + number * MINUTE, owner="somebody"
    )
    return replace(run, **changes)


def days(start: int, end: int, fingerprint: str = "f", *, attempt: str = "", partial: bool = False) -> IntervalRecord:
    """The interval from so many days after noon until so many."""
    return IntervalRecord(NOON + start * DAY, NOON + end * DAY, fingerprint, partial, attempt)


def letter_at(number: int, model: str = "orders", **changes: Any) -> DeadLetter:
    """A dead letter of so many minutes after noon, with every field set."""
    letter = DeadLetter(
        id=f"letter-{number}",
        environment="dev",
        model=model,
        run="run-1",
        attempt=f"attempt-{number}",
        execution_time=NOON,
        failed_at=NOON + number * MINUTE,
        error="division by zero",
        error_code="ILC-601",
        error_class="QueryFailed",
        traceback="Traceback …",
        arguments={"start": "2026-01-01", "vars": {"n": 1}},
        attempts=3,
        note=None,
    )
    return replace(letter, **changes)


def held_at(number: int, model: str = "orders", **changes: Any) -> HeldRecord:
    """What was held so many minutes after noon, with every field set."""
    held = HeldRecord(
        run="run-1",
        environment="dev",
        model=model,
        connection="default",
        relation=f"main.{model}",
        staged=f"main.__interlace_{model}",
        at=NOON + number * MINUTE,
        base="v1",
        record=b"\x00\xff",
        difference={"added": 3, "columns": {"id": 1}},
    )
    return replace(held, **changes)


class StateStoreConformance:
    """All scenarios of a state store.  Override `make_store`."""

    @pytest.fixture
    def make_store(self) -> Callable[[], StateStore]:
        """A function that makes a store, not opened yet.

        Each call within one test gives a new object for the same place, each test gets an empty place.
        """
        raise NotImplementedError("override the fixture `make_store`: return a function that makes your store")

    @pytest.fixture
    def store(self, make_store: Callable[[], StateStore]) -> Iterator[StateStore]:
        """An open store."""
        store = make_store()
        store.open()
        yield store
        store.close()

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
        _at_once([store.open for store in stores])

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
        _at_once(
            [lambda n=n: answers.append(store.acquire("run/1", f"owner {n}", NOON, MINUTE)) for n in range(8)]  # type: ignore[misc]
        )

        assert 1 == answers.count(None)
        assert 1 == len({a.owner for a in answers if a is not None})

    # --- threads ----------------------------------------------------------------------------------------------

    def test_any_thread_may_record(self, store: StateStore) -> None:
        def record(number: int) -> Callable[[], None]:
            return lambda: store.record("dev", [attempt_at(number, f"m{number}", schema_changed=True)])

        _at_once([record(n) for n in range(16)])

        assert 16 == store.revision("dev")
        assert {f"m{n}" for n in range(16)} == set(store.snapshot("dev").models)

    # --- housekeeping -----------------------------------------------------------------------------------------

    def test_every_row_is_exported_as_plain_json(self, store: StateStore) -> None:
        store.begin_run(run_at(1))
        check = CheckRecord("c", "unique", "error", passed=True, message="", sample=[{"id": 1}])
        metric = MetricRecord("orders", "mean", 0.5)
        attempt = attempt_at(
            1, schema_changed=True, checks=[check], intervals=[days(0, 1)], cursor="7", metrics=[metric]
        )
        store.record("dev", [attempt], [EventRecord("run-1", NOON, "x")])
        store.acquire("run/1", "me", NOON, MINUTE)
        store.add_dead_letter(letter_at(1))
        store.save_circuit(CircuitRecord("default", "open", 5, NOON))
        store.hold([held_at(1)])
        store.save_answer("key", b"\xff\x00")

        exported = [(table, json.loads(json.dumps(row, allow_nan=False))) for table, row in store.export()]

        assert dict.fromkeys(store.tables(), 1) == {t: sum(t == table for table, _ in exported) for t in store.tables()}
        (model,) = (row for table, row in exported if table == "models")
        assert NOON.isoformat() == model["published_at"]
        assert ({"0:csv": "f-1", "1:parquet": None}, True) == (model["exports"], model["checks_failed"])

    def test_what_is_past_its_retention_is_deleted(self, store: StateStore) -> None:
        for number in (1, 2):
            store.begin_run(run_at(number))
            store.finish_run(run_at(number, status="succeeded"))
            state = full_state("orders", data_version=f"v{number}", run=f"run-{number}")
            store.record("dev", [attempt_at(number, run=f"run-{number}", state=state, schema_changed=True)])
            store.record("dev", [], [EventRecord(f"run-{number}", NOON + number * MINUTE, "x")])
        store.acquire("run/1", "me", NOON, MINUTE)

        past = dict.fromkeys(("runs", "attempts", "data_versions", "schema_versions", "events", "leases"), DAY)
        deleted = store.prune(NOON + DAY + 90 * timedelta(seconds=1), past)

        assert (1, 1, 1, 1, 1, 1) == tuple(deleted[table] for table in past)
        assert ["run-2"] == [r.id for r in store.runs()]
        assert ["attempt-00002"] == [a.id for a in store.attempts()]

    def test_what_is_present_is_never_deleted(self, store: StateStore) -> None:
        store.begin_run(run_at(1))
        store.finish_run(run_at(1, status="succeeded"))
        check = CheckRecord("c", "unique", "warn", passed=False, message="", sample=[{"id": 1}])
        store.record("dev", [attempt_at(1, schema_changed=True, checks=[check])])
        store.add_dead_letter(letter_at(1))
        before = store.tables()

        kept = ("runs", "attempts", "check_results", "data_versions", "schema_versions", "dead_letters")
        deleted = store.prune(NOON + 9999 * DAY, dict.fromkeys(kept, timedelta(0)))

        assert {0} == set(deleted.values())
        assert before == store.tables()

    def test_a_run_that_goes_takes_its_children_along(self, store: StateStore) -> None:
        check = CheckRecord("c", "unique", "warn", passed=True, message="")
        for number in (1, 2):
            store.begin_run(run_at(number))
            store.finish_run(run_at(number, status="succeeded"))
            state = full_state("orders", run=f"run-{number}")
            store.record("dev", [attempt_at(number, run=f"run-{number}", state=state, checks=[check])])
            store.record("dev", [], [EventRecord(f"run-{number}", NOON, "x")])

        deleted = store.prune(NOON + DAY, {"runs": timedelta(0)})

        assert {"runs": 1, "attempts": 1, "check_results": 1, "events": 1} == deleted
        assert [] == store.events("run-1")
        assert 1 == len(store.events("run-2"))

    def test_metrics_and_settled_letters_past_their_retention_are_deleted(self, store: StateStore) -> None:
        for number in (1, 2):
            store.record("dev", [attempt_at(number, metrics=[MetricRecord("orders", "mean", 1.0)])])
        store.add_dead_letter(letter_at(1, status="resolved"))

        past = {"metrics": DAY, "dead_letters": DAY}
        assert {"metrics": 1, "dead_letters": 1} == store.prune(NOON + DAY + 90 * timedelta(seconds=1), past)

    def test_a_running_run_is_not_deleted(self, store: StateStore) -> None:
        store.begin_run(run_at(1))

        assert 0 == store.prune(NOON + 9999 * DAY, {"runs": timedelta(0)})["runs"]

    def test_a_table_that_is_not_named_keeps_everything(self, store: StateStore) -> None:
        store.record("dev", [], [EventRecord("run-1", NOON, "x")])
        store.prune(NOON + 9999 * DAY, {"answers": timedelta(0)})

        assert 1 == len(store.events("run-1"))

    def test_a_table_that_is_not_there_cannot_be_pruned(self, store: StateStore) -> None:
        with pytest.raises(UsageError, match="Did you mean 'events'"):
            store.prune(NOON, {"event": DAY})


def _at_once(acts: list[Callable[[], object]]) -> None:
    """Do all in threads that start together; raises what the first failed with."""
    barrier = threading.Barrier(len(acts))
    failures: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        barrier.wait(timeout=30)
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    if failures:
        raise failures[0]
