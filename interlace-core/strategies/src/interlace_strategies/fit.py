"""Staging a batch so that its columns are those of the table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.contracts.load import Derive, Query, Stage
from interlace.contracts.relation import Column, Relation
from interlace_strategies.temporary import temporary

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlglot import exp

    from interlace.contracts.load import LoadSpec, Step
    from interlace.contracts.options import Options
    from interlace.schema.evolve import Evolution

__all__ = ["Fitted", "cast_source", "fit", "rows_where"]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A batch that is staged and has the names and types of the table's columns.

    Attributes:
        relation: where it is.
        columns: those that are written, as the table has them.
        table: all columns of the table once it has been made fit; None where there is no table.
        steps: stage it; each row is computed once.
        room: what to do to the table first: rename, add and widen columns.
    """

    relation: Relation
    columns: tuple[Column, ...]
    table: tuple[Column, ...] | None
    steps: tuple[Step, ...]
    room: tuple[Step, ...]


def fit(spec: LoadSpec[Options], reserved: Collection[str] = ()) -> Fitted:
    """Stage the source, cast to the table's types as the schema mode says.

    Args:
        spec: the load.
        reserved: columns of the table that the strategy itself keeps.

    Raises:
        InvalidModel: the schema mode refuses the batch.
    """
    from interlace.schema.evolve import evolve

    staged = spec.source if isinstance(spec.source, Relation) else temporary(spec.target, "batch")
    evolution = evolve(spec, staged, reserved)
    relation, steps = _staged(spec, evolution, staged)
    types = {column.name: column for column in evolution.columns}
    columns = tuple(types[name] for name, _ in evolution.projection)
    table = evolution.columns if spec.target_columns is not None else None
    return Fitted(relation, columns, table, steps, tuple(evolution.steps))


def _staged(spec: LoadSpec[Options], evolution: Evolution, staged: Relation) -> tuple[Relation, tuple[Step, ...]]:
    if isinstance(spec.source, Query) and not evolution.measures:
        return staged, (Stage(staged, cast_source(spec.source, evolution, spec.dialect)),)
    steps: tuple[Step, ...] = () if isinstance(spec.source, Relation) else (Stage(staged, spec.source),)
    looked = evolution.examine(staged)
    steps = (*steps, looked) if looked is not None else steps
    if evolution.plain:
        return staged, steps
    fitted = temporary(spec.target, "fitted")
    return fitted, (*steps, Derive(fitted, evolution.select(staged)))


def cast_source(source: Query | Relation, evolution: Evolution, dialect: str) -> Query | Relation | exp.Query:
    """The source with its columns cast, where a cast can lose nothing, so that the rows are written once."""
    if evolution.plain:
        return source
    if isinstance(source, Relation):
        return evolution.select(source)
    chosen = ", ".join(expression.sql(dialect=dialect) for expression in evolution.select(Relation("source")).selects)
    return Query(f"SELECT {chosen} FROM ({source.sql}\n) AS source")


def rows_where(source: Query | Relation, condition: exp.Expr, dialect: str) -> Query | exp.Query:
    """The rows of a source of which a condition over its columns, unqualified, is true."""
    if isinstance(source, Relation):
        from sqlglot import exp

        from interlace_strategies.expressions import table

        return exp.select("*").from_(table(source), copy=False).where(condition, copy=False)
    return Query(f"SELECT * FROM ({source.sql}\n) AS source WHERE {condition.sql(dialect=dialect)}")
