"""``strategy: replace``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from interlace.contracts.load import LoadPlan, Publish
from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy

if TYPE_CHECKING:
    from interlace.contracts.load import Interval, LoadSpec, Step

__all__ = ["Replace", "ReplaceOptions"]


class ReplaceOptions(Options):
    """Options of ``replace``.

    Attributes:
        rejects: ``keep`` sets rows outside the interval of an incremental load aside in the table ``<name>__rejects``, with
            ``_reason`` and ``_loaded_at``.
    """

    rejects: Literal["drop", "keep"] = "drop"


class Replace(Strategy):
    """The table becomes what the source gives, rows and columns alike; what was there before is gone.

    An incremental load replaces the rows of its interval, and leaves the others; rows of the batch that are outside
    are ``rejected``.
    """

    Config: ClassVar[type[Options]] = ReplaceOptions
    groupable = True
    concurrent_intervals = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Publish the source as the target, or replace the rows of the interval.

        Raises:
            InvalidModel: the interval's column is not there or no time, or the batch does not fit the table.
        """
        if spec.interval is None:
            return LoadPlan((Publish(spec.target, spec.source),), idempotent=True)
        options = spec.options if isinstance(spec.options, ReplaceOptions) else ReplaceOptions()
        if spec.within and options.rejects == "drop" and (steps := _straight(spec, spec.interval)):
            return LoadPlan(steps, idempotent=True, known={"rejected": 0})
        return LoadPlan(_replace_interval(spec, spec.interval, options), idempotent=options.rejects == "drop")


def _straight(spec: LoadSpec[Options], interval: Interval) -> tuple[Step, ...]:
    """Delete the interval and insert the source itself, which gives no rows of others; nothing where it must be staged.

    The guard stays: what is outside is never written, whatever the source gives.
    """
    from interlace.contracts.load import Change, Insert
    from interlace.schema.evolve import evolve
    from interlace_strategies import expressions as sql
    from interlace_strategies.fit import rows_where
    from interlace_strategies.interval import inside
    from interlace_strategies.temporary import temporary

    evolution = evolve(spec, temporary(spec.target, "batch"))
    if evolution.measures or not evolution.plain:
        return ()
    model = spec.target.name
    rows = rows_where(spec.source, inside(interval, spec.source_columns or (), spec.dialect, model), spec.dialect)
    if spec.target_columns is None:
        return (Publish(spec.target, rows),)
    within = inside(interval, evolution.columns, spec.dialect, model)
    old = Change(sql.delete(spec.target, None, within), count="deleted")
    return (*evolution.steps, old, Insert(spec.target, tuple(name for name, _ in evolution.projection), rows))


def _replace_interval(spec: LoadSpec[Options], interval: Interval, options: ReplaceOptions) -> tuple[Step, ...]:
    from interlace.contracts.load import Change, Examine, Insert
    from interlace_strategies import expressions as sql
    from interlace_strategies.batch import batch_of
    from interlace_strategies.interval import inside
    from interlace_strategies.options import BatchOptions

    batch = batch_of(spec, BatchOptions(rejects=options.rejects), key=())
    examine = Examine(sql.one_row({"batch": batch.numbers()}, {}), (), ("rejected",))
    before = (*batch.steps, *batch.room, examine, *batch.kept())
    if batch.table is None:
        return (*before, Publish(spec.target, batch.rows()))
    within = inside(interval, batch.table, spec.dialect, spec.target.name, "target")
    old = Change(sql.delete(spec.target, None, within), count="deleted")
    return (*before, old, Insert(spec.target, tuple(c.name for c in batch.columns), batch.rows()))
