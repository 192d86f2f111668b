"""Records as the parameters of statements, and rows as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

from interlace.contracts.state import (
    AttemptRecord,
    BuildRecord,
    CheckRecord,
    CircuitRecord,
    DeadLetter,
    DefinitionRecord,
    EventRecord,
    HeldRecord,
    LeaseHeld,
    MetricRecord,
    ModelState,
    RunRecord,
)
from interlace.model.definition import Fingerprint
from interlace.state.codec import (
    clean,
    columns_text,
    json_text,
    micros,
    moment,
    optional_json,
    optional_micros,
)
from interlace.state.progress import Progress, add_progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from interlace.state.database import Row

__all__ = [
    "Batch",
    "attempt_of",
    "batch_of",
    "build_of",
    "checks_by_attempt",
    "circuit_of",
    "circuit_values",
    "dated_check_of",
    "dead_letter_of",
    "dead_letter_values",
    "definition_of",
    "document_of",
    "event_of",
    "held_of",
    "held_values",
    "lease_of",
    "metric_of",
    "run_of",
    "run_values",
]

Values = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """What one `record` writes, by table."""

    attempts: list[Values] = field(default_factory=list)
    models: list[Values] = field(default_factory=list)
    data_versions: list[Values] = field(default_factory=list)
    schemas: list[Values] = field(default_factory=list)
    definitions: list[Values] = field(default_factory=list)
    checks: list[Values] = field(default_factory=list)
    metrics: list[Values] = field(default_factory=list)
    progress: dict[str, Progress] = field(default_factory=dict)
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
    if attempt.definition is not None and state.fingerprint is not None:
        batch.definitions.append(
            _definition_values(environment, attempt, attempt.definition, state.fingerprint, finished)
        )
    for position, check in enumerate(attempt.checks):
        batch.checks.append(_check_values(environment, attempt, position, check, finished))
    for position, metric in enumerate(attempt.metrics):
        batch.metrics.append(_metric_values(environment, attempt, position, metric, finished))
    add_progress(batch.progress, attempt)


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
        "since": json_text(state.since),
    }


def _definition_values(
    environment: str, attempt: AttemptRecord, definition: DefinitionRecord, fingerprint: Fingerprint, at: int
) -> Values:
    return {
        "environment": environment,
        "model": attempt.model,
        "fingerprint_data": fingerprint.data,
        "fingerprint_checks": fingerprint.checks,
        "fingerprint_metadata": fingerprint.metadata,
        "query": None if definition.query is None else clean(definition.query),
        "rest": definition.rest,
        "document": json_text(definition.document),
        "attempt": attempt.id,
        "recorded_at": at,
    }


def definition_of(row: Row) -> tuple[Fingerprint, DefinitionRecord]:
    """A row of `statements.DEFINITION`."""
    data, checks, metadata, query, rest, document = row
    return Fingerprint(data, checks, metadata), DefinitionRecord(query, rest, optional_json(document, {}))


def document_of(row: Row) -> tuple[int, datetime, Fingerprint, Mapping[str, Any]]:
    """A row of `statements.DOCUMENTS`."""
    version, at, data, checks, metadata, document = row
    return version, moment(at), Fingerprint(data, checks, metadata), optional_json(document, {})


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


def _metric_values(environment: str, attempt: AttemptRecord, position: int, metric: MetricRecord, at: int) -> Values:
    value = metric.value
    return {
        "environment": environment,
        "model": metric.model,
        "name": metric.name,
        "of_column": metric.column or "",
        "at": at if metric.at is None else micros(metric.at),
        "attempt": attempt.id,
        "position": position,
        "value": value if value is not None and isfinite(value) else None,
        "run": metric.run or attempt.run,
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


def build_of(row: Row) -> BuildRecord:
    """A row of `statements.builds`; rows are those that it wrote, else those that its relation had then."""
    _, started, finished, counts, there = row
    counted = optional_json(counts, {})
    written = [counted[name] for name in ("inserted", "updated") if name in counted]
    return BuildRecord((finished - started) / 1_000_000, sum(written) if written else there)


def checks_by_attempt(rows: Sequence[Row]) -> dict[str, list[CheckRecord]]:
    """The rows of `statements.CHECKS`, by attempt, in the order that the checks were given."""
    found: dict[str, list[CheckRecord]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(_check_of(row))
    return found


def _check_of(row: Row) -> CheckRecord:
    _, name, type_, severity, passed, message, failing, sample = row
    return CheckRecord(name, type_, severity, passed == 1, message, failing, tuple(optional_json(sample, ())))


def dated_check_of(row: Row) -> tuple[datetime, str, str, CheckRecord]:
    """A row of `statements.CHECK_HISTORY`."""
    at, run, model, *check = row
    return moment(at), run, model, _check_of(tuple(check))


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


def metric_of(row: Row) -> MetricRecord:
    """A row of `statements.METRICS`."""
    model, name, value, column, run, at = row
    return MetricRecord(model, name, value, column or None, run, moment(at))


def dead_letter_values(letter: DeadLetter) -> Values:
    """A dead letter as parameters."""
    return {
        "id": letter.id,
        "environment": letter.environment,
        "model": letter.model,
        "run": letter.run,
        "attempt": letter.attempt,
        "execution_time": micros(letter.execution_time),
        "failed_at": micros(letter.failed_at),
        "error": clean(letter.error),
        "error_code": letter.error_code,
        "error_class": clean(letter.error_class),
        "traceback": None if letter.traceback is None else clean(letter.traceback),
        "arguments": json_text(letter.arguments),
        "attempts": letter.attempts,
        "status": letter.status,
        "note": None if letter.note is None else clean(letter.note),
        "settled_at": None if letter.status == "open" else micros(letter.failed_at),
    }


def dead_letter_of(row: Row) -> DeadLetter:
    """A row of `statements.DEAD_LETTERS`."""
    (id_, environment, model, run, attempt, execution_time, failed_at, error, error_code, error_class, traceback,
     arguments, attempts, status, note) = row  # fmt: skip
    return DeadLetter(
        id=id_,
        environment=environment,
        model=model,
        run=run,
        attempt=attempt,
        execution_time=moment(execution_time),
        failed_at=moment(failed_at),
        error=error,
        error_code=error_code,
        error_class=error_class,
        traceback=traceback,
        arguments=optional_json(arguments, {}),
        attempts=attempts,
        status=status,
        note=note,
    )


def circuit_values(circuit: CircuitRecord) -> Values:
    """A circuit as parameters."""
    return {
        "connection": circuit.connection,
        "state": circuit.state,
        "failures": circuit.failures,
        "at": micros(circuit.at),
        "last_error": None if circuit.last_error is None else clean(circuit.last_error),
    }


def circuit_of(row: Row) -> CircuitRecord:
    """A row of `statements.CIRCUITS`."""
    connection, state, failures, at, last_error = row
    return CircuitRecord(connection, state, failures, moment(at), last_error)


def held_values(held: HeldRecord) -> Values:
    """What is held, as parameters."""
    return {
        "run": held.run,
        "model": held.model,
        "environment": held.environment,
        "connection": held.connection,
        "relation": held.relation,
        "staged": held.staged,
        "at": micros(held.at),
        "base": held.base,
        "record": held.record,
        "difference": json_text(held.difference),
    }


def held_of(row: Row) -> HeldRecord:
    """A row of `statements.HELD`."""
    run, environment, model, connection, relation, staged, at, base, record, difference = row
    return HeldRecord(
        run=run,
        environment=environment,
        model=model,
        connection=connection,
        relation=relation,
        staged=staged,
        at=moment(at),
        base=base,
        record=bytes(record),
        difference=optional_json(difference, {}),
    )
