"""All rows together: exporting them, and deleting the old ones."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.state import CheckRecord, CircuitRecord, EventRecord, MetricRecord
from interlace.errors import UsageError
from interlace.testing.conformance.stores.samples import (
    DAY,
    MINUTE,
    NOON,
    a_definition,
    attempt_at,
    days,
    full_state,
    held_at,
    letter_at,
    run_at,
)
from interlace.testing.conformance.stores.scheduling import hourly

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["HousekeepingScenarios"]


class HousekeepingScenarios:
    """Scenarios of `export` and `prune`."""

    def test_every_row_is_exported_as_plain_json(self, store: StateStore) -> None:
        store.begin_run(run_at(1))
        check = CheckRecord("c", "unique", "error", passed=True, message="", sample=[{"id": 1}])
        metric = MetricRecord("orders", "mean", 0.5)
        attempt = attempt_at(
            1,
            schema_changed=True,
            checks=[check],
            intervals=[days(0, 1)],
            cursor="7",
            metrics=[metric],
            definition=a_definition(),
        )
        store.record("dev", [attempt], [EventRecord("run-1", NOON, "x")])
        store.acquire("run/1", "me", NOON, MINUTE)
        store.add_dead_letter(letter_at(1))
        store.save_circuit(CircuitRecord("default", "open", 5, NOON))
        store.hold([held_at(1)])
        store.save_answer("key", b"\xff\x00")
        store.schedules.sync("dev", {"job:a": ("1", NOON)}, NOON)
        store.schedules.claim_due("dev", NOON, hourly(NOON))

        exported = [(table, json.loads(json.dumps(row, allow_nan=False))) for table, row in store.export()]

        assert dict.fromkeys(store.tables(), 1) == {t: sum(t == table for table, _ in exported) for t in store.tables()}
        (model,) = (row for table, row in exported if table == "models")
        assert NOON.isoformat() == model["published_at"]
        assert ({"0:csv": "f-1", "1:parquet": None}, True) == (model["exports"], model["checks_failed"])
        assert ["id", "na me'\""] == model["since"]["orders-0"]
        (document,) = (row["document"] for table, row in exported if table == "documents")
        assert a_definition().document == document

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

    def test_the_newest_document_is_kept_however_old(self, store: StateStore) -> None:
        for number, text in enumerate(("first", "second"), 1):
            store.record("dev", [attempt_at(number, definition=a_definition(text))])

        assert {"documents": 1} == store.prune(NOON + 9999 * DAY, {"documents": DAY})
        assert [(2, "second")] == [(n, d["description"]) for n, _, _, d in store.documents("dev", "orders")]

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
