"""``strategy: merge_by_key``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import AddColumn, LoadPlan
from interlace.contracts.options import Options
from interlace.contracts.relation import Column
from interlace.contracts.strategy import Strategy
from interlace_strategies.merge_options import MergeOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Examine, LoadSpec, Step

__all__ = ["MergeByKey"]


class MergeByKey(Strategy):
    """Rows whose key the table has are updated, the others are inserted; what the batch does not hold stays.

    Only rows that change are written.  The counts are of keys: ``inserted``, ``updated``, ``deleted`` and ``unchanged``;
    ``rejected`` is of rows; ``conflict`` of keys for which ``order_by`` did not decide.  A column that the batch no longer has
    is NULL in the rows that are written from then on, unless ``update`` leaves it out.
    """

    Config: ClassVar[type[Options]] = MergeOptions
    needs_source_columns = True
    needs_key = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Classify the batch's keys against the table, then write what changes.

        Raises:
            InvalidModel: the batch does not fit the table, or an option does not fit the columns.
        """
        options = spec.options
        assert isinstance(options, MergeOptions)  # noqa: S101  validated by Config
        return LoadPlan(_steps(spec, options), idempotent=not options.set and options.rejects == "drop")

    def validate(self, options: Options, *, partial: bool, model: str) -> None:
        """Refuse to take an incremental batch for all that there is."""
        from interlace_strategies.deletes import refuse_partial

        assert isinstance(options, MergeOptions)  # noqa: S101  validated by Config
        refuse_partial(options.deletes, partial=partial, model=model)

    def own_columns(self, options: Options) -> tuple[str, ...]:
        """What soft deletes keep."""
        from interlace_strategies.merge_row import DELETED, DELETED_AT

        return (DELETED, DELETED_AT) if isinstance(options, MergeOptions) and options.soft else ()

    def existing(self, spec: LoadSpec[Options]) -> Sequence[Examine]:
        """Each key is there once."""
        from interlace_strategies.existing import unique_key

        options = spec.options
        assert isinstance(options, MergeOptions)  # noqa: S101  validated by Config
        return (unique_key(spec, nulls=options.null_keys == "match"),)


def _steps(spec: LoadSpec[Options], options: MergeOptions) -> tuple[Step, ...]:
    from interlace_strategies.batch import batch_of
    from interlace_strategies.deletes import FLAG, Deletes, refuse_partial
    from interlace_strategies.merge_first import examine_first, publish
    from interlace_strategies.merge_row import DELETED, DELETED_AT, MergedRow, live
    from interlace_strategies.merging import Merging

    refuse_partial(options.deletes, partial=spec.partial, model=spec.target.name)
    technical = (DELETED, DELETED_AT) if options.soft else ()
    batch = batch_of(spec, options, reserved=technical)
    deletes = Deletes.of(batch, options.deletes, live() if options.soft else None)
    flag = deletes.flag()
    if flag is not None:
        batch = batch.computing(**{FLAG: flag})
    merging = Merging(MergedRow.of(batch, options), deletes)
    if spec.target_columns is None:
        return (*batch.steps, examine_first(batch), *batch.kept(), publish(batch, options))
    room = (*batch.room, *_soft_columns(spec, options))
    return (*batch.steps, *room, merging.classify(), merging.examine(), *batch.kept(), *merging.write())


def _soft_columns(spec: LoadSpec[Options], options: MergeOptions) -> list[Step]:
    """Make room for what soft deletes keep, where the table comes from before them."""
    from interlace_strategies.merge_row import DELETED, DELETED_AT

    if not options.soft:
        return []
    stored = {c.name for c in spec.target_columns or ()}
    wanted = (Column(DELETED, "BOOLEAN"), Column(DELETED_AT, "TIMESTAMPTZ"))
    return [AddColumn(spec.target, column) for column in wanted if column.name not in stored]
