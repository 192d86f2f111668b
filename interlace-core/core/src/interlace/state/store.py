"""The state store: the contract's methods over a `Database`, SQLite or a server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeVar

from interlace.contracts.state import StateStore
from interlace.state import rows, statements
from interlace.state.codec import clean, columns_of, micros, moment
from interlace.state.config import StateOptions
from interlace.state.progress import interval_of, write_progress
from interlace.state.snapshot import snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import timedelta

    from interlace.contracts.options import Options
    from interlace.contracts.queue import Queue
    from interlace.contracts.relation import Column
    from interlace.contracts.scheduling import Schedules
    from interlace.contracts.state import (
        AttemptRecord,
        BuildRecord,
        CheckRecord,
        CircuitRecord,
        DeadLetter,
        DefinitionRecord,
        EventRecord,
        HeldRecord,
        IntervalRecord,
        LeaseHeld,
        MetricRecord,
        RunRecord,
        RunStatus,
        StateSnapshot,
    )
    from interlace.model.definition import Fingerprint
    from interlace.state.database import Database, Row, Writer

__all__ = ["Store"]

Named = TypeVar("Named", "RunRecord", "DeadLetter")

MOST: Final = 30_000
"""How many names one statement takes: fewer than SQLite and PostgreSQL allow parameters."""


def _now() -> datetime:
    return datetime.now(UTC)


class Store(StateStore):
    """The state in a SQLite file, or on a PostgreSQL server where a URL is given.

    Args:
        config: what stands under ``state:``.
        root: the project's root, against which a relative path is read.
        clock: the time, for what is given without one.
    """

    Config: ClassVar[type[Options]] = StateOptions

    def __init__(self, config: StateOptions, *, root: Path, clock: Callable[[], datetime] = _now) -> None:
        self._database = _database(config, root)
        self._clock = clock

    @classmethod
    def embedded(cls, path: Path) -> Store:
        """The store in one SQLite file."""
        return cls(StateOptions(path=str(path)), root=Path())

    def open(self) -> None:
        """Open, and make an empty store where there is none."""
        self._database.open()

    def close(self) -> None:
        """Close."""
        self._database.close()

    def file(self) -> Path | None:
        """The SQLite file; None for a server."""
        return self._database.path

    # --- the present ------------------------------------------------------------------------------------------

    def snapshot(self, environment: str) -> StateSnapshot:
        """All models of one environment; each is decoded when it is first looked at."""
        return snapshot_of(environment, self._database.rows(statements.SNAPSHOT, {"environment": environment}))

    def revision(self, environment: str) -> int:
        """The present revision of one environment."""
        found = self._database.rows(statements.ENVIRONMENT_REVISION, {"environment": environment})
        return found[0][0] if found else 0

    # --- a run ------------------------------------------------------------------------------------------------

    def begin_run(self, run: RunRecord) -> None:
        """Record a run as running."""
        self._write(statements.ADD_RUN, rows.run_values(run))

    def record(self, environment: str, attempts: Sequence[AttemptRecord], events: Sequence[EventRecord] = ()) -> None:
        """Record attempts and events: one transaction, with one statement for each table.

        For each model that was loaded in part there are up to four more, however many parts they are.
        """
        batch = rows.batch_of(environment, attempts, events)
        with self._database.writing() as write:
            if attempts:
                # First, because on a server it holds up others that record in this environment.
                write.execute(statements.BUMP, {"environment": environment})
            write.execute_many(statements.ADD_ATTEMPT, batch.attempts)
            write.execute_many(statements.PUT_MODEL, batch.models)
            write.execute_many(statements.ADD_DATA_VERSION, batch.data_versions)
            write.execute_many(statements.ADD_SCHEMA_VERSION, batch.schemas)
            write.execute_many(statements.PUT_DEFINITION, batch.definitions)
            write.execute_many(statements.ADD_DOCUMENT, batch.definitions)
            write.execute_many(statements.ADD_CHECK, batch.checks)
            write.execute_many(statements.ADD_METRIC, batch.metrics)
            for model, made in batch.progress.items():
                write_progress(write, environment, model, made)
            write.execute_many(statements.ADD_EVENT, batch.events)

    def finish_run(self, run: RunRecord) -> None:
        """Record how a run ended."""
        self._write(statements.END_RUN, rows.run_values(run))

    def forget_models(self, environment: str, names: Iterable[str]) -> None:
        """Drop the present state of models that are gone, with their intervals, cursors and definitions."""
        with self._database.writing() as write:
            gone = 0
            for name in names:
                gone += write.execute(statements.FORGET_MODEL, {"environment": environment, "name": name})
                for forget in (statements.FORGET_INTERVALS, statements.FORGET_CURSOR, statements.FORGET_DEFINITION):
                    write.execute(forget, {"environment": environment, "model": name})
            if gone:
                write.execute(statements.BUMP, {"environment": environment})

    def rename_model(self, environment: str, old: str, new: str, relation: str) -> None:
        """Let a model go on under another name."""
        names = {"environment": environment, "old": clean(old), "new": clean(new)}
        place = {"environment": environment, "model": names["new"]}
        with self._database.writing() as write:
            if not write.rows(statements.HAS_MODEL, {"environment": environment, "name": names["old"]}):
                return
            write.execute(statements.FORGET_MODEL, {"environment": environment, "name": names["new"]})
            for forget in statements.FORGET_OF_MODEL.values():
                write.execute(forget, place)
            write.execute(statements.RENAME_MODEL, {**names, "relation": clean(relation)})
            for table, rename in statements.RENAME_VERSIONS.items():
                (after,) = write.rows(statements.LAST_VERSION[table], place)[0]
                write.execute(rename, {**names, "after": after})
            for rename in statements.RENAME_OF_MODEL.values():
                write.execute(rename, names)
            write.execute(statements.BUMP, {"environment": environment})

    # --- what a service keeps ---------------------------------------------------------------------------------

    @property
    def schedules(self) -> Schedules:
        """The schedules."""
        from interlace.state.schedules import StoredSchedules

        return StoredSchedules(self._database)

    @property
    def queue(self) -> Queue:
        """The runs that are asked for."""
        from interlace.state.queue import StoredQueue

        return StoredQueue(self._database, self._clock)

    # --- leases -----------------------------------------------------------------------------------------------

    def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> LeaseHeld | None:
        """Take a lease unless another owner holds it and it has not expired, by the clock of the server."""
        ahead = self._database.ahead(self._clock())
        now += ahead
        values = {"name": name, "owner": owner, "now": micros(now), "expires_at": micros(now + ttl)}
        while True:
            with self._database.writing() as write:
                if write.execute(statements.TAKE_LEASE, values):
                    return None
                held = _lease(write, name, ahead)
            # On a server it may have been given back between the two statements.
            if held is not None:
                return held

    def release(self, name: str, owner: str) -> None:
        """Give a lease back, if this owner holds it."""
        self._write(statements.RELEASE_LEASE, {"name": name, "owner": owner})

    def steal(self, name: str, owner: str, from_owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take a lease from an owner that is known to be dead."""
        now += self._database.ahead(self._clock())
        values = {
            "name": name,
            "owner": owner,
            "from_owner": from_owner,
            "now": micros(now),
            "expires_at": micros(now + ttl),
        }
        return self._write(statements.STEAL_LEASE, values) == 1

    def lease(self, name: str) -> LeaseHeld | None:
        """Who holds a lease, expired or not."""
        return _lease(self._database, name, self._database.ahead(self._clock()))

    # --- answers ----------------------------------------------------------------------------------------------

    def save_answer(self, key: str, answer: bytes) -> None:
        """Keep what ended a run in "nothing to do"."""
        self._write(statements.SAVE_ANSWER, {"key": key, "answer": answer, "saved_at": micros(self._clock())})

    def answer(self, key: str) -> bytes | None:
        """What was kept under a key."""
        found = self._database.rows(statements.ANSWER, {"key": key})
        return bytes(found[0][0]) if found else None

    # --- reading ----------------------------------------------------------------------------------------------

    def runs(
        self, environment: str | None = None, *, status: RunStatus | None = None, limit: int = 20
    ) -> list[RunRecord]:
        """Runs, newest first."""
        values = {"environment": environment, "status": status, "limit": limit}
        return [rows.run_of(row) for row in self._database.rows(statements.RUNS, values)]

    def run(self, id: str) -> RunRecord | None:  # noqa: A002 - the contract's word
        """One run by its id, or by a prefix of it that fits one only."""
        return _the_one(id, [rows.run_of(row) for row in self._by_prefix(statements.RUNS_BY_PREFIX, id)])

    def attempts(self, *, run: str | None = None, model: str | None = None, limit: int = 1000) -> list[AttemptRecord]:
        """The newest attempts, oldest first, with their checks."""
        given = run is not None, model is not None
        values = {k: v for k, v in {"run": run, "model": model, "limit": limit}.items() if v is not None}
        with self._database.reading() as read:
            found = read.rows(statements.ATTEMPTS[given], values)
            checks = rows.checks_by_attempt(read.rows(statements.CHECKS[given], values))
        return [rows.attempt_of(row, checks.get(row[0], ())) for row in found]

    def builds(self, environment: str, models: Collection[str], *, limit: int = 5) -> dict[str, list[BuildRecord]]:
        """The last builds of models that succeeded, newest first."""
        found: dict[str, list[BuildRecord]] = {}
        asked = list(models)
        for at in range(0, len(asked), MOST):
            names = asked[at : at + MOST]
            values = {f"m{i}": name for i, name in enumerate(names)}
            sql = statements.builds(len(names))
            for row in self._database.rows(sql, {**values, "environment": environment, "limit": limit}):
                found.setdefault(row[0], []).append(rows.build_of(row))
        return found

    def events(self, run: str, *, after: int = 0, limit: int = 10_000) -> list[tuple[int, EventRecord]]:
        """Events of a run with their ids, those after an id."""
        values = {"run": run, "after": after, "limit": limit}
        return [rows.event_of(row) for row in self._database.rows(statements.EVENTS, values)]

    def schema_history(self, environment: str, model: str) -> list[tuple[int, datetime, tuple[Column, ...]]]:
        """Each version of a model's columns, oldest first."""
        found = self._database.rows(statements.SCHEMA_HISTORY, {"environment": environment, "model": model})
        return [(version, moment(at), columns_of(columns) or ()) for version, at, columns in found]

    def definition(self, environment: str, model: str) -> tuple[Fingerprint, DefinitionRecord] | None:
        """What a model was last built from."""
        found = self._database.rows(statements.DEFINITION, {"environment": environment, "model": model})
        return rows.definition_of(found[0]) if found else None

    def documents(self, environment: str, model: str) -> list[tuple[int, datetime, Fingerprint, Mapping[str, Any]]]:
        """Each version of what is said of a model, oldest first."""
        found = self._database.rows(statements.DOCUMENTS, {"environment": environment, "model": model})
        return [rows.document_of(row) for row in found]

    def intervals(self, environment: str, model: str) -> list[IntervalRecord]:
        """The parts of time that a model was loaded for, oldest first; they do not overlap."""
        found = self._database.rows(statements.INTERVALS, {"environment": environment, "model": model})
        return [interval_of(row) for row in found]

    def cursor(self, environment: str, model: str) -> str | None:
        """The greatest value of a model's incremental column that was recorded."""
        found = self._database.rows(statements.CURSOR, {"environment": environment, "model": model})
        return found[0][0] if found else None

    def metrics(
        self, environment: str, model: str, name: str, column: str | None = None, *, limit: int = 100
    ) -> list[MetricRecord]:
        """What was measured before, newest first."""
        values = {
            "environment": environment,
            "model": model,
            "name": name,
            "of_column": column or "",
            "limit": limit,
        }
        return [rows.metric_of(row) for row in self._database.rows(statements.METRICS, values)]

    def check_history(
        self, environment: str, *, model: str | None = None, check: str | None = None, limit: int = 1000
    ) -> list[tuple[datetime, str, str, CheckRecord]]:
        """Results of checks as (time, run, model, result), newest first."""
        values = {"environment": environment, "model": model, "check": check, "limit": limit}
        return [rows.dated_check_of(row) for row in self._database.rows(statements.CHECK_HISTORY, values)]

    # --- what failed, what waits ------------------------------------------------------------------------------

    def add_dead_letter(self, letter: DeadLetter) -> None:
        """Keep an attempt that was given up; an open one of the same model is replaced by it, its attempts added up."""
        self._write(statements.ADD_DEAD_LETTER, rows.dead_letter_values(letter))

    def dead_letters(
        self, environment: str | None = None, *, model: str | None = None, status: str | None = "open", limit: int = 100
    ) -> list[DeadLetter]:
        """Dead letters, newest first; those of every status where `status` is None."""
        values = {"environment": environment, "model": model, "status": status, "limit": limit}
        return [rows.dead_letter_of(row) for row in self._database.rows(statements.DEAD_LETTERS, values)]

    def dead_letter(self, id: str) -> DeadLetter | None:  # noqa: A002
        """One by its id, or by a prefix of it that fits one only."""
        return _the_one(id, [rows.dead_letter_of(r) for r in self._by_prefix(statements.DEAD_LETTERS_BY_PREFIX, id)])

    def settle_dead_letter(self, id: str, status: Literal["replayed", "resolved"], note: str | None = None) -> bool:  # noqa: A002
        """Say that an open one is done with; False when there is no open one of this id."""
        values = {
            "id": id,
            "status": status,
            "note": None if note is None else clean(note),
            "settled_at": micros(self._clock()),
        }
        return self._write(statements.SETTLE_DEAD_LETTER, values) == 1

    def purge_dead_letters(self, environment: str | None, before: datetime, *, include_open: bool = False) -> int:
        """Delete those that failed before; the open ones only where that is said.  Gives how many."""
        values = {"environment": environment, "before": micros(before), "include_open": int(include_open)}
        return self._write(statements.PURGE_DEAD_LETTERS, values)

    def save_circuit(self, circuit: CircuitRecord) -> None:
        """Record what a connection's circuit breaker is now."""
        self._write(statements.SAVE_CIRCUIT, rows.circuit_values(circuit))

    def circuits(self) -> list[CircuitRecord]:
        """All that were recorded, by connection."""
        return [rows.circuit_of(row) for row in self._database.rows(statements.CIRCUITS, {})]

    def hold(self, held: Sequence[HeldRecord]) -> None:
        """Keep what a run staged."""
        with self._database.writing() as write:
            write.execute_many(statements.HOLD, [rows.held_values(h) for h in held])

    def held(self, environment: str | None = None, *, run: str | None = None) -> list[HeldRecord]:
        """What waits, oldest first."""
        values = {"environment": environment, "run": run}
        return [rows.held_of(row) for row in self._database.rows(statements.HELD, values)]

    def drop_held(self, run: str, models: Sequence[str] | None = None) -> int:
        """Forget what a run staged: all, or that of these models.  Gives how many."""
        with self._database.writing() as write:
            return sum(
                write.execute(statements.DROP_HELD, {"run": run, "model": model})
                for model in ([None] if models is None else models)
            )

    # --- housekeeping -----------------------------------------------------------------------------------------

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the tables to this Interlace's revision."""
        return self._database.upgrade()

    def prune(self, now: datetime, retention: Mapping[str, timedelta]) -> dict[str, int]:
        """Delete what is older than its table's retention, but nothing that is present."""
        from interlace.state.retention import prune

        with self._database.writing() as write:
            deleted = prune(write, now, retention)
        if any(deleted.values()):
            self._database.compact()
        return deleted

    def export(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Every row of every table, of one moment."""
        from interlace.state.export import plain

        with self._database.reading() as read:
            for table in statements.TABLES:
                for row in read.each(f"SELECT * FROM {table}"):
                    yield table, plain(row)

    def tables(self) -> dict[str, int]:
        """The number of rows of each table."""
        with self._database.reading() as read:
            return {t: read.rows(f"SELECT COUNT(*) FROM {t}", {})[0][0] for t in statements.TABLES}

    def _by_prefix(self, sql: str, prefix: str) -> Sequence[Row]:
        return self._database.rows(sql, {"prefix": prefix}) if prefix else ()

    def _write(self, sql: str, values: Mapping[str, Any]) -> int:
        with self._database.writing() as write:
            return write.execute(sql, values)


def _database(config: StateOptions, root: Path) -> Database:
    if config.url is not None:
        from interlace.state.server import ServerDatabase

        return ServerDatabase(config.url, schema=config.schema_, lock_timeout=config.lock_timeout)
    from interlace.state.sqlite import SqliteDatabase

    return SqliteDatabase(root / config.path, lock_timeout=config.lock_timeout)


def _the_one(prefix: str, found: Sequence[Named]) -> Named | None:
    """The one that fits a prefix; the exact one where several do, which comes first."""
    return found[0] if len(found) == 1 or (found and found[0].id == prefix) else None


def _lease(place: Database | Writer, name: str, ahead: timedelta) -> LeaseHeld | None:
    """Who holds a lease, and until when by the clock of this machine."""
    found = place.rows(statements.LEASE, {"name": name})
    if not found:
        return None
    held = rows.lease_of(found[0])
    return replace(held, expires_at=held.expires_at - ahead)
