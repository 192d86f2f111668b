"""A plan: what will run and why, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from interlace.plan.renames import Move
    from interlace.plan.windows import Batch

__all__ = ["Action", "Deferred", "Outgoing", "Plan", "Reason", "Step", "Transfer", "Upstream"]

Action = Literal["build", "check", "attach", "export", "none"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a model runs, or why it need not.

    Attributes:
        code: one of ``new, definition, checks, attached, parent, parent_runs, inputs, files, relation, volatile, source, expired, failed,
            export, forced, asked, up_to_date``; of a table that begins as a copy of another environment's ``clone``; of an incremental model also ``interval, gap, lookback, partial, older, again,
            older_definition, waiting``; with ``--full-refresh`` ``full_refresh``.
        text: for people: ``the query changed``, ``customers runs``, ``table main.orders is not there``.
        details: the names or files it is about.
    """

    code: str
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One model of the plan.

    Attributes:
        model: its name.
        action: ``build`` (and check and export), ``check`` the published relation again, ``attach`` to it what is
            declared (indexes, grants, comments), ``export`` again.
        reasons: never empty.
        relation: what it writes, in full; None where it has no relation.
        materialise: its materialisation.
        strategy: its strategy, where it has one.
        tentative: it runs only if a parent's rows move.
        seconds: what its last success took, where known.
        intervals: of a model that is incremental by datetime, what is loaded, in order, each in a transaction of its own.
        fresh: whether the table is made anew, whatever was loaded before.
    """

    model: str
    action: Action
    reasons: tuple[Reason, ...]
    relation: str | None = None
    materialise: str = "table"
    strategy: str | None = None
    tentative: bool = False
    seconds: float | None = None
    intervals: tuple[Batch, ...] = ()
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Upstream:
    """A model that was selected and is up to date."""

    model: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Deferred:
    """A model that is read from another environment, and not built; without a relation it is only not run."""

    model: str
    environment: str
    relation: str | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """What is copied from one connection to another, once for all that read it there.

    Attributes:
        name: a model or source.
        source: the connection where it is.
        reader: the connection where it is read.
        rows: as of the last run; None where nobody knows.
        columns: the columns that its readers may use, in lower case; None for all.
        window: the part of time that its readers load, for people; None for all.
    """

    name: str
    source: str
    reader: str
    rows: int | None = None
    columns: tuple[str, ...] | None = None
    window: str | None = None

    def __str__(self) -> str:
        rows = "" if self.rows is None else f"{self.rows:,} {'row' if self.rows == 1 else 'rows'}"
        part = "" if self.window is None else f"{'of ' + rows + ' ' if rows else ''}those with {self.window}"
        what = part or rows
        return f"{self.name} is copied from {self.source} to {self.reader}{': ' if what else ''}{what}"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a plan says of one export to a table."""

    model: str
    connection: str
    relation: str
    how: str

    def __str__(self) -> str:
        return f"{self.model} is exported to {self.connection}:{self.relation} ({self.how})"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do.

    Attributes:
        id: a hash of all that it says.
        where: where each connection writes, for people.
        steps: in an order in which parents come first.
        up_to_date: what was selected and need not run.
        orphans: relations that Interlace published and whose model is gone.
        notices: what the user should know.
        revision: of the state that it was made from.
        moves: models that go on under another name; their relations are renamed before anything is built.
        deferred: what is read from another environment.
        transfers: what is copied between connections.
        outgoing: what is written to tables of other connections once it is published.
    """

    id: str
    environment: str
    where: Mapping[str, str]
    steps: tuple[Step, ...]
    up_to_date: tuple[Upstream, ...] = ()
    orphans: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    revision: int = 0
    selected: frozenset[str] = field(default_factory=frozenset)
    moves: tuple[Move, ...] = ()
    deferred: tuple[Deferred, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and not self.moves

    def step(self, model: str) -> Step | None:
        """The step of one model."""
        return next((s for s in self.steps if s.model == model), None)
