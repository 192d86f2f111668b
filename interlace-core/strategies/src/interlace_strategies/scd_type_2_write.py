"""Writing a history where a load brings one row for each key: close, overwrite, insert."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.contracts.load import Change, Examine, Refusal
from interlace_strategies import expressions as sql
from interlace_strategies.scd_type_2_changes import is_one_of
from interlace_strategies.scd_type_2_layout import ROW, said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlace.contracts.load import Step
    from interlace_strategies.scd_type_2_changes import Changes
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["Writing"]

_REPLACED: Final = "replaced"
_SEVERAL: Final = "several"


class Writing:
    """The statements that bring the judged rows into the table."""

    def __init__(self, layout: Layout, changes: Changes) -> None:
        self._layout = layout
        self._changes = changes
        mode = layout.options.delete_mode
        self._hard = mode == "hard"
        self._deleted = ("gone", "missing") if mode != "preserve" else ()
        self._recorded = self._deleted if mode == "new_record" else ()
        self._ending = ("changed", *(() if self._hard else self._deleted))

    def steps(self) -> list[Step]:
        """Close and overwrite open rows, insert versions, and look at the keys that were touched."""
        return [*(self._updates() if self._layout.in_place else self._replacements()), self._examined()]

    def counts(self) -> dict[str, exp.Expr]:
        """How many rows are written, by verdict: over the judged rows (``j``)."""
        return {
            "inserted": self._count("new", "returned", "changed", *self._recorded),
            "updated": self._count("touched"),
            "closed": self._count(*self._ending),
            "deleted": self._count("gone", "missing"),
        }

    def expected(self) -> dict[str, exp.Expr]:
        """How many open rows are replaced, where that is looked at: over the judged rows (``j``)."""
        return {} if self._layout.in_place else {_REPLACED: sql.count_where(self._is("touched", *self._ending))}

    def written(self) -> exp.Expr:
        """Whether a judged row (``j``) is written."""
        return self._is("new", "returned", "changed", "touched", "gone", "missing")

    # --- delete and insert ------------------------------------------------------------------------------------

    def _replacements(self) -> list[Step]:
        """Delete the open rows and insert them closed: on DuckDB 17 times faster than to update them."""
        replaced = self._is("touched", *self._ending)
        open_ones = sql.all_of([self._key_of_target(), self._layout.is_open("target"), replaced])
        delete = sql.delete(self._layout.target, self._judged(), open_ones)
        steps: list[Step] = [Change(delete, expect=self._opened_twice(_REPLACED))]
        if self._hard:
            steps.append(self._forget())
        rows = [self._closed(), self._versions(), self._touched()]
        if self._recorded:
            rows.append(self._records())
        return [*steps, self._insert(rows)]

    def _updates(self) -> list[Step]:
        """Update the open rows, which PostgreSQL does well.

        Where a row stands is not enough to know it: the partitions of a table have places of the same name.
        """
        layout = self._layout
        place = exp.EQ(this=sql.column(ROW, "target"), expression=layout.computed("row", "j"))
        met = [place, self._key_of_target(), layout.is_open("target")]
        ended = self._own(began=None, ended=layout.computed("from", "j"), source=self._closing_source(), current=False)
        closed = sql.all_of([*met, self._is(*self._ending)])
        overwritten: dict[str, exp.Expr] = {name: sql.column(name, "j") for name in layout.values}
        overwritten |= self._own(began=None, ended=None, source=layout.computed("at", "j"), current=None)
        steps: list[Step] = [Change(sql.update(layout.target, ended, self._judged(), closed))]
        if overwritten:
            touched = sql.all_of([*(m.copy() for m in met), self._is("touched")])
            steps.append(Change(sql.update(layout.target, overwritten, self._judged(), touched)))
        if self._hard:
            steps.append(self._forget())
        return [*steps, self._insert([self._versions(), *([self._records()] if self._recorded else [])])]

    def _forget(self) -> Change:
        gone = sql.all_of([self._key_of_target(), self._is("gone", "missing")])
        return Change(sql.delete(self._layout.target, self._judged(), gone))

    def _insert(self, rows: Sequence[exp.Select]) -> Change:
        layout = self._layout
        query: exp.Query = rows[0]
        for more in rows[1:]:
            query = exp.union(query, more, distinct=False, copy=False)
        return Change(sql.insert(layout.target, (*layout.stored, *layout.options.own_names()), query))

    # --- the rows -----------------------------------------------------------------------------------------------

    def _closed(self) -> exp.Select:
        layout = self._layout
        began, ended = layout.computed("began", "j"), layout.computed("from", "j")
        own = self._own(began, ended, self._closing_source(), current=False)
        if "_deleted" in own:
            own["_deleted"] = layout.computed("record", "j")
        return self._rows({**self._was(), **own}, self._ending)

    def _versions(self) -> exp.Select:
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "j") for name in layout.given}
        values |= {name: exp.cast(exp.null(), _type(layout.types[name])) for name in layout.kept}
        own = self._own(layout.computed("from", "j"), layout.never, layout.computed("at", "j"), current=True)
        return self._rows({**values, **own}, ("new", "returned", "changed"))

    def _touched(self) -> exp.Select:
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "j") for name in layout.given}
        values |= {name: sql.column(layout.was(name), "j") for name in layout.kept}
        own = self._own(layout.computed("began", "j"), layout.never, layout.computed("at", "j"), current=True)
        return self._rows({**values, **own}, ("touched",))

    def _records(self) -> exp.Select:
        layout = self._layout
        own = self._own(layout.computed("from", "j"), layout.never, self._deleting_source(), current=True)
        return self._rows({**self._was(), **own, "_deleted": exp.true()}, self._recorded)

    def _was(self) -> dict[str, exp.Expr]:
        layout = self._layout
        return {name: sql.column(layout.was(name), "j") for name in layout.stored}

    def _own(
        self, began: exp.Expr | None, ended: exp.Expr | None, source: exp.Expr, *, current: bool | None
    ) -> dict[str, exp.Expr]:
        """The strategy's own columns; without what is None."""
        options = self._layout.options
        values: dict[str, exp.Expr | None] = {options.valid_from: began, options.valid_to: ended}
        if options.is_current and current is not None:
            values[options.is_current] = exp.true() if current else exp.false()
        if self._layout.by_time:
            values["_source_at"] = source
        if options.delete_mode == "new_record" and began is not None:
            values["_deleted"] = exp.false()
        return {name: value for name, value in values.items() if value is not None}

    def _closing_source(self) -> exp.Expr:
        """What confirmed a closed row last; a delete that the source dated is known by its time."""
        if not self._layout.by_time:
            return exp.null()
        source = self._layout.computed("source", "j")
        if self._recorded or "gone" not in self._deleted:
            return source
        return exp.Case().when(self._is("gone"), self._layout.computed("at", "j")).else_(source)

    def _deleting_source(self) -> exp.Expr:
        if not self._layout.by_time:
            return exp.null()
        dated = self._layout.computed("at", "j")
        return exp.Case().when(self._is("gone"), dated).else_(self._layout.computed("source", "j"))

    def _rows(self, values: Mapping[str, exp.Expr], verdicts: Sequence[str]) -> exp.Select:
        layout = self._layout
        ordered = {name: values[name] for name in (*layout.stored, *layout.options.own_names())}
        return sql.select(ordered, self._judged(), [self._is(*verdicts)])

    # --- afterwards ---------------------------------------------------------------------------------------------

    def _examined(self) -> Examine:
        """Each touched key has the open row that it should, which begins when the closed ones have ended."""
        layout = self._layout
        ended = self._is(*(v for v in self._deleted if v not in self._recorded)) if self._deleted else exp.false()
        should = exp.Case().when(ended, sql.number(0)).else_(sql.number(1))
        closed = exp.Case().when(layout.is_closed("target"), sql.column(layout.options.valid_to, "target"))
        begun = exp.Case().when(layout.is_open("target"), sql.column(layout.options.valid_from, "target"))
        there = sql.has_value(sql.column(layout.options.valid_from, "target"))
        number = sql.count_where(sql.all_of([there, layout.is_open("target")]))
        several = exp.GT(this=number, expression=exp.Min(this=should))
        wrong = sql.any_of(
            [
                exp.NEQ(this=number.copy(), expression=exp.Min(this=should.copy())),
                exp.GT(this=exp.Max(this=closed), expression=exp.Max(this=begun)),
            ]
        )
        values = {**{name: sql.column(name, "j") for name in layout.key}, layout.named(_SEVERAL): several}
        joined = sql.select(values, self._judged(), [self.written()]).join(
            sql.table(layout.target, "target"), on=self._key_of_target(), join_type="left", copy=False
        )
        broken = joined.group_by(*layout.keys("j"), copy=False).having(wrong, copy=False)
        twice = sql.count_where(layout.computed(_SEVERAL, "b"))
        query = sql.select({_SEVERAL: twice, "broken": exp.Count(this=exp.Star())}, sql.subquery(broken, "b"))
        refusal = Refusal(
            "broken",
            f"Keys of {said(layout.target)} whose versions overlap or are not open as they should be: {{count}}.",
            defect=True,
        )
        return Examine(query, (self._opened_twice(_SEVERAL), refusal))

    def _opened_twice(self, column: str) -> Refusal:
        return Refusal(
            column,
            f"Keys of {said(self._layout.target)} that are open in several rows: {{count}}.",
            "Something else wrote to the history: close all of these rows but one.",
        )

    # --- pieces -------------------------------------------------------------------------------------------------

    def _judged(self) -> exp.Table:
        return sql.table(self._changes.judged, "j")

    def _key_of_target(self) -> exp.Expr:
        return self._layout.key_is("j", "target")

    def _is(self, *verdicts: str) -> exp.Expr:
        return is_one_of(self._layout.computed("verdict", "j"), verdicts)

    def _count(self, *verdicts: str) -> exp.Expr:
        return sql.count_where(self._is(*verdicts)) if verdicts else sql.number(0)


def _type(text: str) -> exp.DataType:
    return exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=text)
