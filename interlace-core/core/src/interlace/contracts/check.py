"""A check compiles to SQL and judges the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlglot import exp

    from interlace.contracts.relation import Column, Relation

__all__ = ["Check", "CheckOptions", "CheckTarget", "Measure", "Severity", "Verdict"]

Severity = Literal["error", "warn"]


class CheckOptions(Options):
    """What every check takes.

    Attributes:
        severity: ``error`` blocks publication, ``warn`` only says so.
        name: the name that results go by; made from the check and its columns when it is not given.
    """

    severity: Severity = "error"
    name: str | None = None


@dataclass(frozen=True, slots=True)
class CheckTarget:
    """What a check may look at when it compiles.

    Attributes:
        relation: the staged relation.
        columns: its columns.
        dialect: sqlglot's name of the session's dialect, for parsing what the user wrote.
        resolve: gives the relation of another model by its name (for ``relationships``); for the checked model itself
            the staged relation.
    """

    relation: Relation
    columns: tuple[Column, ...]
    dialect: str
    resolve: Callable[[str], Relation]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a check asks of the database.

    Attributes:
        value: one scalar expression over the relation: an aggregate, or a scalar subquery.  The measures of all checks
            of a relation are selected together, in one statement, ``FROM`` the relation.
        failing: a query for rows that fail, without a limit; None where a failure has no rows.
    """

    value: exp.Expr
    failing: exp.Query | None = None


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
    """

    Config: ClassVar[type[CheckOptions]] = CheckOptions
    shorthand: ClassVar[str | None] = None
    column_option: ClassVar[str | None] = None

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
