"""Appending only rows that are not there: the option ``dedup`` of ``append``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Derive, Examine, Insert, Publish
from interlace_strategies import expressions as sql
from interlace_strategies.append import DedupOptions
from interlace_strategies.batch import batch_of
from interlace_strategies.options import BatchOptions
from interlace_strategies.temporary import temporary

if TYPE_CHECKING:
    from interlace.contracts.load import LoadSpec, Step
    from interlace.contracts.options import Options
    from interlace_strategies.append import AppendOptions
    from interlace_strategies.batch import Batch

__all__ = ["steps"]


def steps(spec: LoadSpec[Options], options: AppendOptions) -> tuple[Step, ...]:
    """Find the rows that are new, then insert them."""
    if isinstance(options.dedup, DedupOptions):
        policies = BatchOptions.model_validate({**options.dedup.model_dump(exclude={"by"}), "rejects": options.rejects})
        batch = batch_of(spec, policies, key=options.dedup.by)
        fresh = _by_key(batch)
    else:
        batch = batch_of(spec, BatchOptions(rejects=options.rejects), key=())
        fresh = _whole_rows(batch)
    found = temporary(spec.target, "changes")
    rows = sql.select([c.name for c in batch.columns], sql.table(found))
    bring: Step = Publish(spec.target, rows)
    if batch.table is not None:
        bring = Insert(spec.target, tuple(c.name for c in batch.columns), rows)
    return (*batch.steps, *batch.room, Derive(found, fresh), _examine(batch), *batch.kept(), bring)


def _by_key(batch: Batch) -> exp.Query:
    """One row for each key that the table does not have."""
    if batch.table is None:
        return batch.rows()
    equal = batch.key_is("target", "source")
    there = sql.select({"there": sql.number(1)}, sql.table(batch.spec.target, "target"), [equal])
    source = sql.subquery(batch.rows(), "source")
    return sql.select([c.name for c in batch.columns], source, [exp.Not(this=exp.Exists(this=there))], of="source")


def _whole_rows(batch: Batch) -> exp.Query:
    """The rows that the table does not have, once each: set operations take NULL for equal to NULL."""
    dialect = batch.spec.dialect
    given = {c.name: sql.comparable(c.name, c.type, dialect, "given") for c in batch.columns}
    rows = sql.select(given, sql.table(batch.relation, "given"), batch.usable())
    if batch.table is None:
        fresh: exp.Query = rows.distinct(copy=False)
    else:
        stored = {c.name: sql.comparable(c.name, c.type, dialect, "target") for c in batch.columns}
        fresh = exp.except_(rows, sql.select(stored, sql.table(batch.spec.target, "target")), copy=False)
    changed = [c for c in batch.columns if not isinstance(given[c.name], exp.Column)]
    if not changed:
        return fresh
    back: dict[str, exp.Expr] = {c.name: sql.column(c.name, "fresh") for c in batch.columns}
    back |= {c.name: exp.cast(sql.column(c.name, "fresh"), c.type, dialect=dialect) for c in changed}
    return sql.select(back, sql.subquery(fresh, "fresh"))


def _examine(batch: Batch) -> Examine:
    scalars = batch.scalars()
    fresh = sql.select({"fresh": exp.Count(this=exp.Star())}, sql.table(temporary(batch.spec.target, "changes")))
    usable = exp.Sub(this=sql.column("given", "batch"), expression=sql.column("rejected", "batch"))
    scalars["unchanged"] = exp.Sub(this=usable, expression=sql.scalar(fresh))
    latest = batch.options.duplicates == "latest"
    scalars["conflict"] = scalars["differing"].copy() if latest else sql.number(0)
    query = sql.one_row({"batch": batch.numbers()}, scalars)
    return Examine(query, batch.refusals(), ("unchanged", "rejected", "conflict"))
