"""A check compiles to SQL and judges the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlglot import exp

    from interlace.contracts.relation import Column, Relation

__all__ = [
    "Check",
    "CheckOptions",
    "CheckTarget",
    "HistoryCheck",
    "Measure",
    "OnFailure",
    "Scope",
    "Severity",
    "Verdict",
]

Severity = Literal["error", "warn"]
OnFailure = Literal["block", "quarantine", "warn"]
Scope = Literal["table", "batch"]


class CheckOptions(Options):
    """What every check takes.

    Attributes:
        severity: ``error`` blocks publication, ``warn`` only says so.
        name: the name that results go by; made from the check and its columns when it is not given.
        where: a condition in the connection's dialect; only the rows for which it is true are checked.
        max_rows: how many rows may fail.
        max_fraction: which part of the rows may fail, from 0 to 1; with `max_rows` both must hold.
        on_failure: ``block`` publishes nothing, ``warn`` only says so, ``quarantine`` publishes the good rows and keeps the
            bad ones in ``<relation>__quarantine``; `max_rows` and `max_fraction` then say how many may be set aside.
            Without it the severity decides.
        scope: ``table`` checks what will be published, ``batch`` the rows that the load brings; where the load replaces
            the table these are the same.  Without it ``table``, and ``batch`` where rows go to quarantine.
    """

    severity: Severity = "error"
    name: str | None = None
    where: Annotated[str, Field(min_length=1)] | None = None
    max_rows: Annotated[int, Field(ge=0, strict=True)] | None = None
    max_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    on_failure: OnFailure | None = None
    scope: Scope | None = None

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.severity == "warn" and self.on_failure == "block":
            raise ValueError("has severity: warn, which never blocks, and on_failure: block")
        if self.on_failure == "quarantine" and self.scope == "table":
            raise ValueError("has on_failure: quarantine, which sets rows of the batch aside, and scope: table")
        return self

    @property
    def reaction(self) -> OnFailure:
        """What happens when it fails."""
        if self.on_failure is not None:
            return self.on_failure
        return "warn" if self.severity == "warn" else "block"

    @property
    def on_batch(self) -> bool:
        """Whether it is about the rows that a load brings, where these are told from the table's."""
        return self.scope == "batch" or self.on_failure == "quarantine"


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """What a check may look at when it compiles.

    Attributes:
        relation: the staged relation.
        columns: its columns.
        dialect: sqlglot's name of the session's dialect, for parsing what the user wrote.
        resolve: gives the relation of another model by its name (for ``relationships``); for the checked model itself
            the staged relation.
        variables: the SQL of each ``$name``, for what the user wrote.
    """

    relation: Relation
    columns: tuple[Column, ...]
    dialect: str
    resolve: Callable[[str], Relation]
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a check asks of the database.

    Attributes:
        value: one scalar expression over the relation: an aggregate, or a scalar subquery.  The measures of all checks
            of a relation are selected together, in one statement, ``FROM`` the relation.
        failing: a query for rows that fail, without a limit; None where a failure has no rows.
        broken: a condition over one row of the relation that is true of just the rows that fail, so that they can be set
            aside; None where the check cannot say so.  Where a subquery of it needs a column of the row, the column is
            qualified by the relation's name.

    Of the rows that the user's ``where`` leaves out nothing need be known here: whoever asks rewrites all three.
    """

    value: exp.Expr
    failing: exp.Query | None = None
    broken: exp.Expr | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found.

    Attributes:
        passed: whether the data is as the check says.
        message: one sentence with the figures, such as ``3 rows have no order_id``.
        failing: the number of failing rows, where that is what it counts.
    """

    passed: bool
    message: str
    failing: int | None = None


class Check(ABC):
    """One kind of check: the words allowed in ``checks:``.

    Attributes:
        Config: its options.
        shorthand: the option that a bare value sets: ``- not_null: id`` is ``- not_null: {columns: [id]}``.
        column_option: the option that names the column when the check stands under ``columns: {x: {checks: …}}``;
            None where it cannot stand there.
        counts_rows: whether a failure is a number of rows, so that ``max_rows`` and ``max_fraction`` may limit it.
        quarantines: whether `Measure.broken` is given, so that ``on_failure: quarantine`` is allowed.
    """

    Config: ClassVar[type[CheckOptions]] = CheckOptions
    shorthand: ClassVar[str | None] = None
    column_option: ClassVar[str | None] = None
    counts_rows: ClassVar[bool] = True
    quarantines: ClassVar[bool] = False

    @abstractmethod
    def columns(self, options: Any) -> tuple[str, ...]:
        """The columns of the relation that it reads, as far as the options name them; looked up before compiling."""

    def models(self, options: Any) -> tuple[str, ...]:
        """The other models that it reads, by name: they are built before the checked one."""
        del options
        return ()

    def subject(self, options: Any) -> str:
        """What its result's name holds in parentheses: ``not_null(id)``; empty for none."""
        return ", ".join(self.columns(options))

    def reads(self, options: Any, dialect: str) -> tuple[str, ...]:
        """As `models`, for what has to be parsed in the connection's dialect first."""
        del dialect
        return self.models(options)

    def validate(self, options: Any, dialect: str) -> None:  # noqa: B027  most options are wrong in no other way
        """Refuse options that are wrong whatever the relation holds; called before anything runs.

        Args:
            options: validated by `Config`.
            dialect: sqlglot's name of the connection's dialect.

        Raises:
            InvalidModel: says what is wrong.
        """

    @abstractmethod
    def compile(self, target: CheckTarget, options: Any) -> Measure:
        """Say what to ask the database.

        Raises:
            InvalidModel: the options do not fit the relation.
        """

    @abstractmethod
    def judge(self, value: Any, options: Any, now: datetime) -> Verdict:
        """Judge the answer: `value` is what `Measure.value` gave, as a Python value; `now` is in UTC."""


class HistoryCheck(Check):
    """A check that compares what is measured now with what was measured in earlier runs.

    What it measures is recorded with each run that succeeds.
    """

    @abstractmethod
    def metric(self, options: Any) -> tuple[str, str | None]:
        """Name what is recorded: its word, and the column that it is of; None for the whole relation."""

    @abstractmethod
    def measured(self, value: Any, options: Any, now: datetime) -> float | None:
        """What is recorded, of what `Measure.value` gave; None where there is nothing to measure."""

    @abstractmethod
    def compare(self, measured: float | None, history: Sequence[float], options: Any) -> Verdict:
        """Judge what was measured by what was measured before, newest first."""

    def judge(self, value: Any, options: Any, now: datetime) -> Verdict:
        """Judge without a history."""
        return self.compare(self.measured(value, options, now), (), options)
