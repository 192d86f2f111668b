"""The state store: what ran, what is published, and what is known of it.  Never inside the warehouse.

Writes are grouped: a run hands over lists of records, each list is one transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.contracts.queue import Queue
    from interlace.contracts.relation import Column, RelationKind
    from interlace.contracts.scheduling import Schedules
    from interlace.model.definition import Fingerprint

__all__ = [
    "KEPT",
    "AttemptRecord",
    "AttemptStatus",
    "BuildRecord",
    "CheckRecord",
    "CircuitRecord",
    "DeadLetter",
    "DefinitionRecord",
    "EventRecord",
    "HeldRecord",
    "IntervalRecord",
    "LeaseHeld",
    "MetricRecord",
    "ModelState",
    "RunRecord",
    "RunStatus",
    "StateSnapshot",
    "StateStore",
]

KEPT = (
    "runs",
    "attempts",
    "check_results",
    "metrics",
    "dead_letters",
    "data_versions",
    "schema_versions",
    "documents",
    "events",
    "requests",
    "fires",
    "leases",
    "answers",
)
"""The tables that keep a history, and so have a retention."""

RunStatus = Literal["running", "succeeded", "failed", "cancelled", "lost"]
AttemptStatus = Literal["succeeded", "failed", "skipped", "blocked", "cancelled"]


@dataclass(frozen=True, slots=True)
class ModelState:
    """What is known of one model in one environment: the present, one row.

    The fields up to `columns` describe the last success and are None before the first.

    Attributes:
        fingerprint: that of the definition that was published.
        data_version: moves only when rows did.
        parents: the data version of each parent that was read.
        inputs: the token of each observed input (see ``observe``).
        relation: the relation's full name, its parts joined by dots, as it was published.
        kind: of the relation.
        columns: of the relation.
        published_at: when it was published, UTC.
        rows: in the relation, where known.
        seconds: that the last success took.
        exports: per export (its position and format) the fingerprint that was last written, or None after a failure.
        status: how the last attempt ended; None before the first.
        attempted_at: when the last attempt ended, UTC.
        run: the id of the run of the last attempt.
        error: the message of the last attempt's failure.
        checks_failed: whether the last checks of the published relation failed.
        since: by an older data version the columns, in lower case, whose values moved since then; of a version that is
            not in it anything may have moved.
    """

    name: str
    fingerprint: Fingerprint | None = None
    data_version: str | None = None
    parents: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    relation: str | None = None
    kind: RelationKind | None = None
    columns: tuple[Column, ...] | None = None
    published_at: datetime | None = None
    rows: int | None = None
    seconds: float | None = None
    exports: Mapping[str, str | None] = field(default_factory=dict)
    status: AttemptStatus | None = None
    attempted_at: datetime | None = None
    run: str | None = None
    error: str | None = None
    checks_failed: bool = False
    since: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StateSnapshot:
    """All of one environment at one moment.  `revision` moves with each change of any model's state there."""

    environment: str
    revision: int
    models: Mapping[str, ModelState]


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run.  `id` sorts by time.  `owner` is host, pid, process start and boot id (ruling 19)."""

    id: str
    environment: str
    status: RunStatus
    started_at: datetime
    finished_at: datetime | None = None
    command: str = ""
    owner: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One check's result; `sample` holds failing rows as mappings (masked where a column is tagged ``pii``)."""

    name: str
    type: str
    severity: str
    passed: bool
    message: str
    failing: int | None = None
    sample: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class IntervalRecord:
    """A part of time ``[start, end)`` that a model was loaded for.

    Attributes:
        fingerprint: of the definition that loaded it (ruling 10).
        partial: it had not ended when it was loaded, and will be loaded again.
        attempt: that loaded it; empty in what is given to the store, which knows it.
    """

    start: datetime
    end: datetime
    fingerprint: str
    partial: bool = False
    attempt: str = ""


@dataclass(frozen=True, slots=True)
class MetricRecord:
    """A number that was measured of a model: of a column, or of the whole where `column` is None.

    `name` is the check's or the profile's word, such as ``row_count``, ``null_fraction``, ``mean``.
    """

    model: str
    name: str
    value: float | None
    column: str | None = None
    run: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed attempt that was given up, with what is needed to understand it and to do it again.

    Attributes:
        execution_time: of the load, which a replay uses again.
        arguments: what else the replay needs, as plain JSON: the interval, variables, the command.
        attempts: how often it was tried.
        status: ``open`` until it was replayed with success or somebody resolved it.
        note: why it was resolved.
    """

    id: str
    environment: str
    model: str
    run: str
    attempt: str
    execution_time: datetime
    failed_at: datetime
    error: str
    error_code: str | None
    error_class: str
    traceback: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 1
    status: Literal["open", "replayed", "resolved"] = "open"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class CircuitRecord:
    """The circuit breaker of a connection, as it was last seen: ``closed``, ``open`` or ``half-open``."""

    connection: str
    state: Literal["closed", "open", "half-open"]
    failures: int
    at: datetime
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """What ``run --hold`` staged for one model, waiting for ``release`` or ``discard``.

    Attributes:
        run: that staged it.
        relation: the target's full name, its parts joined by dots.
        staged: the full name of what will be published there.
        base: the data version of the target that it was compared with; None where there was none.
        record: the attempt to record at the release, encoded; opaque to the store.
        difference: added, removed and changed rows, and by column, as plain JSON.
    """

    run: str
    environment: str
    model: str
    connection: str
    relation: str
    staged: str
    at: datetime
    base: str | None = None
    record: bytes = b""
    difference: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DefinitionRecord:
    """What a model was built from, so that the next definition can be compared with it.

    Attributes:
        query: the SQL as it is written, without the header, the queries of models that are inlined in place of their
            names; None for what is no SQL.
        rest: a digest of what else decides the data: keys, values of variables; where models are inlined, a space and a
            digest of their definitions follow.
        document: what is said of the model, as plain JSON: see ``interlace docs export``.
    """

    query: str | None
    rest: str
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One attempt at one model in one run.

    Attributes:
        state: the model's new present; the store replaces the row by it.
        schema_changed: whether `state.columns` is to be added to the schema history as a new version.
        intervals: the parts of time that it loaded; what overlaps them in the state is replaced where it is covered.
        forget_intervals: whether all intervals that were recorded before are forgotten first, and the cursor with them
            (a full refresh).
        cursor: the greatest value of the incremental column that was seen, as text; None leaves what is recorded.
        metrics: what was measured.
        definition: what it was built from, of a success with a definition that the state does not have yet.
    """

    id: str
    run: str
    model: str
    status: AttemptStatus
    reason: str
    started_at: datetime
    finished_at: datetime
    state: ModelState
    counts: Mapping[str, int] = field(default_factory=dict)
    checks: Sequence[CheckRecord] = ()
    error: str | None = None
    error_code: str | None = None
    schema_changed: bool = False
    intervals: Sequence[IntervalRecord] = ()
    forget_intervals: bool = False
    cursor: str | None = None
    metrics: Sequence[MetricRecord] = ()
    definition: DefinitionRecord | None = None


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """What one build of a model, or of one interval of it, took: its time, and the rows that it wrote where that is known."""

    seconds: float
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event of a run as it is kept: `data` is plain JSON."""

    run: str
    at: datetime
    type: str
    model: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LeaseHeld:
    """Who holds a lease, and until when unless it is renewed."""

    name: str
    owner: str
    expires_at: datetime


class StateStore(ABC):
    """What a run needs of the state, and what ``runs``, ``state`` and ``why`` show of it.

    One per project; its methods may be called from any thread.  Names of models are given as they are written in
    the project.  All times are UTC, with their zone.
    """

    Config: ClassVar[type[Options]] = Options

    @abstractmethod
    def open(self) -> None:
        """Open, and make an empty store where there is none.

        Raises:
            StateError: it cannot be opened or made; or it has another revision than this Interlace: says to run
                ``interlace state upgrade``.
        """

    @abstractmethod
    def close(self) -> None:
        """Close; closing twice does nothing."""

    @abstractmethod
    def snapshot(self, environment: str) -> StateSnapshot:
        """All models of one environment, by one query."""

    @abstractmethod
    def revision(self, environment: str) -> int:
        """The present revision of one environment; 0 when nothing was ever recorded."""

    # --- a run ------------------------------------------------------------------------------------------------

    @abstractmethod
    def begin_run(self, run: RunRecord) -> None:
        """Record a run as running.

        Raises:
            StateError: it is recorded already.
        """

    @abstractmethod
    def record(self, environment: str, attempts: Sequence[AttemptRecord], events: Sequence[EventRecord] = ()) -> None:
        """Record attempts, the models' new states, their checks and schemas, and events: one transaction.

        The environment's revision moves once, and not at all where there are only events.  A data version enters the
        history with the first attempt that succeeded with it; a document, where it is not that of the version before.

        Raises:
            StateError: nothing was recorded.
            Defect: a time has no zone, or a value is not plain JSON (NaN is not).
        """

    @abstractmethod
    def finish_run(self, run: RunRecord) -> None:
        """Record how a run ended; one that was never begun is recorded whole.

        ``lost`` is recorded only of a run that is still running, so that its own end is never overwritten.
        """

    @abstractmethod
    def forget_models(self, environment: str, names: Iterable[str]) -> None:
        """Drop the present state of models that are gone: with their intervals, cursors and definitions; their history stays.

        The revision moves if any was there.
        """

    @abstractmethod
    def rename_model(self, environment: str, old: str, new: str, relation: str) -> None:
        """Let a model go on under another name: its present state, definition, histories, intervals, cursor and numbers.

        What was recorded under the new name gives way, but for its schemas and documents, after which the other's are
        numbered.
        The attempts keep the name that they ran under.  The revision moves.

        Args:
            environment: where.
            old: the name until now; one that has no state changes nothing.
            new: the name from now on.
            relation: the full name of what is published from now on, its parts joined by dots.
        """

    # --- what a service keeps ---------------------------------------------------------------------------------

    @property
    @abstractmethod
    def schedules(self) -> Schedules:
        """The schedules, and what became of the times that they were due."""

    @property
    @abstractmethod
    def queue(self) -> Queue:
        """The runs that are asked for."""

    # --- leases -----------------------------------------------------------------------------------------------

    @abstractmethod
    def acquire(self, name: str, owner: str, now: datetime, ttl: timedelta) -> LeaseHeld | None:
        """Take a lease unless another owner holds it and it has not expired.

        Returns:
            None when it was taken (or renewed by its owner); else who holds it.
        """

    @abstractmethod
    def release(self, name: str, owner: str) -> None:
        """Give a lease back, if this owner holds it."""

    @abstractmethod
    def lease(self, name: str) -> LeaseHeld | None:
        """Who holds a lease, expired or not; None when nobody does."""

    @abstractmethod
    def steal(self, name: str, owner: str, from_owner: str, now: datetime, ttl: timedelta) -> bool:
        """Take a lease from an owner that is known to be dead; False when somebody else was faster."""

    # --- answers of "nothing to do" ---------------------------------------------------------------------------

    @abstractmethod
    def save_answer(self, key: str, answer: bytes) -> None:
        """Keep what ended a run in "nothing to do", under a key, instead of what was there; `answer` is opaque.

        No revision moves.
        """

    @abstractmethod
    def answer(self, key: str) -> bytes | None:
        """What was kept under a key; None where nothing is."""

    # --- reading ----------------------------------------------------------------------------------------------

    @abstractmethod
    def runs(
        self, environment: str | None = None, *, status: RunStatus | None = None, limit: int = 20
    ) -> list[RunRecord]:
        """Runs, newest first."""

    @abstractmethod
    def run(self, id: str) -> RunRecord | None:  # noqa: A002
        """One run by its id, or by a prefix of it that fits one only; None for an empty one."""

    @abstractmethod
    def attempts(self, *, run: str | None = None, model: str | None = None, limit: int = 1000) -> list[AttemptRecord]:
        """The newest `limit` attempts, oldest first, with their checks; each one's `state` holds only the name."""

    @abstractmethod
    def builds(self, environment: str, models: Collection[str], *, limit: int = 5) -> dict[str, list[BuildRecord]]:
        """The last builds of models that succeeded, newest first, by one query; models without any are left out.

        A build is an attempt with counts, or one after whose id a data version is called; a check or an export is none.
        Where it counted neither what it inserted nor what it updated, its rows are those of the relation.
        """

    @abstractmethod
    def events(self, run: str, *, after: int = 0, limit: int = 10_000) -> list[tuple[int, EventRecord]]:
        """Events of a run with their ids, in order, those after an id."""

    @abstractmethod
    def schema_history(self, environment: str, model: str) -> list[tuple[int, datetime, tuple[Column, ...]]]:
        """Each version of a model's columns with its number and time, oldest first."""

    @abstractmethod
    def definition(self, environment: str, model: str) -> tuple[Fingerprint, DefinitionRecord] | None:
        """What a model was last built from, with the fingerprint that it was recorded under; None where it is not known."""

    @abstractmethod
    def documents(self, environment: str, model: str) -> list[tuple[int, datetime, Fingerprint, Mapping[str, Any]]]:
        """Each version of what is said of a model: number, time, fingerprint and document, oldest first."""

    @abstractmethod
    def intervals(self, environment: str, model: str) -> list[IntervalRecord]:
        """The parts of time that a model was loaded for, oldest first; they do not overlap."""

    @abstractmethod
    def cursor(self, environment: str, model: str) -> str | None:
        """The greatest value of a model's incremental column that was recorded."""

    @abstractmethod
    def metrics(
        self, environment: str, model: str, name: str, column: str | None = None, *, limit: int = 100
    ) -> list[MetricRecord]:
        """What was measured before, newest first."""

    @abstractmethod
    def check_history(
        self, environment: str, *, model: str | None = None, check: str | None = None, limit: int = 1000
    ) -> list[tuple[datetime, str, str, CheckRecord]]:
        """Results of checks as (time, run, model, result), newest first."""

    # --- what failed, what waits ------------------------------------------------------------------------------

    @abstractmethod
    def add_dead_letter(self, letter: DeadLetter) -> None:
        """Keep an attempt that was given up; an open one of the same model is replaced by it, its attempts added up."""

    @abstractmethod
    def dead_letters(
        self, environment: str | None = None, *, model: str | None = None, status: str | None = "open", limit: int = 100
    ) -> list[DeadLetter]:
        """Dead letters, newest first; those of every status where `status` is None."""

    @abstractmethod
    def dead_letter(self, id: str) -> DeadLetter | None:  # noqa: A002
        """One by its id, or by a prefix of it that fits one only."""

    @abstractmethod
    def settle_dead_letter(self, id: str, status: Literal["replayed", "resolved"], note: str | None = None) -> bool:  # noqa: A002
        """Say that an open one is done with; False when there is no open one of this id."""

    @abstractmethod
    def purge_dead_letters(self, environment: str | None, before: datetime, *, include_open: bool = False) -> int:
        """Delete those that failed before; the open ones only where that is said.  Gives how many."""

    @abstractmethod
    def save_circuit(self, circuit: CircuitRecord) -> None:
        """Record what a connection's circuit breaker is now."""

    @abstractmethod
    def circuits(self) -> list[CircuitRecord]:
        """All that were recorded, by connection."""

    @abstractmethod
    def hold(self, held: Sequence[HeldRecord]) -> None:
        """Keep what a run staged."""

    @abstractmethod
    def held(self, environment: str | None = None, *, run: str | None = None) -> list[HeldRecord]:
        """What waits, oldest first."""

    @abstractmethod
    def drop_held(self, run: str, models: Sequence[str] | None = None) -> int:
        """Forget what a run staged: all, or that of these models.  Gives how many."""

    # --- housekeeping -----------------------------------------------------------------------------------------

    @abstractmethod
    def upgrade(self) -> tuple[str | None, str]:
        """Bring the tables to this Interlace's revision.

        Returns:
            the revision before (None for an empty store) and the one after.
        """

    @abstractmethod
    def prune(self, now: datetime, retention: Mapping[str, timedelta]) -> dict[str, int]:
        """Delete what is older than its table's retention.

        What is present is never deleted: models, revisions, the last run and attempt of each model with its checks, its
        published data version, its newest schema and document.  With a run go its attempts, their checks and its events.

        Args:
            retention: by the names of `tables`; a table that is not named keeps everything.

        Returns:
            rows deleted, by table.

        Raises:
            UsageError: there is no such table to prune.
        """

    @abstractmethod
    def export(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Every row of every table, as (table, row), as plain JSON values."""

    @abstractmethod
    def tables(self) -> dict[str, int]:
        """The number of rows of each table."""

    def file(self) -> Path | None:
        """The local file it lives in; None for a server."""
        return None
