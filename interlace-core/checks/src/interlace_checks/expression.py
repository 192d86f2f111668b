"""``expression: "amount >= 0"``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace.model.sql_condition import parse_condition, require_columns
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Expression", "ExpressionOptions"]


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
    quarantines = True

    def columns(self, options: ExpressionOptions) -> tuple[str, ...]:
        """None by name: they are found in the expression when it is compiled, in the dialect of the session."""
        del options
        return ()

    def subject(self, options: ExpressionOptions) -> str:
        """The expression, on one line."""
        return " ".join(options.expression.split())

    def validate(self, options: ExpressionOptions, dialect: str) -> None:
        """It must parse, and be a condition over one row."""
        parse_condition(options.expression, dialect)

    def compile(self, target: CheckTarget, options: ExpressionOptions) -> Measure:
        """Count the rows for which it is false.

        Raises:
            InvalidModel: it does not parse, is no condition over one row, or names a column that is not there.
        """
        condition = parse_condition(options.expression, target.dialect)
        require_columns(condition, (c.name for c in target.columns), str(target.relation), options.expression)
        broken = exp.not_(exp.Paren(this=condition))
        return Measure(asking.count_where(broken), asking.rows_where(target, broken), broken)

    def judge(self, value: Any, options: ExpressionOptions, now: datetime) -> Verdict:
        """Pass when it is false for no row."""
        del now
        failing = int(value or 0)
        text = self.subject(options)
        if not failing:
            return Verdict(True, f"no row breaks {text}", 0)
        return Verdict(False, f"{asking.rows(failing, 'breaks', 'break')} {text}", failing)
