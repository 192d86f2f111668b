"""Records for the scenarios of a state store, with every field set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from interlace.contracts.relation import Column
from interlace.contracts.state import (
    AttemptRecord,
    DeadLetter,
    DefinitionRecord,
    HeldRecord,
    IntervalRecord,
    ModelState,
    RunRecord,
)
from interlace.model.definition import Fingerprint

__all__ = [
    "DAY",
    "MINUTE",
    "NOON",
    "a_definition",
    "attempt_at",
    "days",
    "full_state",
    "held_at",
    "letter_at",
    "run_at",
]

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
        since={f"{name}-0": ("id", "na me'\""), "older": ()},
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


def a_definition(text: str = "All orders", **changes: Any) -> DefinitionRecord:
    """What a model was built from, with a description."""
    document = {"description": text, "columns": [{"name": "größe", "type": None}], "volatile": False}
    return replace(DefinitionRecord("SELECT 1 AS größe -- it's :name %s ?", "rest", document), **changes)


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
