"""``unique: id``, ``unique: [a, b]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace.contracts.options import Columns
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Unique", "UniqueOptions"]


class UniqueOptions(CheckOptions):
    """Options of ``unique``.

    Attributes:
        columns: the columns whose values together occur in one row only.
    """

    columns: Columns


class Unique(Check):
    """No two rows share the values of the columns.

    As with SQL's UNIQUE, a row with NULL in one of the columns equals no other row and is never counted; add
    ``not_null`` for a key.  Counted are the rows that repeat: three rows of one value are two.  Shown, and set aside by
    ``on_failure: quarantine``, are all three.
    """

    Config: ClassVar[type[CheckOptions]] = UniqueOptions
    shorthand = "columns"
    column_option = "columns"
    quarantines = True

    def columns(self, options: UniqueOptions) -> tuple[str, ...]:
        """The columns that it names."""
        return options.columns

    def compile(self, target: CheckTarget, options: UniqueOptions) -> Measure:
        """Count the rows with values, less the distinct values."""
        columns = [asking.column(target, name) for name in options.columns]
        counted = _together(columns)
        distinct = exp.Count(this=exp.Distinct(expressions=[counted.copy()]))
        repeats = _repeats(target, columns)
        shown = asking.rows_where(target, repeats).order_by(*(c.copy() for c in columns))
        return Measure(exp.Sub(this=exp.Count(this=counted), expression=distinct), shown, repeats)

    def judge(self, value: Any, options: UniqueOptions, now: datetime) -> Verdict:
        """Pass when nothing repeats."""
        del now
        failing = int(value or 0)
        names = ", ".join(options.columns)
        said = (
            f"{asking.rows(failing, 'repeats', 'repeat')} a value of {names}"
            if failing
            else f"no value of {names} repeats"
        )
        return Verdict(not failing, said, failing)


def _together(columns: list[exp.Column]) -> exp.Expr:
    """The columns as one value, NULL where one of them is: a tuple with NULL inside would count."""
    if len(columns) == 1:
        return columns[0].copy()
    values = [column.copy() for column in columns]
    return exp.Case().when(asking.all_of([asking.has_value(c) for c in columns]), exp.Tuple(expressions=values))


def _repeats(target: CheckTarget, columns: list[exp.Column]) -> exp.In:
    """Whether the values of a row occur more than once."""
    many = (
        exp.select(*(c.copy() for c in columns))
        .from_(asking.table(target.relation))
        .where(asking.all_of([asking.has_value(c) for c in columns]))
        .group_by(*(c.copy() for c in columns))
        .having(exp.GT(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(1)))
    )
    values = [c.copy() for c in columns]
    key: exp.Expr = exp.Tuple(expressions=values) if len(values) > 1 else values[0]
    return exp.In(this=key, query=many.subquery())
