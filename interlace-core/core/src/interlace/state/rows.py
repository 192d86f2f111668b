"""Records as the parameters of statements, and rows as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interlace.contracts.state import (
    AttemptRecord,
    CheckRecord,
    EventRecord,
    LeaseHeld,
    ModelState,
    RunRecord,
)
from interlace.state.codec import (
    clean,
    columns_text,
    json_text,
    micros,
    moment,
    optional_json,
    optional_micros,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.state.database import Row

__all__ = ["Batch", "attempt_of", "batch_of", "checks_by_attempt", "event_of", "lease_of", "run_of", "run_values"]

Values = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """What one `record` writes, by table."""

    attempts: list[Values] = field(default_factory=list)
    models: list[Values] = field(default_factory=list)
    data_versions: list[Values] = field(default_factory=list)
    schemas: list[Values] = field(default_factory=list)
    checks: list[Values] = field(default_factory=list)
    events: list[Values] = field(default_factory=list)


def batch_of(environment: str, attempts: Sequence[AttemptRecord], events: Sequence[EventRecord]) -> Batch:
    """Sort what was recorded by table; pure."""
    batch = Batch(events=[_event_values(e) for e in events])
    for attempt in attempts:
        _add(batch, environment, attempt)
    return batch


def _add(batch: Batch, environment: str, attempt: AttemptRecord) -> None:
    state = attempt.state
    finished = micros(attempt.finished_at)
    batch.attempts.append(_attempt_values(environment, attempt, finished))
    model = _model_values(environment, state)
    batch.models.append(model)
    if attempt.status == "succeeded" and state.data_version is not None:
        batch.data_versions.append(
            {
                "environment": environment,
                "model": attempt.model,
                "data_version": state.data_version,
                "fingerprint_data": model["fingerprint_data"],
                "run": attempt.run,
                "attempt": attempt.id,
                "published_at": finished if model["published_at"] is None else model["published_at"],
                "rows": state.rows,
            }
        )
    if attempt.schema_changed and state.columns is not None:
        batch.schemas.append(
            {
                "environment": environment,
                "model": attempt.model,
                "columns": model["columns"],
                "attempt": attempt.id,
                "recorded_at": finished,
            }
        )
    for position, check in enumerate(attempt.checks):
        batch.checks.append(_check_values(environment, attempt, position, check, finished))


def _attempt_values(environment: str, attempt: AttemptRecord, finished: int) -> Values:
    return {
        "id": attempt.id,
        "run": attempt.run,
        "environment": environment,
        "model": attempt.model,
        "status": attempt.status,
        "reason": clean(attempt.reason),
        "started_at": micros(attempt.started_at),
        "finished_at": finished,
        "counts": json_text(attempt.counts),
        "error": None if attempt.error is None else clean(attempt.error),
        "error_code": attempt.error_code,
        "schema_changed": int(attempt.schema_changed),
    }


def _model_values(environment: str, state: ModelState) -> Values:
    fingerprint = state.fingerprint
    return {
        "environment": environment,
        "name": state.name,
        "fingerprint_data": fingerprint and fingerprint.data,
        "fingerprint_checks": fingerprint and fingerprint.checks,
        "fingerprint_metadata": fingerprint and fingerprint.metadata,
        "data_version": state.data_version,
        "parents": json_text(state.parents),
        "inputs": json_text(state.inputs),
        "relation": state.relation,
        "kind": state.kind,
        "columns": columns_text(state.columns),
        "published_at": optional_micros(state.published_at),
        "rows": state.rows,
        "seconds": state.seconds,
        "exports": json_text(state.exports),
        "status": state.status,
        "attempted_at": optional_micros(state.attempted_at),
        "run": state.run,
        "error": None if state.error is None else clean(state.error),
        "checks_failed": int(state.checks_failed),
    }


def _check_values(environment: str, attempt: AttemptRecord, position: int, check: CheckRecord, at: int) -> Values:
    return {
        "attempt": attempt.id,
        "position": position,
        "run": attempt.run,
        "environment": environment,
        "model": attempt.model,
        "name": check.name,
        "type": check.type,
        "severity": check.severity,
        "passed": int(check.passed),
        "message": clean(check.message),
        "failing": check.failing,
        "sample": json_text(list(check.sample)),
        "recorded_at": at,
    }


def _event_values(event: EventRecord) -> Values:
    return {
        "run": event.run,
        "at": micros(event.at),
        "type": event.type,
        "model": event.model,
        "data": json_text(event.data),
    }


def run_values(run: RunRecord) -> Values:
    """A run as parameters."""
    return {
        "id": run.id,
        "environment": run.environment,
        "status": run.status,
        "started_at": micros(run.started_at),
        "finished_at": optional_micros(run.finished_at),
        "command": clean(run.command),
        "owner": clean(run.owner),
        "counts": json_text(run.counts),
        "seconds": run.seconds,
    }


def run_of(row: Row) -> RunRecord:
    """A row of `statements.RUNS`."""
    id_, environment, status, started, finished, command, owner, counts, seconds = row
    return RunRecord(
        id=id_,
        environment=environment,
        status=status,
        started_at=moment(started),
        finished_at=None if finished is None else moment(finished),
        command=command,
        owner=owner,
        counts=optional_json(counts, {}),
        seconds=seconds,
    )


def checks_by_attempt(rows: Sequence[Row]) -> dict[str, list[CheckRecord]]:
    """The rows of `statements.CHECKS`, by attempt, in the order that the checks were given."""
    found: dict[str, list[CheckRecord]] = {}
    for attempt, name, type_, severity, passed, message, failing, sample in rows:
        check = CheckRecord(name, type_, severity, passed == 1, message, failing, tuple(optional_json(sample, ())))
        found.setdefault(attempt, []).append(check)
    return found


def attempt_of(row: Row, checks: Sequence[CheckRecord]) -> AttemptRecord:
    """A row of `statements.ATTEMPTS`; its state holds only the model's name."""
    id_, run, model, status, reason, started, finished, counts, error, error_code, schema_changed = row
    return AttemptRecord(
        id=id_,
        run=run,
        model=model,
        status=status,
        reason=reason,
        started_at=moment(started),
        finished_at=moment(finished),
        state=ModelState(model),
        counts=optional_json(counts, {}),
        checks=tuple(checks),
        error=error,
        error_code=error_code,
        schema_changed=schema_changed == 1,
    )


def event_of(row: Row) -> tuple[int, EventRecord]:
    """A row of `statements.EVENTS`."""
    id_, run, at, type_, model, data = row
    return id_, EventRecord(run, moment(at), type_, model, optional_json(data, {}))


def lease_of(row: Row) -> LeaseHeld:
    """A row of `statements.LEASE`."""
    name, owner, expires = row
    return LeaseHeld(name, owner, moment(expires))
