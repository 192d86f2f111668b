"""``row_count: {min: 1, max: 1000}``, ``row_count: {equals: 50}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["RowCount", "RowCountOptions"]

_Count = Annotated[int, Field(ge=0, strict=True)]


class RowCountOptions(CheckOptions):
    """Options of ``row_count``.

    Attributes:
        min: the least number of rows.
        max: the greatest number of rows.
        equals: the exact number of rows, instead of the other two.
    """

    min: _Count | None = None
    max: _Count | None = None
    equals: _Count | None = None

    @model_validator(mode="after")
    def _bounds(self) -> Self:
        bounded = self.min is not None or self.max is not None
        if bounded == (self.equals is not None):
            raise ValueError("needs min, max or both, or equals alone")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} is greater than max {self.max}")
        return self


class RowCount(Check):
    """The relation has as many rows as it should."""

    Config: ClassVar[type[CheckOptions]] = RowCountOptions
    counts_rows = False

    def columns(self, options: RowCountOptions) -> tuple[str, ...]:
        """It reads no column."""
        del options
        return ()

    def compile(self, target: CheckTarget, options: RowCountOptions) -> Measure:
        """Count the rows."""
        del target, options
        return Measure(exp.Count(this=exp.Star()))

    def judge(self, value: Any, options: RowCountOptions, now: datetime) -> Verdict:
        """Pass when the number lies between the bounds."""
        del now
        count = int(value or 0)
        wanted = [
            (options.equals is None or count == options.equals, f"exactly {options.equals}"),
            (options.min is None or count >= options.min, f"at least {options.min}"),
            (options.max is None or count <= options.max, f"at most {options.max}"),
        ]
        broken = [words for holds, words in wanted if not holds]
        said = asking.rows(count)
        return Verdict(not broken, f"{said}, {broken[0]} expected" if broken else said)
