"""``strategy: merge_stream_with_source``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, model_validator

from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy
from interlace_strategies.options import Columns, SqlText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Examine, LoadPlan, LoadSpec

__all__ = ["MergeStreamWithSource", "MergeStreamWithSourceOptions"]


class MergeStreamWithSourceOptions(Options):
    """What ``merge_stream_with_source`` takes.

    The model's query gives both: the events of the stream, and, when there is one to load, the whole snapshot.

    Attributes:
        order_by: the columns that order the events of a key, such as a log's position; the most important first.
        base: a condition over a row that is true for the rows of the snapshot; without it all rows are events.
        stream: a condition that is true for events; without it the rows that are not of the base.  A row that is
            neither is left out, and counted as rejected.
        snapshot_at: over a row of the base: the first column of `order_by` up to which the snapshot holds the events.
        op: the column that says what an event did; NULL is an upsert.
        deletes: the values of `op` that delete the key.
    """

    order_by: Columns
    base: SqlText | None = None
    stream: SqlText | None = None
    snapshot_at: SqlText | None = None
    op: str | None = None
    deletes: Columns = Field(default=("d", "D", "delete", "DELETE"))

    @model_validator(mode="after")
    def _fit_together(self) -> MergeStreamWithSourceOptions:
        if (self.base is None) != (self.snapshot_at is None):
            given, absent = ("base", "snapshot_at") if self.base is not None else ("snapshot_at", "base")
            raise ValueError(
                f"{given!r} needs {absent!r}: they say which rows are the snapshot's, and when it was taken"
            )
        if self.stream is not None and self.base is None:
            raise ValueError("'stream' needs 'base': without it all rows are events")
        return self


class MergeStreamWithSource(Strategy):
    """The table is the latest snapshot plus all later events in their order, whatever the order in which they land.

    An event holds the whole row.  Of a key the greatest position wins, a delete on a tie; an event at or before the
    snapshot's position changes nothing.  A batch with rows of the base holds all of the snapshot: what is neither in it
    nor in later events is deleted, so that a later snapshot begins anew.  What must be remembered beside the rows, the
    positions of deletes and of the snapshots, is in the side table ``<table>__positions``.

    The counts:

    - ``inserted``, ``updated``, ``deleted``: rows of the table.
    - ``unchanged``: rows that say what the table holds, or that another row of the batch outdid.
    - ``late``: events older than what is known of their key, or than the snapshot; rows of an older snapshot.
    - ``conflict``: events with the position of what the table holds and other values; the first wins.
    - ``rejected``: rows that are neither of the base nor of the stream.
    """

    Config: ClassVar[type[Options]] = MergeStreamWithSourceOptions
    needs_source_columns = True
    needs_key = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Stage, remember deletes and the snapshot, find what is the latest of each key, and write that.

        Raises:
            InvalidModel: an option names no column.
        """
        from interlace_strategies.stream_merging import merging

        return merging(spec)

    def existing(self, spec: LoadSpec[Options]) -> Sequence[Examine]:
        """Each key is there once."""
        from interlace_strategies.existing import unique_key

        return (unique_key(spec, nulls=False),)
