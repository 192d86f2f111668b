"""``range: {column: price, min: 0, max: 100}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pydantic import model_validator
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace_checks import asking
from interlace_checks.options import Bound

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Range", "RangeOptions"]


class RangeOptions(CheckOptions):
    """Options of ``range``.

    Attributes:
        column: the column.
        min: the least value; None for no bound.
        max: the greatest value; None for no bound.
        exclusive: whether the bounds themselves fail: false, true, or one of them, ``min`` or ``max``.
    """

    column: str
    min: Bound | None = None
    max: Bound | None = None
    exclusive: bool | Literal["min", "max"] = False

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        try:
            empty = self.min is not None and self.max is not None and self.min > self.max  # type: ignore[operator]
        except TypeError:
            raise ValueError(f"min {self.min!r} and max {self.max!r} cannot be compared") from None
        if empty and not isinstance(self.min, str):
            raise ValueError(f"min {self.min} is greater than max {self.max}")
        return self

    def excludes(self, bound: Literal["min", "max"]) -> bool:
        """Whether this bound itself fails."""
        return self.exclusive is True or self.exclusive == bound


class Range(Check):
    """The column's values lie between the bounds.

    NULL passes, as in an SQL CHECK.  NaN is greater than every number, as both DuckDB and PostgreSQL order it: it fails
    a ``max`` and passes a ``min``.  Over no rows it passes.
    """

    Config: ClassVar[type[CheckOptions]] = RangeOptions
    shorthand = None
    column_option = "column"
    quarantines = True

    def columns(self, options: RangeOptions) -> tuple[str, ...]:
        """The column that it names."""
        return (options.column,)

    def compile(self, target: CheckTarget, options: RangeOptions) -> Measure:
        """Count the rows outside."""
        column = asking.column(target, options.column)
        outside: list[exp.Expr] = []
        if options.min is not None:
            below = exp.LTE if options.excludes("min") else exp.LT
            outside.append(below(this=column.copy(), expression=exp.convert(options.min)))
        if options.max is not None:
            above = exp.GTE if options.excludes("max") else exp.GT
            outside.append(above(this=column.copy(), expression=exp.convert(options.max)))
        condition = exp.or_(*outside) if len(outside) > 1 else outside[0]
        return Measure(asking.count_where(condition), asking.rows_where(target, condition), condition)

    def judge(self, value: Any, options: RangeOptions, now: datetime) -> Verdict:
        """Pass when no row lies outside."""
        del now
        failing = int(value or 0)
        if not failing:
            return Verdict(True, f"every {options.column} is {_spelt(options)}", 0)
        return Verdict(False, f"{asking.rows(failing, 'has', 'have')} {options.column} not {_spelt(options)}", failing)


def _spelt(options: RangeOptions) -> str:
    least = None if options.min is None else f"{'>' if options.excludes('min') else '>='} {options.min}"
    most = None if options.max is None else f"{'<' if options.excludes('max') else '<='} {options.max}"
    return " and ".join(bound for bound in (least, most) if bound)
