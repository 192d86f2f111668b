"""What a load does where the columns of its batch are not the table's: the schema modes.

Pure: from a `LoadSpec` to steps on the table, the columns to write, and what is to be counted in the batch before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from interlace.contracts.load import AddColumn, AlterType, Notice, Refusal
from interlace.contracts.relation import Column, Relation
from interlace.errors import Defect
from interlace.schema.compare import columns_by_name
from interlace.schema.modes import ACTIONS, Action, Difference
from interlace.schema.refusing import (
    both_types,
    difference_of,
    hint_for_values,
    missing,
    of_values,
    refusal,
    refuse_lenient,
    refuse_reserved,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlglot import exp

    from interlace.contracts.load import Examine, LoadSpec, Rename
    from interlace.contracts.options import Options

__all__ = ["Evolution", "evolve"]

TableStep: TypeAlias = "Rename | AddColumn | AlterType"


@dataclass(frozen=True, slots=True)
class Evolution:
    """How a batch and its table come together.

    Attributes:
        steps: on the table, in order, before anything is written.
        projection: the columns to write: the table's spelling of each name, and the expression over the batch (its
            columns are not qualified); in the batch's order.
        columns: the table's columns after the steps; the batch's where there is no table yet.
        measures: aggregates over the batch, by the names that `refusals` and `notices` use; empty where no value
            can be lost.
        refusals: values that do not fit, counted in `measures`; to be examined before the projection is computed.
        notices: how many values become NULL, counted in `measures`.
        left_out: columns of the batch that are not written (``ignore``).
    """

    steps: tuple[TableStep, ...]
    projection: tuple[tuple[str, exp.Expr], ...]
    columns: tuple[Column, ...]
    measures: Mapping[str, exp.Expr] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()
    notices: tuple[Notice, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def plain(self) -> bool:
        """Whether the batch is written as it is: each column, under the same name and type."""
        from sqlglot import exp

        return not self.left_out and all(
            isinstance(value, exp.Column) and value.name == name for name, value in self.projection
        )

    def select(self, batch: Relation) -> exp.Select:
        """The rows of the batch as the table takes them."""
        from sqlglot import exp

        written = (exp.alias_(value.copy(), name, quoted=True) for name, value in self.projection)
        return exp.select(*written).from_(_table(batch))

    def examine(self, batch: Relation) -> Examine | None:
        """The one look at the batch that `measures` need; None where they are empty."""
        from sqlglot import exp

        from interlace.contracts.load import Examine

        if not self.measures:
            return None
        counted = (exp.alias_(value.copy(), name, quoted=True) for name, value in self.measures.items())
        return Examine(exp.select(*counted).from_(_table(batch)), self.refusals, (), self.notices)


def evolve(spec: LoadSpec[Options], batch: Relation, reserved: Collection[str] = ()) -> Evolution:
    """Compare the batch's columns with the table's, and say by `spec.schema_mode` what is to be done.

    Types are compared by their meaning: a batch whose type is held by the table's exactly (INTEGER into BIGINT) is no
    change of the schema, except under ``strict``.

    Args:
        spec: the load; without `target_columns` the batch is written as it is.
        batch: where the batch's rows are when `measures` and samples are computed.
        reserved: columns that the strategy keeps in the table itself, which no batch has.

    Raises:
        InvalidModel: the mode refuses a difference: names each column, both types, and the mode that would allow it; or
            the batch has a reserved column; or ``renamed_from`` names what is not there.
        UnsupportedCapability: ``lenient`` where the session cannot ``TRY_CAST``.
        Defect: the batch's columns were not given.
    """
    if spec.source_columns is None:
        raise Defect(f"the columns of the batch for {spec.target} were not given")
    own = frozenset(name.casefold() for name in reserved)
    refuse_reserved(spec, own)
    refuse_lenient(spec)
    if spec.target_columns is None:
        return Evolution((), tuple((c.name, _column(c.name)) for c in spec.source_columns), spec.source_columns)
    return _Evolving(spec, batch, own).evolved()


class _Evolving:
    """The table's columns, one after the other, as the batch changes them."""

    def __init__(self, spec: LoadSpec[Options], batch: Relation, own: frozenset[str]) -> None:
        from interlace.schema.renaming import renames

        self._spec = spec
        self._batch = batch
        self._own = own
        self._does = ACTIONS[spec.schema_mode]
        renamed, columns = renames(spec.target, spec.target_columns or (), spec.renamed)
        self._stored = columns_by_name(columns)
        self._steps: list[TableStep] = list(renamed)
        self._projection: list[tuple[str, exp.Expr]] = []
        self._measures: dict[str, exp.Expr] = {}
        self._refusals: list[Refusal] = []
        self._notices: list[Notice] = []
        self._left_out: list[str] = []
        self._refused: list[tuple[str, Difference]] = []

    def evolved(self) -> Evolution:
        given = columns_by_name(self._spec.source_columns or ())
        for name, column in given.items():
            stored = self._stored.get(name)
            if stored is None:
                self._new(column)
            else:
                self._both(stored, column)
        for name, stored in self._stored.items():
            if name not in given and name not in self._own and self._does[Difference.MISSING] is Action.REFUSE:
                self._refused.append((missing(stored), Difference.MISSING))
        if self._refused:
            raise refusal(self._spec.target, self._spec.schema_mode, self._refused)
        return Evolution(
            tuple(self._steps),
            tuple(self._projection),
            tuple(self._stored.values()),
            self._measures,
            tuple(self._refusals),
            tuple(self._notices),
            tuple(self._left_out),
        )

    def _new(self, column: Column) -> None:
        match self._does[Difference.NEW]:
            case Action.ADD:
                added = replace(column, nullable=True)
                self._steps.append(AddColumn(self._spec.target, added))
                self._stored[column.name.casefold()] = added
                self._projection.append((column.name, _column(column.name)))
            case Action.DROP:
                self._left_out.append(column.name)
            case Action.REFUSE:
                said = f"column {column.name!r} ({column.type}) is not in the table"
                self._refused.append((said, Difference.NEW))

    def _both(self, stored: Column, column: Column) -> None:
        difference, common = difference_of(stored, column, self._spec.dialect)
        if difference is None:
            self._write(stored, _column(column.name))
        else:
            self._differing(stored, column, difference, common)

    def _differing(self, stored: Column, column: Column, difference: Difference, common: str | None) -> None:
        from interlace.schema.fitting import Fit, cast_to
        from interlace.schema.sql_types import same_type

        fit = Fit(column.name, column.type, stored.type, self._spec.dialect, self._spec.capabilities)
        match self._does[difference]:
            case Action.REFUSE:
                self._refused.append((both_types(stored, column, difference), difference))
            case Action.CAST:
                self._write(stored, cast_to(_column(column.name), stored.type))
            case Action.ALTER if common is not None:
                self._widen(stored, common)
                same = same_type(common, column.type, self._spec.dialect)
                value = _column(column.name)
                self._write(stored, value if same else cast_to(value, common))
            case Action.CHECK | Action.EMPTY if fit.total:
                self._write(stored, fit.cast())
            case Action.CHECK:
                self._write(stored, fit.cast())
                self._check(stored, column, fit.misfit())
            case Action.EMPTY:
                self._write(stored, fit.cast_or_null())
                self._count(stored, column, fit.misfit())

    def _write(self, stored: Column, value: exp.Expr) -> None:
        self._projection.append((stored.name, value))

    def _widen(self, stored: Column, common: str) -> None:
        self._steps.append(AlterType(self._spec.target, stored.name, common))
        self._stored[stored.name.casefold()] = replace(stored, type=common)

    def _check(self, stored: Column, column: Column, misfit: exp.Expr) -> None:
        from sqlglot import exp

        name = self._measure(misfit)
        sample = exp.select(_column(column.name)).distinct().from_(_table(self._batch)).where(misfit.copy()).limit(10)
        said = f"{of_values(self._spec, stored, column)}. Values that do not fit: {{count}}."
        self._refusals.append(Refusal(name, said, hint_for_values(self._spec), sample))

    def _count(self, stored: Column, column: Column, misfit: exp.Expr) -> None:
        said = f"{of_values(self._spec, stored, column)}. Values that did not fit and became NULL: {{count}}."
        self._notices.append(Notice(self._measure(misfit), said))

    def _measure(self, misfit: exp.Expr) -> str:
        from sqlglot import exp

        name = f"unfit_{len(self._measures) + 1}"
        self._measures[name] = exp.Sum(this=exp.case().when(misfit.copy(), exp.Literal.number(1)).else_("0"))
        return name


def _column(name: str) -> exp.Expr:
    from sqlglot import exp

    return exp.column(name, quoted=True)


def _table(relation: Relation) -> exp.Table:
    from sqlglot import exp

    return exp.table_(relation.name, relation.schema, relation.catalog, quoted=True)
