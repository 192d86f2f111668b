"""Making a history of a table that was loaded in another way: its rows become open versions, none is written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import AddColumn, Change, Examine, Refusal
from interlace.errors import InvalidModel
from interlace_strategies import expressions as sql
from interlace_strategies.scd_type_2_layout import EPOCH, said

if TYPE_CHECKING:
    from interlace.contracts.load import Step
    from interlace.contracts.relation import Column
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["adoption"]


def adoption(layout: Layout) -> list[Step]:
    """The steps that give an existing table the columns of a history; none where it has them.

    A row that was there before its history began is valid since its `updated_at`, or since 1970 where nothing says when.

    Raises:
        InvalidModel: a column of the table has the name of one of the strategy's own, and is none.
    """
    there = {c.name.casefold(): c for c in layout.spec.target_columns or ()}
    own = {c.name: c for c in layout.own_columns()}
    for name, column in own.items():
        if name.casefold() in there:
            _refuse_type(layout, there[name.casefold()], column)
    absent = [name for name in own if name.casefold() not in there]
    steps: list[Step] = [AddColumn(layout.target, own[name]) for name in absent]
    options = layout.options
    if options.valid_from in absent:
        return [_unique(layout), *steps, _begin(layout)]
    if "_source_at" in absent:
        steps.append(_filled(layout, "_source_at", _source(layout, sql.column(options.valid_from))))
    if options.is_current in absent:
        assert options.is_current is not None  # noqa: S101  it is in the table's columns
        steps.append(_filled(layout, options.is_current, layout.is_open()))
    return steps


def _refuse_type(layout: Layout, found: Column, own: Column) -> None:
    from interlace.schema.sql_types import same_type

    if not same_type(found.type, own.type, layout.spec.dialect):
        raise InvalidModel(
            f"The column {found.name!r} of {layout.target} is {found.type}; a history keeps its own {own.type} there",
            hint="Name another column with 'valid_from', 'valid_to' or 'is_current', or alter its type.",
            model=layout.model,
        )


def _unique(layout: Layout) -> Examine:
    """A table whose keys repeat or hold NULL has no one open row for each."""
    keys = layout.keys("target")
    grouped = sql.select(layout.key, sql.table(layout.target, "target"), of="target").group_by(*keys, copy=False)
    twice = grouped.having(exp.GT(this=exp.Count(this=exp.Star()), expression=sql.number(1)), copy=False)
    query = sql.select({"repeated": exp.Count(this=exp.Star())}, sql.subquery(twice, "n"))
    message = (
        f"Keys that {said(layout.target)} holds more than once, so that its rows cannot begin a history: {{count}}."
    )
    hint = "Make the rows unique, or let the history begin in another table."
    return Examine(query, (Refusal("repeated", message, hint, twice.copy()),))


def _begin(layout: Layout) -> Change:
    options = layout.options
    since = _source(layout, sql.moment(EPOCH)) if options.first != "epoch" else sql.moment(EPOCH)
    values: dict[str, exp.Expr] = {options.valid_from: since, options.valid_to: layout.never}
    if options.is_current:
        values[options.is_current] = exp.true()
    if layout.by_time:
        values["_source_at"] = _source(layout, sql.moment(EPOCH))
    return Change(_update(layout, values, None))


def _source(layout: Layout, otherwise: exp.Expr) -> exp.Expr:
    """The source's time of a stored row, where it has one."""
    stored = {c.name.casefold() for c in layout.spec.target_columns or ()}
    if layout.updated_at is None or layout.updated_at.casefold() not in stored:
        return otherwise
    return exp.Coalesce(this=layout.moment_of(layout.updated_at), expressions=[otherwise])


def _filled(layout: Layout, name: str, value: exp.Expr) -> Change:
    return Change(_update(layout, {name: value}, sql.is_null(sql.column(name))))


def _update(layout: Layout, values: dict[str, exp.Expr], where: exp.Expr | None) -> exp.Update:
    changes = [exp.EQ(this=sql.column(name), expression=value) for name, value in values.items()]
    made = exp.Update(this=sql.table(layout.target), expressions=changes)
    if where is not None:
        made.set("where", exp.Where(this=where))
    return made
