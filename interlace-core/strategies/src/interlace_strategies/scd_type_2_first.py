"""The first load of a history: there is nothing to compare the batch with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Derive, Examine, Publish
from interlace_strategies import expressions as sql
from interlace_strategies.scd_type_2_layout import EPOCH
from interlace_strategies.scd_type_2_numbers import BatchNumbers

if TYPE_CHECKING:
    from interlace.contracts.load import Step
    from interlace_strategies.scd_type_2_batch import BatchRows
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["first_load"]


def first_load(layout: Layout, batch: BatchRows) -> tuple[Step, ...]:
    """Publish one open version of each key that is not deleted."""
    several = layout.temporary("several")
    numbers = BatchNumbers(layout, batch, several)
    found = batch.picking() if batch.picks else [Derive(several, batch.several())]
    examined = _examined(layout, batch, numbers)
    return (*layout.fitted.steps, *found, examined, *numbers.kept(), Publish(layout.target, _versions(layout, batch)))


def _examined(layout: Layout, batch: BatchRows, numbers: BatchNumbers) -> Examine:
    scalars = numbers.scalars() | {"rejected": sql.column("left_out", "batch"), "unchanged": _others(layout, batch)}
    query = sql.one_row({"batch": numbers.of_batch()}, scalars)
    return Examine(query, tuple(numbers.refusals()), ("unchanged", "rejected"))


def _others(layout: Layout, batch: BatchRows) -> exp.Expr:
    """The number of rows that are not published: deletes, and those that another row of their key outdid."""
    if batch.picks:
        picked = sql.table(layout.temporary("picked"), "p")
        published = sql.select(
            {"number": exp.Count(this=exp.Star())}, picked, [exp.Not(this=layout.computed("gone", "p"))]
        )
        taken = exp.Add(this=sql.column("left_out", "batch"), expression=sql.scalar(published))
        return exp.Sub(this=sql.column("given", "batch"), expression=exp.Paren(this=taken))
    more = exp.Sub(this=layout.computed("times", "s"), expression=sql.number(1))
    others = sql.select({"number": exp.Sum(this=more)}, sql.table(layout.temporary("several"), "s"))
    return exp.Coalesce(this=sql.scalar(others), expressions=[sql.number(0)])


def _versions(layout: Layout, batch: BatchRows) -> exp.Select:
    options = layout.options
    at = layout.computed("at", "b")
    began = {"epoch": sql.moment(EPOCH), "execution": layout.execution, "updated_at": at}[options.first]
    values: dict[str, exp.Expr] = {name: sql.column(name, "b") for name in layout.stored}
    values |= {options.valid_from: began, options.valid_to: layout.never}
    if options.is_current:
        values[options.is_current] = exp.true()
    if layout.by_time:
        values["_source_at"] = at.copy()
    if options.delete_mode == "new_record":
        values["_deleted"] = exp.false()
    live = [exp.Not(this=layout.computed("gone", "b"))] if layout.delete_when is not None else []
    return sql.select(values, sql.subquery(batch.single(), "b"), live)
