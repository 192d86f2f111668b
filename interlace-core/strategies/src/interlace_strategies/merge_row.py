"""What a merge makes of one row: which columns it updates, and what becomes of its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.errors import InvalidModel
from interlace_strategies import expressions as sql
from interlace_strategies.deletes import FLAG
from interlace_strategies.lookup import spelt
from interlace_strategies.merge_options import Except
from interlace_strategies.written import over_two_rows

if TYPE_CHECKING:
    from interlace_strategies.batch import Batch
    from interlace_strategies.merge_options import MergeOptions

__all__ = ["DELETED", "DELETED_AT", "MergedRow", "live"]

DELETED: Final = "_deleted"
DELETED_AT: Final = "_deleted_at"

_THERE: Final = "__interlace_there"


@dataclass(frozen=True, slots=True)
class MergedRow:
    """A row of the batch (``source``), joined with the row of its key in the table (``target``), if there is one.

    Attributes:
        batch: the batch.
        options: of the strategy.
        flagged: whether rows of the batch delete their keys.
        updated: the columns of the batch that a row that is there takes over.
        set: expressions for columns, over ``target`` and ``source``.
        others: columns of the table that the batch lacks.
        kept: those of them that a row keeps; the others are NULL from then on.
    """

    batch: Batch
    options: MergeOptions
    flagged: bool
    updated: tuple[str, ...]
    set: dict[str, exp.Expr]
    others: tuple[str, ...]
    kept: tuple[str, ...]

    @classmethod
    def of(cls, batch: Batch, options: MergeOptions) -> MergedRow:
        """Find out which columns are updated.

        Raises:
            InvalidModel: an option names no column, or is no expression.
        """
        technical = {DELETED, DELETED_AT} if options.soft else set()
        written = [c.name for c in batch.columns]
        others = [c.name for c in batch.table or () if c.name not in technical and c.name not in written]
        values = _expressions(batch, options, [*written, *others])
        updated = _updated(batch, options, [*written, *others])
        return cls(
            batch=batch,
            options=options,
            flagged=FLAG in batch.computed,
            updated=tuple(n for n in written if n in updated and n not in values),
            set=values,
            others=tuple(others),
            kept=tuple(n for n in others if n not in updated),
        )

    def values(self) -> dict[str, exp.Expr]:
        """The row as it will be."""
        names = [c.name for c in self.batch.columns]
        values = {name: self._value(name) for name in names}
        for name in self.others:
            if name in self.kept:
                values[name] = sql.column(name, "target")
            elif self.options.soft:
                values[name] = self._unless_deleted(exp.null(), name)
        return values

    def _value(self, name: str) -> exp.Expr:
        new = sql.column(name, "source")
        if name in self.batch.key:
            return new
        if name in self.set:
            old: exp.Expr = self.set[name].copy()
        elif name in self.updated:
            return self._unless_deleted(new, name)
        else:
            old = sql.column(name, "target")
        return self._unless_deleted(exp.Case().when(self._live(), old, copy=False).else_(new, copy=False), name)

    def _unless_deleted(self, value: exp.Expr, name: str) -> exp.Expr:
        """The value; a row that is deleted softly keeps its own."""
        if not (self.flagged and self.options.soft):
            return value
        kept = sql.column(name, "target")
        return exp.Case().when(sql.column(FLAG, "source"), kept, copy=False).else_(value, copy=False)

    def missing_value(self, name: str) -> exp.Expr:
        """What a column of a row that is missing from the batch holds: only a row that is kept needs its values."""
        return sql.column(name, "target") if self.options.soft or name in self.batch.key else exp.null()

    def _there(self) -> exp.Expr:
        """Whether the table has the key."""
        if self.batch.nulls:
            return sql.has_value(sql.column(_THERE, "target"))
        return sql.has_value(sql.column(self.batch.key[0], "target"))

    def _live(self) -> exp.Expr:
        """Whether the table has the key, and it is not deleted."""
        if not self.options.soft:
            return self._there()
        return sql.all_of([self._there(), live()])

    def becomes(self) -> exp.Expr:
        """What becomes of a key that changes: ``insert``, ``return``, ``update`` or ``delete``."""
        case = exp.Case()
        if self.flagged:
            case = case.when(sql.column(FLAG, "source"), sql.text("delete"), copy=False)
        case = case.when(exp.Not(this=exp.Paren(this=self._there())), sql.text("insert"), copy=False)
        if self.options.soft:
            case = case.when(exp.Not(this=live()), sql.text("return"), copy=False)
        return case.else_(sql.text("update"), copy=False)

    def changes(self) -> exp.Expr:
        """Whether a key of the batch changes."""
        live = exp.Paren(this=self._live())
        changed = sql.any_of([exp.Not(this=live), *self._differences()])
        if not self.flagged:
            return changed
        flag = sql.column(FLAG, "source")
        return sql.any_of([sql.all_of([flag, live.copy()]), sql.all_of([exp.Not(this=flag.copy()), changed])])

    def _differences(self) -> list[exp.Expr]:
        if not self.options.when_changed:
            return [exp.true()] if self.updated or self.set else []
        types = {c.name: c.type for c in self.batch.columns}
        dialect = self.batch.spec.dialect
        found = [
            sql.differs(*(sql.comparable(n, types[n], dialect, of) for of in ("source", "target")))
            for n in self.updated
        ]
        return found + [sql.differs(value.copy(), sql.column(n, "target")) for n, value in self.set.items()]

    def target(self) -> exp.Table | exp.Subquery:
        """The table, with a column that says that a row is there where its key cannot say it."""
        if not self.batch.nulls:
            return sql.table(self.batch.spec.target, "target")
        names = [c.name for c in self.batch.columns] + list(self.others)
        names += [DELETED, DELETED_AT] if self.options.soft else []
        rows: dict[str, exp.Expr] = {n: sql.column(n) for n in names}
        there = rows | {_THERE: exp.true()}
        return sql.subquery(sql.select(there, sql.table(self.batch.spec.target)), "target")


def live() -> exp.Expr:
    """Whether a row of the table (``target``) is not deleted softly."""
    return exp.Not(this=exp.Coalesce(this=sql.column(DELETED, "target"), expressions=[exp.false()]))


def _updated(batch: Batch, options: MergeOptions, columns: Sequence[str]) -> frozenset[str]:
    """The columns that take the batch's values, the key left out."""
    model = batch.spec.target.name
    free = [name for name in columns if name not in batch.key]
    match options.update:
        case "all":
            return frozenset(free)
        case "none":
            return frozenset()
        case Except(columns=names):
            return frozenset(free) - frozenset(spelt(names, columns, "'update'", model))
        case names:
            listed = spelt(names, [c.name for c in batch.columns], "'update'", model)
            keys = [name for name in listed if name in batch.key]
            if keys:
                raise InvalidModel(f"{model} cannot update {keys[0]!r}, which is of its key", model=model)
            return frozenset(listed)


def _expressions(batch: Batch, options: MergeOptions, table: Sequence[str]) -> dict[str, exp.Expr]:
    model = batch.spec.target.name
    written = [c.name for c in batch.columns]
    found: dict[str, exp.Expr] = {}
    for name, value in options.set.items():
        column = spelt([name], [n for n in written if n not in batch.key], "'set'", model)[0]
        rows = {"target": table, "source": written}
        found[column] = over_two_rows(value, batch.spec.dialect, rows, f"'set' of {column!r}:")
    return found
