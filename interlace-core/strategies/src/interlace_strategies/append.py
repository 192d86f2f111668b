"""``strategy: append``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import model_validator

from interlace.contracts.load import Insert, LoadPlan, Publish
from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy
from interlace_strategies.options import BatchOptions, Columns

if TYPE_CHECKING:
    from interlace.contracts.load import LoadSpec, Step
    from interlace_strategies.batch import Batch

__all__ = ["Append", "AppendOptions", "DedupOptions"]


class DedupOptions(BatchOptions):
    """Which rows are the same row.

    Attributes:
        by: the columns whose values tell rows apart.
        null_keys: what a NULL in these columns means: ``error``, ``match`` or ``skip``.
        duplicates: what several rows of the batch with equal values of them mean, where they differ: ``error`` or ``latest``.
        order_by: the columns that say which row is the latest.
    """

    by: Columns


class AppendOptions(Options):
    """Options of ``append``.

    Attributes:
        dedup: ``true`` leaves out rows that the table has already, or that the batch has twice, and counts them as
            unchanged; ``{by: [column]}`` compares only these columns, and takes ``null_keys``, ``duplicates`` and
            ``order_by`` as ``merge_by_key`` does.
        rejects: ``keep`` sets rejected rows aside in the table ``<name>__rejects``, with ``_reason`` and ``_loaded_at``.
    """

    dedup: bool | DedupOptions = False
    rejects: Literal["drop", "keep"] = "drop"

    @model_validator(mode="after")
    def _said_once(self) -> AppendOptions:
        if isinstance(self.dedup, DedupOptions) and "rejects" in self.dedup.model_fields_set:
            raise ValueError("'rejects' stands beside 'dedup', not in it")
        return self


class Append(Strategy):
    """The batch is added to the rows that are there.

    The table's columns follow the batch's as the schema mode says.  In an incremental load rows outside the interval are
    ``rejected``.
    """

    Config: ClassVar[type[Options]] = AppendOptions
    needs_source_columns = True
    concurrent_intervals = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Make room for the batch, then insert it by name; or publish it where there is no table.

        Raises:
            InvalidModel: the batch does not fit the table, or an option names no column.
        """
        options = spec.options if isinstance(spec.options, AppendOptions) else AppendOptions()
        if options.dedup:
            from interlace_strategies.dedup import steps

            return LoadPlan(steps(spec, options), idempotent=options.rejects == "drop")
        if spec.interval is not None:
            return LoadPlan(_within(spec, options), idempotent=False)
        return LoadPlan(_all_rows(spec), idempotent=False)


def _all_rows(spec: LoadSpec[Options]) -> tuple[Step, ...]:
    """Insert the source itself, where nothing has to be looked at before."""
    from interlace.schema.evolve import evolve
    from interlace_strategies.fit import cast_source
    from interlace_strategies.temporary import temporary

    evolution = evolve(spec, temporary(spec.target, "batch"))
    if spec.target_columns is None:
        return (Publish(spec.target, spec.source),)
    if evolution.measures:
        return _within(spec, AppendOptions())
    names = tuple(name for name, _ in evolution.projection)
    return (*evolution.steps, Insert(spec.target, names, cast_source(spec.source, evolution, spec.dialect)))


def _within(spec: LoadSpec[Options], options: AppendOptions) -> tuple[Step, ...]:
    """Stage the batch, and insert what is in the interval."""
    from interlace.contracts.load import Examine
    from interlace_strategies import expressions as sql
    from interlace_strategies.batch import batch_of

    batch = batch_of(spec, BatchOptions(rejects=options.rejects), key=())
    examine = Examine(sql.one_row({"batch": batch.numbers()}, {}), (), ("rejected",))
    return (*batch.steps, *batch.room, examine, *batch.kept(), _bring(batch))


def _bring(batch: Batch) -> Step:
    target = batch.spec.target
    if batch.table is None:
        return Publish(target, batch.rows())
    return Insert(target, tuple(c.name for c in batch.columns), batch.rows())
