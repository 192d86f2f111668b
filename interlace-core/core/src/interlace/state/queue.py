"""The queue of the store: the contract's methods over a `Database`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from interlace.contracts.queue import Queue, RequestStatus, RunRequest
from interlace.state import request_statements as statements
from interlace.state.codec import clean, json_text, micros, moment, optional_json, optional_micros

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime, timedelta

    from interlace.state.database import Database, Row

__all__ = ["StoredQueue", "request_values"]


class StoredQueue(Queue):
    """Requests in the table ``requests``.

    Args:
        database: where they are.
        clock: of this machine; leases follow that of the database where it has one.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def add(self, request: RunRequest) -> RunRequest:
        """Ask for a run."""
        values = request_values(request)
        same = {k: values[k] for k in ("environment", "id", "idempotency_key", "schedule", "fire_at")}
        with self._database.writing() as write:
            write.execute(statements.ADD_REQUEST, values)
            return request_of(write.rows(statements.SAME_REQUEST, same)[0])

    def claim(
        self,
        owner: str,
        token: str,
        now: datetime,
        ttl: timedelta,
        *,
        environments: Collection[str] | None = None,
    ) -> RunRequest | None:
        """Begin the next request; nothing is written where nothing waits."""
        ready = {"now": micros(now)}

        def first(rows: Collection[Row]) -> str | None:
            return next((id_ for id_, env in rows if environments is None or env in environments), None)

        if first(self._database.rows(statements.WAITING, ready)) is None:
            return None
        ahead = self._database.ahead(self._clock())
        with self._database.writing() as write:
            write.execute(statements.CLAIMING, {"owner": owner, **ready})
            found = first(write.rows(statements.WAITING, ready))
            if found is None:
                return None
            begun = {"id": found, "owner": owner, "token": token, "lease_until": micros(now + ahead + ttl), **ready}
            write.execute(statements.BEGIN_REQUEST, begun)
            return request_of(write.rows(statements.REQUEST, {"id": found})[0])

    def renew(self, id: str, token: str, now: datetime, ttl: timedelta) -> Literal["held", "cancel", "lost"]:  # noqa: A002
        """Keep a request."""
        until = now + self._database.ahead(self._clock()) + ttl
        with self._database.writing() as write:
            kept = write.execute(statements.RENEW_REQUEST, {"id": id, "token": token, "lease_until": micros(until)})
            if not kept:
                return "lost"
            return "cancel" if write.rows(statements.CANCELLED, {"id": id})[0][0] else "held"

    def began(self, id: str, token: str, run: str) -> bool:  # noqa: A002
        """Say which run it is."""
        return self._write(statements.REQUEST_BEGAN, {"id": id, "token": token, "run": run})

    def finish(
        self,
        id: str,  # noqa: A002
        token: str,
        status: RequestStatus,
        now: datetime,
        *,
        error: str | None = None,
        error_code: str | None = None,
    ) -> bool:
        """Record how it ended."""
        values = {"id": id, "token": token, "status": status, "now": micros(now), "error_code": error_code}
        return self._write(statements.END_REQUEST, {**values, "error": None if error is None else clean(error)})

    def give_back(self, id: str, token: str, not_before: datetime | None = None) -> bool:  # noqa: A002
        """Put it back into the queue."""
        return self._write(statements.GIVE_BACK, {"id": id, "token": token, "not_before": optional_micros(not_before)})

    def expired(self, now: datetime) -> list[RunRequest]:
        """The running ones whose lease is over, by the clock of the database."""
        now += self._database.ahead(self._clock())
        return [request_of(row) for row in self._database.rows(statements.EXPIRED, {"now": micros(now)})]

    def running(self, environment: str | None = None) -> list[RunRequest]:
        """The running ones, oldest first."""
        return [request_of(row) for row in self._database.rows(statements.RUNNING, {"environment": environment})]

    def take_over(self, id: str, token: str, now: datetime, status: Literal["queued", "lost"], error: str) -> bool:  # noqa: A002
        """Take a lost worker's request from it."""
        values = {"id": id, "token": token, "now": micros(now), "status": status, "error": clean(error)}
        return self._write(statements.TAKE_OVER, values)

    def cancel(self, id: str, now: datetime, by: str) -> RunRequest | None:  # noqa: A002
        """End one that waits, and ask for the end of one that runs."""
        values = {"id": id, "now": micros(now), "error": clean(f"cancelled by {by}")}
        with self._database.writing() as write:
            if not write.execute(statements.CANCEL_QUEUED, values):
                write.execute(statements.CANCEL_RUNNING, {"id": id, "error": values["error"]})
            found = write.rows(statements.REQUEST, {"id": id})
        return request_of(found[0]) if found else None

    def get(self, id: str) -> RunRequest | None:  # noqa: A002
        """One by its id."""
        found = self._database.rows(statements.REQUEST, {"id": id})
        return request_of(found[0]) if found else None

    def of_run(self, run: str) -> RunRequest | None:
        """The request of a run."""
        found = self._database.rows(statements.REQUEST_OF_RUN, {"run": run})
        return request_of(found[0]) if found else None

    def requests(
        self,
        environment: str | None = None,
        *,
        status: RequestStatus | None = None,
        schedule: str | None = None,
        before: str | None = None,
        limit: int = 100,
    ) -> list[RunRequest]:
        """Requests, newest first."""
        values = {
            "environment": environment,
            "status": status,
            "schedule": schedule,
            "before": before,
            "limit": limit,
        }
        return [request_of(row) for row in self._database.rows(statements.REQUESTS, values)]

    def _write(self, sql: str, values: dict[str, Any]) -> bool:
        with self._database.writing() as write:
            return write.execute(sql, values) == 1


def request_values(request: RunRequest) -> dict[str, Any]:
    """A request as the parameters of a statement."""
    return {
        "id": request.id,
        "environment": request.environment,
        "source": request.source,
        "requested_at": micros(request.requested_at),
        "arguments": json_text(request.arguments),
        "status": request.status,
        "requested_by": clean(request.requested_by),
        "schedule": request.schedule,
        "fire_at": optional_micros(request.fire_at),
        "not_before": optional_micros(request.not_before),
        "priority": request.priority,
        "idempotency_key": None if request.idempotency_key is None else clean(request.idempotency_key),
        "attempt": request.attempt,
        "token": request.token,
        "owner": request.owner,
        "lease_until": optional_micros(request.lease_until),
        "deadline": optional_micros(request.deadline),
        "cancel": int(request.cancel),
        "started_at": optional_micros(request.started_at),
        "finished_at": optional_micros(request.finished_at),
        "run": request.run,
        "error": request.error,
        "error_code": request.error_code,
    }


_TIMES = frozenset({"requested_at", "fire_at", "not_before", "lease_until", "deadline", "started_at", "finished_at"})
_COLUMNS = (
    "id", "environment", "source", "requested_at", "arguments", "status", "requested_by", "schedule", "fire_at",
    "not_before", "priority", "idempotency_key", "attempt", "token", "owner", "lease_until", "deadline", "cancel",
    "started_at", "finished_at", "run", "error", "error_code",
)  # fmt: skip


def request_of(row: Row) -> RunRequest:
    """A request, from a row of all columns in the order of the table."""
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _TIMES:
        values[name] = None if values[name] is None else moment(values[name])
    values["arguments"] = optional_json(values["arguments"], {})
    values["cancel"] = bool(values["cancel"])
    return RunRequest(**values)
