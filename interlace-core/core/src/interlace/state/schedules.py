"""The schedules of the store: the contract's methods over a `Database`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interlace.contracts.scheduling import FireRecord, Firing, ScheduleRecord, Schedules
from interlace.state import request_statements as statements
from interlace.state.codec import clean, micros, moment, optional_micros
from interlace.state.queue import request_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from interlace.contracts.queue import RunRequest
    from interlace.contracts.scheduling import Decide
    from interlace.state.database import Database, Row, Writer

__all__ = ["StoredSchedules"]


class StoredSchedules(Schedules):
    """Schedules in the tables ``schedules`` and ``fires``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sync(self, environment: str, wanted: Mapping[str, tuple[str, datetime | None]], now: datetime) -> None:
        """Make the schedules of an environment those that are defined; writes only what is not so yet."""
        there = {record.name: record.definition for record in self.all(environment)}
        gone = [name for name in there if name not in wanted]
        moved = [
            {
                "environment": environment,
                "name": clean(name),
                "definition": clean(definition),
                "next_at": optional_micros(next_at),
                "now": micros(now),
            }
            for name, (definition, next_at) in wanted.items()
            if there.get(name) != definition
        ]
        if not gone and not moved:
            return
        with self._database.writing() as write:
            write.execute_many(statements.PUT_SCHEDULE, moved)
            write.execute_many(statements.FORGET_SCHEDULE, [{"environment": environment, "name": n} for n in gone])

    def all(self, environment: str) -> list[ScheduleRecord]:
        """The schedules of an environment, by name."""
        return [_schedule(row) for row in self._database.rows(statements.SCHEDULES, {"environment": environment})]

    def claim_due(self, environment: str, now: datetime, decide: Decide, *, limit: int = 1000) -> list[RunRequest]:
        """Decide on what is due, exactly once; nothing is written where nothing is due."""
        asked = {"environment": environment, "now": micros(now), "limit": limit}
        if not self._database.rows(statements.DUE, {**asked, "limit": 1}):
            return []
        with self._database.writing() as write:
            due = [_schedule(row) for row in write.rows(statements.DUE + self._database.not_held, asked)]
            if not due:
                return []
            counts = write.rows(statements.OPEN_BY_SCHEDULE, {"environment": environment})
            firings = decide(due, {name: int(count) for name, count in counts})
            return _write(write, environment, {record.name: record for record in due}, firings)

    def pause(self, environment: str, name: str) -> bool:
        """Let one fire no more until it is resumed."""
        with self._database.writing() as write:
            return write.execute(statements.PAUSE_SCHEDULE, {"environment": environment, "name": name}) == 1

    def resume(self, environment: str, name: str, next_at: datetime | None) -> bool:
        """Let one fire again."""
        values = {"environment": environment, "name": name, "next_at": optional_micros(next_at)}
        with self._database.writing() as write:
            return write.execute(statements.RESUME_SCHEDULE, values) == 1

    def fires(
        self, environment: str, name: str | None = None, *, before: datetime | None = None, limit: int = 100
    ) -> list[FireRecord]:
        """What became of the times that schedules were due, newest first."""
        values = {"environment": environment, "schedule": name, "before": optional_micros(before), "limit": limit}
        return [_fire(row) for row in self._database.rows(statements.FIRES, values)]


def _write(
    write: Writer, environment: str, due: Mapping[str, ScheduleRecord], firings: Sequence[Firing]
) -> list[RunRequest]:
    moves: list[dict[str, Any]] = []
    fires: list[FireRecord] = []
    requests: list[RunRequest] = []
    for firing in firings:
        last = due[firing.schedule].last_at
        new = [f for f in firing.fires if last is None or f.at > last]
        fires += new
        times = {f.at for f in new}
        requests += [r for r in firing.requests if r.fire_at in times]
        moves.append(
            {
                "environment": environment,
                "name": firing.schedule,
                "next_at": optional_micros(firing.next_at),
                "last_at": optional_micros(max(times, default=None)),
            }
        )
    write.execute_many(statements.MOVE_SCHEDULE, moves)
    write.execute_many(statements.ADD_FIRE, [_fire_values(fire) for fire in fires])
    write.execute_many(statements.ADD_REQUEST, [request_values(request) for request in requests])
    return requests


def _schedule(row: Row) -> ScheduleRecord:
    environment, name, definition, next_at, changed_at, paused, last_at = row
    return ScheduleRecord(
        environment, name, definition, _moment(next_at), moment(changed_at), bool(paused), _moment(last_at)
    )


def _fire(row: Row) -> FireRecord:
    environment, schedule, at, decided_at, outcome, reason, request = row
    return FireRecord(environment, schedule, moment(at), moment(decided_at), outcome, reason, request)


def _fire_values(fire: FireRecord) -> dict[str, Any]:
    return {
        "environment": fire.environment,
        "schedule": clean(fire.schedule),
        "at": micros(fire.at),
        "decided_at": micros(fire.decided_at),
        "outcome": fire.outcome,
        "reason": clean(fire.reason),
        "request": fire.request,
    }


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)
