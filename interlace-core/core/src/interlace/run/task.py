"""What a run needs to know of one step before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.exporter import Exporter, ExportOptions
    from interlace.contracts.files import FileConnection
    from interlace.contracts.load import Interval
    from interlace.contracts.materialiser import Materialiser
    from interlace.contracts.options import Options
    from interlace.contracts.relation import Column, Relation, RelationInfo
    from interlace.contracts.state import IntervalRecord, ModelState
    from interlace.contracts.strategy import Strategy
    from interlace.model.definition import Model
    from interlace.plan.steps import Step
    from interlace.run.taking import Taking
    from interlace.run.transfer import Need
    from interlace.schema.declared import DeclaredCasts

__all__ = ["Export", "Portion", "Sending", "Sent", "Task"]


@dataclass(frozen=True, slots=True)
class Sent:
    """What an export wrote; what is not known is None.

    Attributes:
        counts: of a table's rows by what became of them, or of files.
    """

    rows: int | None = None
    bytes: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


class Sending(Protocol):
    """A step after the publication, which has a status of its own (ruling 17)."""

    @property
    def key(self) -> str:
        """Under which the state keeps its status."""

    @property
    def format(self) -> str:
        """What is done, in a word."""

    @property
    def fingerprint(self) -> str:
        """Another one is done again."""

    @property
    def shown(self) -> str:
        """Where it goes, for people."""

    @property
    def writes(self) -> Connection | None:
        """The database that it writes to, whose lease the run has to hold; None for files."""

    def send(self, task: Task, session: Session) -> Sent:
        """Do it.

        Args:
            session: on the model's connection.

        Raises:
            ExportFailed: it could not be done.
        """


@dataclass(frozen=True, slots=True)
class Export:
    """One export of a model to files: its key in the state, its fingerprint, who writes it, and to where.

    Attributes:
        path: absolute, or relative to the place of `connection`; filled in.
        connection: None for a local file.
    """

    key: str
    format: str
    fingerprint: str
    exporter: Exporter
    options: ExportOptions
    path: str
    connection: FileConnection | None = None

    @property
    def shown(self) -> str:
        """Where it goes, for people."""
        return self.path if self.connection is None else self.connection.shown(self.path)

    @property
    def writes(self) -> Connection | None:
        """No database."""
        return None

    def send(self, task: Task, session: Session) -> Sent:
        """Write it."""
        from interlace.run.exports import run_export

        written = run_export(task, self, session)
        return Sent(written.rows, written.bytes)


@dataclass(frozen=True, slots=True)
class Portion:
    """What one load of a model is about; each is a transaction and an attempt of its own.

    Attributes:
        at: the execution time, UTC.
        interval: the part of time; None where the load is about all, or about whatever is new.
        partial: whether the rows are only what is new or changed.
        records: the intervals to record with the load.
        cursor: the value from which rows are new, as a SQL literal of the model's dialect; None at first.
        since: the same value for Python.
        seen: the greatest value that was recorded, as text.
        fresh: the table is made anew, and what was recorded of it is forgotten.
        saves_cursor: the greatest value that is loaded is recorded.
        files: those that are taken in; None for a model that takes in none.
    """

    at: datetime
    interval: Interval | None = None
    partial: bool = False
    records: tuple[IntervalRecord, ...] = ()
    cursor: str | None = None
    since: object = None
    seen: str | None = None
    fresh: bool = False
    saves_cursor: bool = False
    files: Taking | None = None

    @property
    def label(self) -> str | None:
        """The interval as its marker keeps it: ISO 8601, start and end."""
        return f"{self.interval.start.isoformat()}/{self.interval.end.isoformat()}" if self.interval else None


@dataclass(slots=True)
class Task:
    """One step, with everything that its names stand for.

    Attributes:
        parents: what has to be done before, through models that are inlined.
        standing: what stands at `relation` now.
        state: the model's state before the run.
        fingerprint: of its data, the values of its variables included.
        replaces: whether the load makes the target be just what the source gives.
        groupable: whether it may share a transaction with other small models.
        inputs: the tokens of its inputs, taken when it was planned.
        lost: the keys of exports whose file is gone.
        masked: columns whose values are not kept in samples.
        copied_from: a relation whose rows `relation` is filled with before the load, under ``--hold``.
        needs: what is copied from other connections before.
        source_columns: of the query, once they are known; the portions of a model share them.
        casts: those that give the columns of the query their declared types, once they are known; the portions share them.
        within: whether the query shows that it gives only rows of its interval, once that is known.
        reads: how many rows a portion is taken to read; None where nobody knows.
        certain: whether this run itself saw what `standing` says, and nobody changed it since.
        portions: what is loaded, in order; one portion that is about all for a model that is not incremental.
    """

    step: Step
    model: Model
    connection: Connection
    materialiser: Materialiser
    strategy: Strategy
    options: Options
    parents: tuple[str, ...]
    relation: Relation | None
    standing: RelationInfo | None
    state: ModelState
    fingerprint: str
    replaces: bool
    groupable: bool
    exports: tuple[Sending, ...] = ()
    inputs: Mapping[str, str] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()
    copied_from: Relation | None = None
    needs: tuple[Need, ...] = ()
    portions: tuple[Portion, ...] = ()
    source_columns: tuple[Column, ...] | None = None
    casts: DeclaredCasts | None = None
    within: bool | None = None
    reads: int | None = None
    certain: bool = False

    @property
    def name(self) -> str:
        """The model's name."""
        return self.model.name
