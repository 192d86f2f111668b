"""``strategy: append``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.load import AddColumn, AlterType, Insert, LoadPlan, Publish
from interlace.contracts.options import Options
from interlace.contracts.strategy import Strategy
from interlace.errors import Defect, InvalidModel

if TYPE_CHECKING:
    from interlace.contracts.load import LoadSpec, Step
    from interlace.contracts.relation import Column, Relation
    from interlace.schema.compare import ColumnChange, SchemaChange

__all__ = ["Append", "AppendOptions"]


class AppendOptions(Options):
    """``append`` takes no options yet."""


class Append(Strategy):
    """The batch is added to the rows that are there.

    The table's columns follow the batch's as far as nothing is lost (schema mode ``safe``): a new column is added and
    is NULL in the rows that are there, a wider type widens the column, a column that the batch lacks stays NULL in
    its rows.  A narrower or another type is an error.
    """

    Config: ClassVar[type[Options]] = AppendOptions
    needs_source_columns = True

    def plan(self, spec: LoadSpec[Options]) -> LoadPlan:
        """Make room for the batch, then insert it by name; or publish it where there is no table.

        Raises:
            InvalidModel: a column's type is narrower than the table's, or another; names both.
        """
        from interlace.schema.compare import compare

        if spec.source_columns is None:
            raise Defect(f"the columns of the batch for {spec.target} were not given to 'append'")
        if spec.target_columns is None:
            return LoadPlan((Publish(spec.target, spec.source),), idempotent=False)
        change = compare(spec.target_columns, spec.source_columns, spec.dialect)
        _refuse_losses(spec.target, change)
        insert = Insert(spec.target, _names(spec.target_columns, spec.source_columns), spec.source)
        return LoadPlan((*_make_room(spec.target, change), insert), idempotent=False)


def _make_room(target: Relation, change: SchemaChange) -> list[Step]:
    from dataclasses import replace

    added = [AddColumn(target, replace(column, nullable=True)) for column in change.added]
    return [*added, *(AlterType(target, wider.old.name, wider.new.type) for wider in change.widened)]


def _names(target: tuple[Column, ...], source: tuple[Column, ...]) -> tuple[str, ...]:
    """The batch's columns in their order, spelt as in the table."""
    from interlace.schema.compare import columns_by_name

    stored = columns_by_name(target)
    return tuple(stored.get(column.name.casefold(), column).name for column in source)


def _refuse_losses(target: Relation, change: SchemaChange) -> None:
    refused = [_loss(c, "narrower") for c in change.narrowed] + [_loss(c, "another type") for c in change.changed]
    if refused:
        raise InvalidModel(
            f"The batch does not fit the table {target}, nothing was written: {'; '.join(refused)}.",
            hint="Cast the column in the model to the table's type.",
            model=target.name,
        )


def _loss(change: ColumnChange, how: str) -> str:
    return f"column {change.old.name!r} is {change.old.type} in the table and {change.new.type} in the batch ({how})"
