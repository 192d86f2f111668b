"""A merge where there is no table yet: the batch becomes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Examine, Publish
from interlace_strategies import expressions as sql
from interlace_strategies.deletes import FLAG
from interlace_strategies.merge_row import DELETED, DELETED_AT

if TYPE_CHECKING:
    from interlace_strategies.batch import Batch
    from interlace_strategies.merge_options import MergeOptions

__all__ = ["examine_first", "publish"]


def examine_first(batch: Batch) -> Examine:
    """The numbers of a load that makes the table: a key that the batch deletes was never there, and is ``unchanged``."""
    scalars = batch.scalars()
    latest = batch.options.duplicates == "latest"
    scalars["conflict"] = scalars["differing"].copy() if latest else sql.number(0)
    scalars["unchanged"] = sql.number(0)
    if FLAG in batch.computed:
        deleted = sql.select(
            {"n": exp.Count(this=exp.Star())}, sql.subquery(batch.rows(), "source"), [sql.column(FLAG)]
        )
        scalars["unchanged"] = sql.scalar(deleted)
    numbers = sql.one_row({"batch": batch.numbers()}, scalars)
    return Examine(numbers, batch.refusals(), ("unchanged", "rejected", "conflict"))


def publish(batch: Batch, options: MergeOptions) -> Publish:
    """Make the table from the batch."""
    values: dict[str, exp.Expr] = {c.name: sql.column(c.name, "source") for c in batch.columns}
    if options.soft:
        values |= {DELETED: exp.false(), DELETED_AT: exp.cast(exp.null(), "TIMESTAMPTZ")}
    kept = [exp.Not(this=sql.column(FLAG, "source"))] if FLAG in batch.computed else []
    return Publish(batch.spec.target, sql.select(values, sql.subquery(batch.rows(), "source"), kept))
