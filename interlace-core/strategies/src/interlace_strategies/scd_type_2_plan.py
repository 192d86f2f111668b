"""The plan of a load of a history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import LoadPlan, Publish
from interlace.errors import InvalidModel
from interlace_strategies import expressions as sql
from interlace_strategies.deletes import refuse_partial
from interlace_strategies.fit import fit
from interlace_strategies.scd_type_2_adopt import adoption
from interlace_strategies.scd_type_2_batch import BatchRows
from interlace_strategies.scd_type_2_changes import Changes
from interlace_strategies.scd_type_2_first import first_load
from interlace_strategies.scd_type_2_layout import Layout
from interlace_strategies.scd_type_2_numbers import Numbers
from interlace_strategies.scd_type_2_replay import Replaying
from interlace_strategies.scd_type_2_write import Writing

if TYPE_CHECKING:
    from interlace.contracts.load import LoadSpec, Step
    from interlace_strategies.scd_type_2 import ScdType2Options

__all__ = ["planned"]


def planned(spec: LoadSpec[ScdType2Options]) -> LoadPlan:
    """See `ScdType2.plan`."""
    refuse_partial(spec.options, partial=spec.partial, model=spec.target.name)
    layout = Layout(spec, fit(spec, spec.options.own_names()))  # type: ignore[arg-type]
    _refuse_columns(layout)
    batch = BatchRows(layout)
    if spec.target_columns is None and not layout.replays:
        return LoadPlan(first_load(layout, batch), idempotent=False)
    changes = Changes(layout, batch)
    writing = Replaying(layout, changes) if layout.replays else Writing(layout, changes)
    numbers = Numbers(layout, batch, changes, writing)
    steps: list[Step] = [*layout.fitted.steps, *_room(layout), *batch.picking(), *changes.steps()]
    steps += [numbers.examined(), *numbers.kept(), *writing.steps()]
    return LoadPlan(tuple(steps), idempotent=False)


def _room(layout: Layout) -> list[Step]:
    """An empty history where there is no table; else what makes the table fit."""
    if layout.spec.target_columns is not None:
        return [*layout.fitted.room, *adoption(layout)]
    values: dict[str, exp.Expr] = {name: sql.column(name, "given") for name in layout.stored}
    values |= {c.name: exp.cast(exp.null(), c.type) for c in layout.own_columns()}
    empty = sql.select(values, sql.table(layout.fitted.relation, "given"), [exp.false()])
    return [Publish(layout.target, empty)]


def _refuse_columns(layout: Layout) -> None:
    """Look at the columns that options name before anything is planned.

    Raises:
        InvalidModel: one is not there, or is of no use for what it is named for.
    """
    layout.at()
    _ = layout.order_by, layout.scope, layout.delete_when
    chosen = layout.options.track
    if not layout.tracked and chosen != "all":
        raise InvalidModel(f"{layout.model} tracks no column but its key", model=layout.model)
