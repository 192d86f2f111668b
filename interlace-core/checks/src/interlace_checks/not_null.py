"""``not_null: id``, ``not_null: [a, b]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace.contracts.options import Columns
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["NotNull", "NotNullOptions"]


class NotNullOptions(CheckOptions):
    """Options of ``not_null``.

    Attributes:
        columns: the columns that each row must have a value in.
    """

    columns: Columns


class NotNull(Check):
    """Each row has a value in each of the columns.

    NaN and the empty text are values.  Over no rows it passes.
    """

    Config: ClassVar[type[CheckOptions]] = NotNullOptions
    shorthand = "columns"
    column_option = "columns"
    quarantines = True

    def columns(self, options: NotNullOptions) -> tuple[str, ...]:
        """The columns that it names."""
        return options.columns

    def compile(self, target: CheckTarget, options: NotNullOptions) -> Measure:
        """Count the rows without a value."""
        columns = [asking.column(target, name) for name in options.columns]
        empty = [exp.Is(this=column, expression=exp.null()) for column in columns]
        condition = exp.or_(*empty) if len(empty) > 1 else empty[0]
        if len(columns) == 1:
            count: exp.Expr = exp.Sub(this=exp.Count(this=exp.Star()), expression=exp.Count(this=columns[0].copy()))
        else:
            count = asking.count_where(condition)
        return Measure(count, asking.rows_where(target, condition), condition)

    def judge(self, value: Any, options: NotNullOptions, now: datetime) -> Verdict:
        """Pass when no row lacks a value."""
        del now
        failing = int(value or 0)
        names = " or ".join(options.columns)
        said = (
            f"{asking.rows(failing, 'has', 'have')} no {names}"
            if failing
            else f"every row has {' and '.join(options.columns)}"
        )
        return Verdict(not failing, said, failing)
