"""A check: a column holds even numbers only."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import sqlglot.expressions as exp

from interlace.contracts.check import Check, CheckOptions, CheckTarget, Measure, Verdict
from interlace.errors import InvalidModel, did_you_mean


class EvenOptions(CheckOptions):
    """The column; ``- even: id`` is short for ``- even: {column: id}``."""

    column: str


class Even(Check):
    """Counts the odd numbers. NULL is neither odd nor even, and passes."""

    Config = EvenOptions
    shorthand: ClassVar[str | None] = "column"
    column_option: ClassVar[str | None] = "column"
    quarantines: ClassVar[bool] = True

    def columns(self, options: EvenOptions) -> tuple[str, ...]:
        """The one column."""
        return (options.column,)

    def compile(self, target: CheckTarget, options: EvenOptions) -> Measure:
        """One aggregate, 0 over no rows."""
        names = [column.name for column in target.columns]
        if options.column not in names:
            near = did_you_mean(options.column, names)
            raise InvalidModel(f"{target.relation} has no column {options.column!r}. {near}".rstrip())
        column, two, one, zero = exp.column(options.column, quoted=True), *map(exp.convert, (2, 1, 0))
        odd = exp.NEQ(this=exp.Mod(this=column, expression=two), expression=zero)
        count = exp.Coalesce(this=exp.Sum(this=exp.case().when(odd, one).else_(zero)), expressions=[zero])
        relation = target.relation
        table = exp.table_(relation.name, db=relation.schema, catalog=relation.catalog, quoted=True)
        return Measure(count, exp.select("*").from_(table).where(odd), broken=odd)

    def judge(self, value: int, options: EvenOptions, now: datetime) -> Verdict:
        """No odd number may be left."""
        odd = int(value)
        rows = "row has" if odd == 1 else "rows have"
        message = f"{odd} {rows} an odd {options.column}" if odd else f"every {options.column} is even"
        return Verdict(odd == 0, message, odd)
