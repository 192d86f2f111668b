"""From points in time to versions: stretches of points that say the same, each until the next one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace_strategies import expressions as sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.relation import Relation
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["Stretches"]


class Stretches:
    """Queries over points: stored columns, and ``pos, rank, gone, known, repair, verdict, source, basis, begun``.

    The points of a key are ordered by ``pos``, ``rank`` and ``source``; ``known`` ones are of the table.
    """

    def __init__(self, layout: Layout, points: Relation) -> None:
        self._layout = layout
        self._points = points
        self._names = (*layout.stored, *(layout.named(w) for w in _POINT))

    def numbered(self, points: exp.Query) -> exp.Select:
        """The points, with whether each ``starts`` a stretch and the number of its ``stretch``; 0 is before the first."""
        layout = self._layout
        values = self._columns("p")
        values[layout.named("nth")] = self._over(exp.RowNumber(), "p", _ORDER)
        before = (*layout.tracked, *(layout.named(w) for w in ("gone", "known", "source")))
        values |= {self._before(name): self._over(exp.Lag(this=sql.column(name, "p")), "p", _ORDER) for name in before}
        looked = sql.subquery(sql.select(values, sql.subquery(points, "p")), "q")
        started = self._columns("q")
        started[layout.named("starts")] = self._starts()
        begun = exp.Case().when(layout.computed("starts", "s"), sql.number(1)).else_(sql.number(0))
        counted = self._columns("s")
        counted[layout.named("starts")] = layout.computed("starts", "s")
        counted[layout.named("stretch")] = self._over(exp.Sum(this=begun), "s", _ORDER)
        return sql.select(counted, sql.subquery(sql.select(started, looked), "s"))

    def versions(self) -> exp.Select:
        """The rows of the table that the points make."""
        layout = self._layout
        dated = self._columns("i") | {layout.named(w): layout.computed(w, "i") for w in ("stretch", "first_known")}
        dated[layout.named("from")] = self._beginning()
        one = exp.EQ(this=layout.computed("nth", "i"), expression=sql.number(1))
        stretches = sql.subquery(sql.select(dated, sql.subquery(self._stretches(), "i"), [one]), "d")
        beside = self._columns("d") | {layout.named("from"): layout.computed("from", "d")}
        for what, wanted in (("until", "from"), ("next_gone", "gone"), ("next_source", "source")):
            beside[layout.named(what)] = self._over(exp.Lead(this=layout.computed(wanted, "d")), "d", ("stretch",))
        beside[layout.named("stretch")] = layout.computed("stretch", "d")
        beside |= self._of_records()
        beside |= self._of_forgotten()
        return self._rows(sql.subquery(sql.select(beside, stretches), "e"))

    # --- stretches ----------------------------------------------------------------------------------------------

    def _starts(self) -> exp.Expr:
        """Whether a point says something else than the one before it."""
        layout = self._layout
        gone, known = layout.computed("gone", "q"), layout.computed("known", "q")
        was_gone = sql.column(self._before(layout.named("gone")), "q")
        first = exp.EQ(this=layout.computed("nth", "q"), expression=sql.number(1))
        differs = [self._differs(name) for name in layout.compared]
        if layout.kept:
            both = sql.all_of([known, sql.column(self._before(layout.named("known")), "q")])
            kept = [self._differs(name) for name in layout.tracked if name in layout.kept]
            differs += [sql.all_of([both, sql.any_of(kept)])] if kept else []
        case = exp.Case().when(first, sql.any_of([known.copy(), exp.Not(this=gone)]))
        case = case.when(gone.copy(), exp.Not(this=was_gone)).when(was_gone.copy(), exp.true())
        # What a moment says of a column that the table did not have before fills it in.
        again = exp.EQ(
            this=layout.computed("source", "q"), expression=sql.column(self._before(layout.named("source")), "q")
        )
        case = case.when(again, exp.false())
        return case.else_(sql.any_of(differs) if differs else exp.false())

    def _differs(self, name: str) -> exp.Expr:
        layout = self._layout
        was = sql.comparable(self._before(name), layout.types[name], layout.spec.dialect, "q")
        return sql.differs(layout.comparable(name, "q"), was)

    def _before(self, name: str) -> str:
        return self._layout.named(f"before_{name}")

    def _stretches(self) -> exp.Select:
        """Each stretch's points; the first of them is what a version is made of: the last one live, the first delete."""
        layout = self._layout
        gone = layout.computed("gone", "p")
        values = self._columns("p")
        for name in layout.kept:
            values[name] = self._last_known(sql.column(name, "p"))
        for what in ("pos", "known", "begun", "verdict"):
            values[layout.named(f"first_{what}")] = self._first(layout.computed(what, "p"))
        values[layout.named("basis")] = exp.Window(
            this=exp.Max(this=layout.computed("basis", "p")), partition_by=layout.keys("p")
        )
        values[layout.named("stretch")] = layout.computed("stretch", "p")
        backwards = [exp.Ordered(this=layout.computed(w, "p"), desc=True, nulls_first=False) for w in _ORDER]
        last, first = self._ranked(backwards), self._ranked(self._forwards())
        values[layout.named("nth")] = exp.Case().when(gone, first).else_(last)
        inside = exp.GT(this=layout.computed("stretch", "p"), expression=sql.number(0))
        return sql.select(values, sql.table(self._points, "p"), [inside])

    def _first(self, value: exp.Expr) -> exp.Window:
        order = exp.Order(expressions=self._forwards())
        return exp.Window(this=exp.FirstValue(this=value), partition_by=self._stretch(), order=order)

    def _last_known(self, value: exp.Expr) -> exp.Window:
        """What the last row of the table in a stretch holds in a column that the batch lacks."""
        backwards = [
            exp.Ordered(this=self._layout.computed(w, "p"), desc=True, nulls_first=False) for w in _KNOWN_FIRST
        ]
        return exp.Window(
            this=exp.FirstValue(this=value), partition_by=self._stretch(), order=exp.Order(expressions=backwards)
        )

    def _ranked(self, order: Sequence[exp.Expr]) -> exp.Window:
        return sql.numbered(self._stretch(), order)

    def _stretch(self) -> list[exp.Expr]:
        return [*self._layout.keys("p"), self._layout.computed("stretch", "p")]

    def _forwards(self) -> list[exp.Expr]:
        return [exp.Ordered(this=self._layout.computed(w, "p"), nulls_first=True) for w in _ORDER]

    def _beginning(self) -> exp.Expr:
        """From when a version is valid: later than the one before by a microsecond at least."""
        layout = self._layout
        first, basis, number = (layout.computed(w, "i") for w in ("first_pos", "basis", "stretch"))
        others = exp.Sub(this=number, expression=sql.number(1))
        moved = exp.Greatest(this=first, expressions=[layout.after(basis, others)], ignore_nulls=True)
        case = exp.Case().when(layout.computed("first_known", "i"), layout.computed("first_begun", "i"))
        case = case.when(layout.computed("repair", "i"), first.copy())
        if layout.options.first != "updated_at":
            new = exp.EQ(this=layout.computed("first_verdict", "i"), expression=sql.text("new"))
            alone = exp.EQ(this=number.copy(), expression=sql.number(1))
            case = case.when(sql.all_of([new, alone]), basis.copy())
        return case.else_(exp.Coalesce(this=moved, expressions=[first.copy()]))

    # --- rows -----------------------------------------------------------------------------------------------------

    def _of_records(self) -> dict[str, exp.Expr]:
        """What a record of a delete takes from the version before it."""
        layout = self._layout
        if layout.options.delete_mode != "new_record":
            return {}
        values: dict[str, exp.Expr] = {}
        gone = sql.all_of([layout.computed("gone", "d"), self._later()])
        for name in (*layout.stored, layout.named("source")):
            before = self._over(exp.Lag(this=sql.column(name, "d")), "d", ("stretch",))
            own = sql.column(name, "d")
            value: exp.Expr = before
            if name == layout.named("source"):
                value = exp.Coalesce(this=own.copy(), expressions=[before])
            values[name] = exp.Case().when(gone.copy(), value).else_(own) if name not in layout.key else own
        return values

    def _later(self) -> exp.Expr:
        return exp.GT(this=self._layout.computed("stretch", "d"), expression=sql.number(1))

    def _of_forgotten(self) -> dict[str, exp.Expr]:
        """The last delete of a key, before which everything is forgotten."""
        layout = self._layout
        if layout.options.delete_mode != "hard":
            return {}
        gone = exp.Case().when(layout.computed("gone", "d"), layout.computed("stretch", "d"))
        return {layout.named("forgotten"): exp.Window(this=exp.Max(this=gone), partition_by=layout.keys("d"))}

    def _rows(self, rows: exp.Subquery) -> exp.Select:
        layout = self._layout
        options = layout.options
        gone, since, until = (layout.computed(w, "e") for w in ("gone", "from", "until"))
        is_last = sql.is_null(until)
        values: dict[str, exp.Expr] = {name: sql.column(name, "e") for name in layout.stored}
        values[options.valid_from] = since
        values[options.valid_to] = exp.Case().when(is_last, layout.never).else_(until.copy())
        if options.is_current:
            values[options.is_current] = is_last.copy()
        values["_source_at"] = self._source()
        records = options.delete_mode == "new_record"
        if records:
            values["_deleted"] = gone
        where = [sql.any_of([is_last.copy(), exp.LT(this=since.copy(), expression=until.copy())])]
        if not records:
            where.append(exp.Not(this=gone.copy()))
        if options.delete_mode == "hard":
            forgotten = layout.computed("forgotten", "e")
            after = exp.GT(this=layout.computed("stretch", "e"), expression=forgotten)
            where.append(sql.any_of([sql.is_null(forgotten.copy()), after]))
        return sql.select(values, rows, where)

    def _source(self) -> exp.Expr:
        """What confirmed a version last; a delete that the source dated is known by its time."""
        layout = self._layout
        own = layout.computed("source", "e")
        if layout.options.delete_mode == "new_record":
            return own
        dated = exp.Coalesce(this=layout.computed("next_source", "e"), expressions=[own.copy()])
        return exp.Case().when(layout.computed("next_gone", "e"), dated).else_(own)

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _columns(self, of: str) -> dict[str, exp.Expr]:
        return {name: sql.column(name, of) for name in self._names}

    def _over(self, function: exp.Expr, of: str, order: Sequence[str]) -> exp.Window:
        by = exp.Order(expressions=[exp.Ordered(this=self._layout.computed(w, of), nulls_first=True) for w in order])
        return exp.Window(this=function, partition_by=self._layout.keys(of), order=by)


_ORDER = ("pos", "rank", "source")
_KNOWN_FIRST = ("known", *_ORDER)
_POINT = ("pos", "rank", "gone", "known", "repair", "verdict", "source", "basis", "begun")
