"""``pattern: {column: email, regex: '^[^@]+@[^@]+$'}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace_checks import asking

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Pattern", "PatternOptions"]


class PatternOptions(CheckOptions):
    """Options of ``pattern``.

    Attributes:
        column: the column.
        regex: a regular expression in the engine's own syntax (RE2 on DuckDB, POSIX on PostgreSQL); it may match
            anywhere in the text, so ``^`` and ``$`` are written where they are meant.
    """

    column: str
    regex: Annotated[str, Field(min_length=1)]


class Pattern(Check):
    """The column's text matches a regular expression.

    NULL passes, as in an SQL CHECK; the empty text is text.  What is no text is cast to it.  Over no rows it passes.
    """

    Config: ClassVar[type[CheckOptions]] = PatternOptions
    shorthand = "regex"
    column_option = "column"
    quarantines = True

    def columns(self, options: PatternOptions) -> tuple[str, ...]:
        """The column that it names."""
        return (options.column,)

    def compile(self, target: CheckTarget, options: PatternOptions) -> Measure:
        """Count the rows whose text does not match."""
        text = exp.cast(asking.column(target, options.column), exp.DataType.Type.TEXT)
        regex = exp.Literal.string(options.regex)
        if target.dialect == "duckdb" and _is_anchored(options.regex):
            # It looks once at each entry of a dictionary, which the other function does not.
            other = exp.not_(exp.Anonymous(this="REGEXP_FULL_MATCH", expressions=[text, regex]))
        else:
            other = exp.not_(exp.RegexpLike(this=text, expression=regex))
        return Measure(asking.count_where(other), asking.rows_where(target, other), other)

    def judge(self, value: Any, options: PatternOptions, now: datetime) -> Verdict:
        """Pass when every text matches."""
        del now
        failing = int(value or 0)
        if not failing:
            return Verdict(True, f"every {options.column} matches {options.regex}", 0)
        said = f"{asking.rows(failing, 'has', 'have')} {options.column} that does not match {options.regex}"
        return Verdict(False, said, failing)


def _is_anchored(regex: str) -> bool:
    """Whether a regular expression can only match a whole text, as far as can be told without parsing it."""
    ends = regex.endswith("$") and not regex.endswith("\\$")
    return regex.startswith("^") and ends and "|" not in regex and "(?" not in regex
