"""``accepted_values: {column: status, values: [open, closed]}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace_checks import asking
from interlace_checks.options import Value

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["AcceptedValues", "AcceptedValuesOptions"]

_SHOWN = 10


class AcceptedValuesOptions(CheckOptions):
    """Options of ``accepted_values``.

    Attributes:
        column: the column.
        values: what it may hold: texts, numbers, booleans, dates.  Not null, which always passes.
    """

    column: str
    values: Annotated[tuple[Value, ...], Field(min_length=1)]


class AcceptedValues(Check):
    """The column holds nothing but the listed values.

    NULL passes, as in an SQL CHECK; add ``not_null`` to forbid it.  Over no rows it passes.
    """

    Config: ClassVar[type[CheckOptions]] = AcceptedValuesOptions
    shorthand = "values"
    column_option = "column"
    quarantines = True

    def columns(self, options: AcceptedValuesOptions) -> tuple[str, ...]:
        """The column that it names."""
        return (options.column,)

    def compile(self, target: CheckTarget, options: AcceptedValuesOptions) -> Measure:
        """Count the rows with another value."""
        listed = [exp.convert(value) for value in options.values]
        other = exp.not_(exp.In(this=asking.column(target, options.column), expressions=listed))
        return Measure(asking.count_where(other), asking.rows_where(target, other), other)

    def judge(self, value: Any, options: AcceptedValuesOptions, now: datetime) -> Verdict:
        """Pass when no row has another value."""
        del now
        failing = int(value or 0)
        if not failing:
            return Verdict(True, f"every {options.column} is an accepted value", 0)
        listed = ", ".join(str(v) for v in options.values[:_SHOWN]) + (", …" if len(options.values) > _SHOWN else "")
        return Verdict(False, f"{asking.rows(failing, 'has', 'have')} {options.column} other than {listed}", failing)
