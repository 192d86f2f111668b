"""``anomaly: {metric: row_count}``, ``anomaly: {metric: mean, column: price, threshold: 5}``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator
from sqlglot import exp

from interlace.contracts.check import CheckOptions, CheckTarget, HistoryCheck, Measure, Verdict
from interlace.errors import InvalidModel
from interlace_checks import asking
from interlace_checks.freshness import moment, require_time
from interlace_checks.options import spell_seconds
from interlace_checks.outliers import modified_z_score

__all__ = ["Anomaly", "AnomalyOptions"]


class AnomalyOptions(CheckOptions):
    """Options of ``anomaly``.

    Attributes:
        metric: ``row_count``, ``null_fraction`` (of a column), ``mean`` (of a column of numbers) or ``freshness`` (the age of
            the newest value of a column of dates or timestamps).
        column: the column; not for ``row_count``.
        threshold: how large the modified z-score may be, up or down.
        min_history: how many earlier runs there must be; with fewer it passes.
    """

    metric: Literal["row_count", "null_fraction", "mean", "freshness"]
    column: str | None = None
    threshold: Annotated[float, Field(gt=0)] = 3.5
    min_history: Annotated[int, Field(ge=2, strict=True)] = 7

    @model_validator(mode="after")
    def _column(self) -> Self:
        if (self.metric == "row_count") != (self.column is None):
            needs = "takes no column" if self.metric == "row_count" else "needs a column"
            raise ValueError(f"the metric {self.metric} {needs}")
        return self


class Anomaly(HistoryCheck):
    """A number is not far from what it was in earlier runs.

    It is judged by its modified z-score: its distance from the median of the earlier runs, in robust standard deviations
    (Iglewicz and Hoaglin 1993), of the newest 100 of them.  What is measured is recorded with each run that publishes the
    model.  Where every earlier run measured the same number, any other is an anomaly.
    """

    Config: ClassVar[type[CheckOptions]] = AnomalyOptions
    shorthand = "metric"
    column_option = "column"
    counts_rows = False

    def columns(self, options: AnomalyOptions) -> tuple[str, ...]:
        """The column that it names."""
        return () if options.column is None else (options.column,)

    def subject(self, options: AnomalyOptions) -> str:
        """The metric, and the column that it is of."""
        return options.metric if options.column is None else f"{options.metric} of {options.column}"

    def metric(self, options: AnomalyOptions) -> tuple[str, str | None]:
        """The metric's word and the column."""
        return options.metric, options.column

    def compile(self, target: CheckTarget, options: AnomalyOptions) -> Measure:
        """Measure.

        Raises:
            InvalidModel: the column has another type than the metric needs.
        """
        if options.column is None:
            return Measure(exp.Count(this=exp.Star()))
        column = asking.column(target, options.column)
        match options.metric:
            case "null_fraction":
                return Measure(_null_fraction(column))
            case "mean":
                _require_number(target, options.column)
                return Measure(exp.Avg(this=exp.cast(column, exp.DataType.Type.DOUBLE)))
            case _:
                require_time(target, options.column, "the metric freshness")
                return Measure(exp.Max(this=column))

    def measured(self, value: Any, options: AnomalyOptions, now: datetime) -> float | None:
        """The number; of ``freshness`` the age in seconds.  None over no rows, or for what is not finite."""
        if value is None:
            return None
        number = (now - moment(value)).total_seconds() if options.metric == "freshness" else float(value)
        return number if math.isfinite(number) else None

    def compare(self, measured: float | None, history: Sequence[float], options: AnomalyOptions) -> Verdict:
        """Pass where the history is short, or the number is near."""
        subject = self.subject(options)
        if measured is None:
            return Verdict(True, f"there is no {subject} to compare")
        shown = _spelt(measured, options)
        if len(history) < options.min_history:
            runs = f"{len(history)} earlier run{'' if len(history) == 1 else 's'}"
            return Verdict(True, f"{subject} is {shown}; {runs} of the {options.min_history} that it is judged by")
        score = modified_z_score(measured, history)
        usual = f"{_spelt(sorted(history)[len(history) // 2], options)} in {len(history)} earlier runs"
        said = f"{subject} is {shown}, and was about {usual} (score {score:.1f})"
        if abs(score) <= options.threshold:
            return Verdict(True, said)
        return Verdict(False, f"{said}, at most {options.threshold:g} is allowed")


def _null_fraction(column: exp.Expr) -> exp.Expr:
    """The part of the rows that have no value; NULL over no rows."""
    every = exp.Nullif(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0))
    part = exp.Div(this=exp.cast(exp.Count(this=column), exp.DataType.Type.DOUBLE), expression=every)
    return exp.Sub(this=exp.Literal.number(1), expression=exp.Paren(this=part))


def _require_number(target: CheckTarget, name: str) -> None:
    from interlace.schema.sql_types import Fixed, Floating, Integer, parse_type

    column = asking.find_column(target, name)
    if not isinstance(parse_type(column.type, target.dialect), Integer | Fixed | Floating):
        raise InvalidModel(
            f"the metric mean needs a number; column {column.name!r} of {target.relation} is {column.type}"
        )


def _spelt(number: float, options: AnomalyOptions) -> str:
    match options.metric:
        case "row_count":
            return f"{number:,.0f}"
        case "freshness":
            return spell_seconds(number)
        case _:
            return f"{number:.4g}"
