"""A plan: what will run and why, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from interlace.plan.estimates import Estimates
    from interlace.plan.renames import Move
    from interlace.plan.saved import SavedPlan
    from interlace.plan.windows import Batch

__all__ = ["Action", "Break", "Change", "Deferred", "Outgoing", "Plan", "Reason", "Step", "Transfer", "Upstream"]

Action = Literal["build", "check", "attach", "export", "none"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a model runs, or why it need not.

    Attributes:
        code: one of ``new, definition, checks, attached, parent, parent_runs, inputs, files, relation, volatile, source, expired, failed,
            export, forced, asked, up_to_date, columns``; of a table that begins as a copy of another environment's ``clone``; of an incremental model also ``interval, gap, lookback, partial, older, again,
            older_definition, waiting``; with ``--full-refresh`` ``full_refresh``.
            ``columns``: its parents moved, and it reads nothing of what did.
        text: for people: ``the query changed``, ``customers runs``, ``table main.orders is not there``.
        details: the names or files it is about.
    """

    code: str
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What an edited query changes.

    Attributes:
        kind: ``non_breaking`` where the rows stay, and columns are only added or no reader reads what is another.
        columns: whose values may be others, or that are added or removed, in lower case; None where anything may be.
        added: columns, as written.
        removed: columns, as written.
        why: for people: ``note is new``.
        spared: the models below that need not run because of it.
    """

    kind: Literal["breaking", "non_breaking"]
    columns: frozenset[str] | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    why: str = ""
    spared: tuple[str, ...] = ()


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
        change: what an edited query changes; None where the query is none or was not edited, or nobody knows what it was.
        columns: that a build moves, in lower case; None where anything may move.
        parents: by parent the columns that the plan takes to have moved since the model read it, where that is known.
        spared: the parents among them of which the model reads none of these columns.
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
    change: Change | None = None
    columns: frozenset[str] | None = None
    parents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    spared: frozenset[str] = frozenset()


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
class Break:
    """A query that reads what the plan leaves no more, or that is not there.

    Attributes:
        model: who reads.
        column: what it reads, as written.
        text: a sentence for people, with the place.
        file: relative to the project's root; `line` and `column_number` count from 1.
        stops: whether a run refuses to begin: the reader would run, or is a view that would break at once.
    """

    model: str
    column: str
    text: str
    file: str
    line: int
    column_number: int
    stops: bool = True


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
        breaks: readers that the changed definitions break.
        estimates: what it will take; None where nobody asked, as in a run.
        saved: the plan as it can be written and applied later; None in a run.
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
    breaks: tuple[Break, ...] = ()
    estimates: Estimates | None = None
    saved: SavedPlan | None = field(default=None, repr=False, compare=False)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and not self.moves

    def step(self, model: str) -> Step | None:
        """The step of one model."""
        return next((s for s in self.steps if s.model == model), None)
