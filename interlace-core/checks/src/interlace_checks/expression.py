"""``expression: "amount >= 0"``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

from pydantic import Field
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace.errors import InvalidModel, did_you_mean
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Expression", "ExpressionOptions"]

_PSEUDO: Final = frozenset({"rowid"})
"""Columns that an engine adds to every table."""


class ExpressionOptions(CheckOptions):
    """Options of ``expression``.

    Attributes:
        expression: a condition in the connection's dialect, over the columns of one row.
    """

    expression: Annotated[str, Field(min_length=1)]


class Expression(Check):
    """A condition is not false for any row.

    A row for which it is NULL passes, as in an SQL CHECK.  Over no rows it passes.
    """

    Config: ClassVar[type[CheckOptions]] = ExpressionOptions
    shorthand = "expression"

    def columns(self, options: ExpressionOptions) -> tuple[str, ...]:
        """None by name: they are found in the expression when it is compiled, in the dialect of the session."""
        del options
        return ()

    def subject(self, options: ExpressionOptions) -> str:
        """The expression, on one line."""
        return " ".join(options.expression.split())

    def validate(self, options: ExpressionOptions, dialect: str) -> None:
        """It must parse, and be a condition over one row."""
        _require_one_row(_parsed(options.expression, dialect), options.expression)

    def compile(self, target: CheckTarget, options: ExpressionOptions) -> Measure:
        """Count the rows for which it is false.

        Raises:
            InvalidModel: it does not parse, is no condition over one row, or names a column that is not there.
        """
        condition = _parsed(options.expression, target.dialect)
        _require_one_row(condition, options.expression)
        _require_columns(condition, target, options.expression)
        broken = exp.not_(exp.Paren(this=condition))
        return Measure(asking.count_where(broken), asking.rows_where(target, broken))

    def judge(self, value: Any, options: ExpressionOptions, now: datetime) -> Verdict:
        """Pass when it is false for no row."""
        del now
        failing = int(value or 0)
        text = self.subject(options)
        if not failing:
            return Verdict(True, f"no row breaks {text}", 0)
        return Verdict(False, f"{asking.rows(failing, 'breaks', 'break')} {text}", failing)


def _parsed(text: str, dialect: str) -> exp.Expr:
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        raise InvalidModel(f"the expression {text!r} does not parse: {_reason(error)}") from error
    match parsed:
        case [exp.Condition() as condition] if not isinstance(condition, exp.Query):
            return condition
        case _:
            raise InvalidModel(f'the expression {text!r} is not one condition, such as "amount >= 0"')


def _reason(error: Exception) -> str:
    """Give sqlglot's reason, without its excerpt, which is underlined with codes for terminals."""
    found = getattr(error, "errors", None)
    if not found:
        return str(error)
    # sqlglot names its own classes: "Required keyword: 'expression' missing for <class '…GT'>".
    said = re.sub(
        r"Required keyword: .*? missing for <class '[\w.]*?(\w+)'>", r"Incomplete \1", found[0]["description"]
    )
    return f"{said} at column {found[0]['col']}"


def _require_one_row(condition: exp.Expr, text: str) -> None:
    for kind, what in ((exp.Query, "a query"), (exp.AggFunc, "an aggregate"), (exp.Window, "a window function")):
        if condition.find(kind):
            raise InvalidModel(f"the expression {text!r} holds {what}; it is judged row by row, over one row's columns")


def _require_columns(condition: exp.Expr, target: CheckTarget, text: str) -> None:
    known = {column.name.casefold() for column in target.columns} | _PSEUDO
    known |= {loop.expression.name.casefold() for loop in condition.find_all(exp.Comprehension)}
    for column in condition.find_all(exp.Column):
        if isinstance(column.parent, exp.PropertyEQ | exp.Kwarg) and column.arg_key == "this":
            continue
        first = column.parts[0].name
        if first and first.casefold() not in known:
            near = did_you_mean(first, [c.name for c in target.columns], label="Columns")
            raise InvalidModel(
                f"the expression {text!r} names {first!r}, no column of {target.relation}. {near}".rstrip()
            )
