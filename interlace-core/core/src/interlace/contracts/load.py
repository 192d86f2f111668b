"""What a load is: the specification that a strategy sees, and the plan that a session performs.

A plan is data: frozen steps from a closed vocabulary, which a test can compare, a user can print and a
session renders for its own engine.  Strategies are pure functions from `LoadSpec` to `LoadPlan`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from sqlglot import exp

    from interlace.contracts.connection import Capabilities
    from interlace.contracts.relation import Column, Relation

__all__ = [
    "AddColumn",
    "AlterType",
    "Change",
    "Derive",
    "Examine",
    "Insert",
    "Interval",
    "Keep",
    "LoadCounts",
    "LoadPlan",
    "LoadSpec",
    "Notice",
    "Publish",
    "Query",
    "Refusal",
    "Rename",
    "SchemaMode",
    "Source",
    "Stage",
    "Step",
]

O = TypeVar("O")  # noqa: E741  the strategy's own options


@dataclass(frozen=True, slots=True)
class Query:
    """Rows given by a query: text in the dialect of the session that runs it, names already physical."""

    sql: str


Source = "Query | Relation | exp.Query"
"""Where the rows of a load come from: a query, a relation (a staged or registered one), or an expression of sqlglot."""


class SchemaMode(StrEnum):
    """What a load does when the batch's columns are not the table's (``loading.md``); for tables that keep rows."""

    STRICT = "strict"
    SAFE = "safe"
    FLEXIBLE = "flexible"
    LENIENT = "lenient"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Interval:
    """The part of time that a load is about: the rows whose `column` is in ``[start, end)``.

    Attributes:
        column: of the batch and of the table.
        start: with its zone.
        end: with its zone; not part of it.
    """

    column: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class LoadSpec(Generic[O]):
    """All that a strategy may look at.  Never data.

    Attributes:
        target: the relation to load.
        source: the rows; executed once.
        source_columns: the columns of the source, or None where the strategy said that it does not need them.
        target_columns: the columns of the target; None where it does not exist.
        key: the columns of the model's key.
        options: the strategy's own `Config`, validated.
        execution_time: the moment that this load counts as, in UTC; the same for each retry.
        capabilities: of the session that will perform the plan.
        dialect: sqlglot's name of that session's dialect, in which the types of the columns are written.
        schema_mode: what happens where the batch's columns are not the table's.
        interval: the part of time that this load is about; None where it is about all, or about whatever is new.
        partial: whether the batch is only what is new or changed (``incremental``), so that what is missing from it
            says nothing.
        renamed: columns of the table by the names that they had before, declared by ``renamed_from``: {new: old}.
        within: whether the source shows by its own text that all of its rows are in `interval`, so that nobody need
            count those that are not.
    """

    target: Relation
    source: Query | Relation
    source_columns: tuple[Column, ...] | None
    target_columns: tuple[Column, ...] | None
    key: tuple[str, ...]
    options: O
    execution_time: datetime
    capabilities: Capabilities
    dialect: str
    schema_mode: SchemaMode = SchemaMode.SAFE
    interval: Interval | None = None
    partial: bool = False
    renamed: Mapping[str, str] = field(default_factory=dict)
    within: bool = False


@dataclass(frozen=True, slots=True)
class Publish:
    """Make the target be what the source gives: in place where DDL is transactional, by a swap elsewhere.

    The rows count as inserted.
    """

    target: Relation
    source: Query | Relation | exp.Query


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add a column, NULL in the rows that are there."""

    target: Relation
    column: Column


@dataclass(frozen=True, slots=True)
class AlterType:
    """Widen a column to another type, given as text of the session's dialect."""

    target: Relation
    column: str
    type: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert the source's rows; `columns` are matched by name on both sides, the others stay NULL."""

    target: Relation
    columns: tuple[str, ...]
    source: Query | Relation | exp.Query


@dataclass(frozen=True, slots=True)
class Rename:
    """Give a column of the target another name."""

    target: Relation
    column: str
    to: str


@dataclass(frozen=True, slots=True)
class Stage:
    """Execute the source, once, into a new temporary relation of the session; gone when the transaction ends.

    A temporary relation that the session left under this name is replaced.
    """

    relation: Relation
    source: Query | Relation | exp.Query


@dataclass(frozen=True, slots=True)
class Derive:
    """Compute a temporary relation from others, as `Stage` does: what becomes of each row, for example.

    Attributes:
        key: the columns by which later steps join it, for engines that plan a join by what they know of these.
    """

    relation: Relation
    query: exp.Query
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A number that must be zero, or the load is refused and nothing is written.

    Attributes:
        column: of the row that `Examine` gives; NULL counts as zero.
        message: what is wrong, with ``{count}`` for the number.
        hint: what to do about it.
        sample: a query that gives the rows to show (at most ten are), where there are any.
        defect: whether it is Interlace that is wrong: a post-condition of ``loading.md`` 14.
    """

    column: str
    message: str
    hint: str | None = None
    sample: exp.Query | None = None
    defect: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A number that, where it is not zero, is said as a warning of the load.

    Attributes:
        column: of the row that `Examine` gives; NULL counts as zero.
        message: what became of the rows, with ``{count}`` for the number.
    """

    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Examine:
    """Ask for one row of numbers: those that must be zero, and those that are counts of the load.

    Attributes:
        query: gives one row; its columns have the names that `refusals`, `counts` and `notices` use.
        refusals: looked at in their order; the first that is not zero ends the load.
        counts: columns named like the fields of `LoadCounts`; added to the load's counts.
        notices: added to `LoadCounts.notices` where the number is not zero.
    """

    query: exp.Query
    refusals: tuple[Refusal, ...] = ()
    counts: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Delete, update, insert or merge rows: one statement.

    Attributes:
        expression: the statement, names already physical.
        count: the field of `LoadCounts` that its rows are added to; None where they are counted elsewhere.
        expect: what is wrong where it changes another number of rows than the column of an earlier `Examine` says; not
            looked at where the engine does not report the number.
    """

    expression: exp.Delete | exp.Update | exp.Insert | exp.Merge
    count: Literal["inserted", "updated", "deleted", "closed"] | None = None
    expect: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """Set rows aside in a side table, which is made from the query's columns when it is not there.

    A column that it lacks is added; one whose type is another becomes text.
    """

    target: Relation
    query: exp.Query


Step = Publish | AddColumn | AlterType | Rename | Insert | Stage | Derive | Examine | Change | Keep


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a session performs, in order, in one transaction.

    Attributes:
        steps: the statements to be.
        idempotent: whether running the whole load again gives the same table; when it does not, the session leaves
            a marker in the same transaction.
        known: counts that are known before anything is run, by the names of `LoadCounts`.
    """

    steps: Sequence[Step]
    idempotent: bool
    known: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def keeps_columns(self) -> bool:
        """Whether no step can change the columns of the target."""
        return not any(isinstance(step, Publish | AddColumn | AlterType | Rename) for step in self.steps)


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """Rows by what became of them; None where the engine does not report it (shown as ``unknown``).

    Attributes:
        notices: sentences for people, such as how many values became NULL; warnings of the attempt.
        same_columns: whether it is certain that the load left the columns of its target as they were.
    """

    inserted: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    deleted: int | None = None
    closed: int | None = None
    rejected: int | None = None
    late: int | None = None
    conflict: int | None = None
    notices: tuple[str, ...] = field(default=(), compare=False)
    same_columns: bool = field(default=False, compare=False)

    def known(self) -> dict[str, int]:
        """The counts that the engine reported, by name."""
        return {name: n for name in _COUNTS if (n := getattr(self, name)) is not None}

    def plus(self, more: Mapping[str, int | None]) -> LoadCounts:
        """The counts with these added; what the engine did not report (None) makes the sum unknown, unless it is not named."""
        sums: dict[str, Any] = {
            name: None if number is None else (getattr(self, name) or 0) + number for name, number in more.items()
        }
        return replace(self, **sums)

    @property
    def moved(self) -> bool:
        """Whether rows of the target changed, as far as is known."""
        known = self.known()
        if not known:
            return True
        return any(known.get(name, 0) for name in ("inserted", "updated", "deleted", "closed"))


_COUNTS = tuple(f.name for f in fields(LoadCounts) if f.name not in {"notices", "same_columns"})
