from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from interlace.contracts.state import KEPT, EventRecord
from interlace.state import statements
from interlace.state.config import StateOptions
from interlace.state.retention import DEFAULT_RETENTION, prune_daily
from interlace.state.store import Store
from interlace.testing.conformance.state_store import DAY, MINUTE, NOON, attempt_at


def test_every_table_has_a_retention_but_those_of_the_present() -> None:
    present = {"environments", "models", "intervals", "cursors", "definitions", "circuits", "held", "schedules"}
    assert present == set(statements.TABLES) - set(DEFAULT_RETENTION)
    assert set(KEPT) == set(DEFAULT_RETENTION)


def test_by_default_events_are_kept_for_thirty_days(store: Store) -> None:
    store.record("dev", [], [EventRecord("run-1", NOON, "x")])

    assert 0 == store.prune(NOON + 30 * DAY, DEFAULT_RETENTION)["events"]
    assert 1 == store.prune(NOON + 30 * DAY + MINUTE, DEFAULT_RETENTION)["events"]


def test_it_is_pruned_once_a_day_by_whoever_comes_first(store: Store) -> None:
    assert {} == prune_daily(store, "me", NOON, {})
    assert None is prune_daily(store, "me", NOON + timedelta(hours=23), {})
    assert None is prune_daily(store, "you", NOON + timedelta(hours=23), {})
    assert {"events": 0} == prune_daily(store, "you", NOON + DAY, {"events": DAY})


def test_what_a_load_meant_to_record_is_kept_until_it_is_recorded(tmp_path: Path) -> None:
    store = Store(StateOptions(), root=tmp_path, clock=lambda: NOON)
    store.open()
    recorded = attempt_at(1)
    for key in ("nothing:1", f"intent:{recorded.id}", "intent:other"):
        store.save_answer(key, b"x")
    store.record("dev", [recorded])

    assert {"answers": 2} == store.prune(NOON + 8 * DAY, {"answers": 7 * DAY})
    assert b"x" == store.answer("intent:other")
    store.close()
