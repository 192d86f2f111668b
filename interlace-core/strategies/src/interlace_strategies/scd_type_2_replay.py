"""Writing a history where a load may bring several versions of a key, or repair what is known of it.

What is known of a key and what the batch says of it become points in time, in order; each stretch of points that say the same
is a version.  Of a key that the batch only continues, what is known is its open row; of one with late rows, all its rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Change, Derive, Examine, Refusal
from interlace_strategies import expressions as sql
from interlace_strategies.scd_type_2_changes import is_one_of
from interlace_strategies.scd_type_2_layout import EPOCH, said
from interlace_strategies.scd_type_2_stretches import Stretches

if TYPE_CHECKING:
    from interlace.contracts.load import Step
    from interlace_strategies.scd_type_2_changes import Changes
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["Replaying"]

_AHEAD = ("new", "returned", "changed", "touched", "gone", "missing")


class Replaying:
    """The steps that rewrite the open rows, or all rows, of the keys that a batch says something new of."""

    def __init__(self, layout: Layout, changes: Changes) -> None:
        self._layout = layout
        self._changes = changes
        self._hard = layout.options.delete_mode == "hard"
        self._inserts = layout.options.late == "insert"
        self._keys = layout.temporary("keys")
        self._base = layout.temporary("base")
        self._points = layout.temporary("points")
        self._versions = layout.temporary("versions")

    def counts(self) -> dict[str, exp.Expr]:
        """What the judged rows tell alone: the rest is counted when the versions are made."""
        return {}

    def expected(self) -> dict[str, exp.Expr]:
        """Nothing: all rows of the keys are replaced."""
        return {}

    def steps(self) -> list[Step]:
        """Make the versions, replace the rows of the keys with them, and look at those."""
        layout = self._layout
        stretches = Stretches(layout, self._points)
        names = (*layout.stored, *layout.options.own_names())
        return [
            Derive(self._keys, self._touched_keys()),
            Derive(self._base, self._known()),
            Derive(self._points, stretches.numbered(self._all_points())),
            Derive(self._versions, stretches.versions()),
            self._counted(),
            Change(sql.delete(layout.target, sql.table(self._keys, "k"), self._replaced())),
            Change(sql.insert(layout.target, names, sql.select(names, sql.table(self._versions, "v"), of="v"))),
            self._examined(),
        ]

    # --- what is known ------------------------------------------------------------------------------------------

    def _touched_keys(self) -> exp.Select:
        layout = self._layout
        verdict = layout.computed("verdict", "j")
        verdicts = (*_AHEAD, "late") if self._inserts else _AHEAD
        values: dict[str, exp.Expr] = {name: sql.column(name, "j") for name in layout.key}
        values[layout.named("repair")] = self._some(is_one_of(verdict, ("late",) if self._inserts else ("none",)))
        goes = sql.any_of([is_one_of(verdict.copy(), ("missing",)), self._is_gone()])
        values[layout.named("forgets")] = self._some(goes) if self._hard else exp.false()
        query = sql.select(values, sql.table(self._changes.judged, "j"), [is_one_of(verdict.copy(), verdicts)])
        return query.group_by(*layout.keys("j"), copy=False)

    def _known(self) -> exp.Select:
        layout = self._layout
        names = (*layout.stored, *layout.options.own_names())
        values: dict[str, exp.Expr] = {name: sql.column(name, "target") for name in names}
        values |= {layout.named(w): layout.computed(w, "k") for w in ("repair", "forgets")}
        values[layout.named("ended")] = exp.Case().when(
            layout.is_closed("target"), sql.column(layout.options.valid_to, "target")
        )
        wanted = sql.any_of([layout.is_open("target"), layout.computed("repair", "k")])
        return sql.select(values, sql.table(self._keys, "k"), [wanted]).join(
            sql.table(layout.target, "target"), on=layout.key_is("k", "target"), copy=False
        )

    # --- the points ---------------------------------------------------------------------------------------------

    def _all_points(self) -> exp.Query:
        parts = [self._beginnings(), self._events()]
        if self._inserts:
            parts += [self._confirmations(), self._ends()]
        query: exp.Query = parts[0]
        for more in parts[1:]:
            query = exp.union(query, more, distinct=False, copy=False)
        return query

    def _beginnings(self) -> exp.Select:
        """Each known row, from its beginning."""
        layout = self._layout
        began, source = sql.column(layout.options.valid_from, "v"), sql.column("_source_at", "v")
        position = exp.Case().when(layout.computed("repair", "v"), began).else_(sql.moment(EPOCH.replace(year=1)))
        confirmed = sql.all_of([layout.computed("repair", "v"), self._confirmed_later()])
        return self._of_base(
            pos=position,
            gone=layout.is_record("v"),
            source=exp.Case().when(confirmed, began.copy()).else_(source),
            basis=began.copy(),
            begun=began.copy(),
        )

    def _confirmations(self) -> exp.Select:
        """Each known row of a repaired key once more, when it was confirmed last."""
        layout = self._layout
        source = sql.column("_source_at", "v")
        return self._of_base(
            layout.computed("repair", "v"),
            self._confirmed_later(),
            exp.Not(this=layout.is_record("v")),
            pos=source,
            gone=exp.false(),
            source=source.copy(),
            basis=exp.cast(exp.null(), "TIMESTAMPTZ"),
            begun=source.copy(),
        )

    def _ends(self) -> exp.Select:
        """The deletes that ended rows of repaired keys: nothing follows where they end."""
        layout = self._layout
        ended = layout.computed("ended", "v")
        begins = exp.EQ(this=sql.column(layout.options.valid_from, "w"), expression=ended)
        following = sql.select({"one": sql.number(1)}, sql.table(self._base, "w"), [layout.key_is("w", "v"), begins])
        dated = exp.GTE(this=sql.column("_source_at", "v"), expression=ended.copy())
        return self._of_base(
            layout.computed("repair", "v"),
            sql.has_value(ended.copy()),
            exp.Not(this=layout.is_record("v")),
            exp.Not(this=exp.Exists(this=following)),
            pos=ended.copy(),
            gone=exp.true(),
            source=exp.Case().when(dated, sql.column("_source_at", "v")),
            basis=exp.cast(exp.null(), "TIMESTAMPTZ"),
            begun=ended.copy(),
        )

    def _confirmed_later(self) -> exp.Expr:
        layout = self._layout
        source, ended = sql.column("_source_at", "v"), layout.computed("ended", "v")
        later = exp.GT(this=source, expression=sql.column(layout.options.valid_from, "v"))
        return sql.all_of(
            [later, sql.any_of([sql.is_null(ended), exp.LT(this=source.copy(), expression=ended.copy())])]
        )

    def _of_base(self, *where: exp.Expr, **point: exp.Expr) -> exp.Select:
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "v") for name in layout.stored}
        point |= {
            "rank": sql.number(0),
            "known": exp.true(),
            "repair": layout.computed("repair", "v"),
            "verdict": sql.text(""),
        }
        values |= {layout.named(w): point[w] for w in _POINT}
        return sql.select(values, sql.table(self._base, "v"), where)

    def _events(self) -> exp.Select:
        """What the batch says."""
        layout = self._layout
        verdict, at, since = (layout.computed(w, "j") for w in ("verdict", "at", "from"))
        repair = layout.computed("repair", "k")
        missing = exp.EQ(this=verdict, expression=sql.text("missing"))
        said_at = exp.Case().when(missing, layout.execution).else_(at)
        moved = sql.all_of([repair, exp.Not(this=is_one_of(verdict.copy(), ("late", "known")))])
        values: dict[str, exp.Expr] = {name: sql.column(name, "j") for name in layout.given}
        values |= {
            name: exp.cast(exp.null(), exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=layout.types[name]))
            for name in layout.kept
        }
        first: exp.Expr = exp.null() if layout.options.first == "updated_at" else since.copy()
        basis = exp.Case().when(exp.EQ(this=verdict.copy(), expression=sql.text("new")), first)
        basis = basis.when(exp.EQ(this=verdict.copy(), expression=sql.text("returned")), layout.computed("last", "j"))
        point = {
            "pos": exp.Case().when(moved, since).else_(said_at),
            "gone": sql.any_of([missing.copy(), self._is_gone()]),
            "source": at.copy(),
            "basis": exp.cast(basis, "TIMESTAMPTZ"),
            "begun": exp.cast(exp.null(), "TIMESTAMPTZ"),
            "rank": sql.number(1),
            "known": exp.false(),
            "repair": repair.copy(),
            "verdict": verdict.copy(),
        }
        ordered = {name: values[name] for name in layout.stored}
        ordered |= {layout.named(w): point[w] for w in _POINT}
        wanted = is_one_of(verdict.copy(), _AHEAD)
        if self._inserts:
            repaired = sql.all_of([repair.copy(), is_one_of(verdict.copy(), ("late", "known"))])
            wanted = sql.any_of([wanted, repaired])
        return sql.select(ordered, sql.table(self._changes.judged, "j"), [wanted]).join(
            sql.table(self._keys, "k"), on=layout.key_is("k", "j"), copy=False
        )

    def _is_gone(self) -> exp.Expr:
        return exp.Coalesce(this=self._layout.computed("gone", "j"), expressions=[exp.false()])

    # --- writing ------------------------------------------------------------------------------------------------

    def _replaced(self) -> exp.Expr:
        layout = self._layout
        which = [layout.is_open("target"), *(layout.computed(w, "k") for w in ("repair", "forgets"))]
        return sql.all_of([layout.key_is("k", "target"), sql.any_of(which)])

    def _counted(self) -> Examine:
        """The versions that were added and ended, the rows that overwrote one, the deletes."""
        layout = self._layout
        stays = exp.Not(this=layout.computed("forgets", "b"))
        before = sql.select(
            {
                "rows_before": sql.count_where(stays),
                "ended_before": sql.count_where(
                    sql.all_of([stays.copy(), sql.has_value(layout.computed("ended", "b"))])
                ),
            },
            sql.table(self._base, "b"),
        )
        after = sql.select(
            {"rows_after": exp.Count(this=exp.Star()), "ended_after": sql.count_where(layout.is_closed("v"))},
            sql.table(self._versions, "v"),
        )
        starts, gone = layout.computed("starts", "p"), layout.computed("gone", "p")
        event = exp.Not(this=layout.computed("known", "p"))
        ahead = is_one_of(layout.computed("verdict", "p"), _AHEAD)
        points = sql.select(
            {
                "updated": sql.count_where(sql.all_of([event, ahead, exp.Not(this=gone), exp.Not(this=starts)])),
                "unchanged": sql.count_where(
                    sql.all_of([event.copy(), ahead.copy(), gone.copy(), exp.Not(this=starts.copy())])
                ),
                "deleted": sql.count_where(sql.all_of([event.copy(), ahead.copy(), gone.copy(), starts.copy()])),
            },
            sql.table(self._points, "p"),
        )
        scalars: dict[str, exp.Expr] = {
            name: exp.Sub(this=sql.column(f"{what}_after", "a"), expression=sql.column(f"{what}_before", "b"))
            for name, what in (("inserted", "rows"), ("closed", "ended"))
        }
        query = sql.one_row({"b": before, "a": after, "p": points}, scalars)
        return Examine(query, (), ("inserted", "updated", "unchanged", "deleted", "closed"))

    def _examined(self) -> Examine:
        """No version of the keys overlaps the one before, and each ends after it begins."""
        layout = self._layout
        begins, ends = (sql.column(name, "target") for name in (layout.options.valid_from, layout.options.valid_to))
        ended = exp.Case().when(layout.is_closed("target"), ends)
        order = exp.Order(expressions=[exp.Ordered(this=begins.copy())])
        following = exp.Window(this=exp.Lead(this=begins.copy()), partition_by=layout.keys("target"), order=order)
        values = {"begins": begins, "ended": ended, "following": following}
        rows = sql.select(values, sql.table(self._keys, "k")).join(
            sql.table(layout.target, "target"), on=layout.key_is("k", "target"), copy=False
        )
        begins, ended_, next_ = (sql.column(name, "t") for name in values)
        broken = sql.any_of(
            [
                exp.GTE(this=begins, expression=ended_),
                exp.GT(this=ended_.copy(), expression=next_),
                sql.all_of([sql.is_null(ended_.copy()), sql.has_value(next_.copy())]),
            ]
        )
        query = sql.select({"broken": exp.Count(this=exp.Star())}, sql.subquery(rows, "t"), [broken])
        message = f"Versions of {said(layout.target)} that overlap the next one of their key, or end before they begin: {{count}}."
        return Examine(query, (Refusal("broken", message, defect=True),))

    @staticmethod
    def _some(condition: exp.Expr) -> exp.Expr:
        return exp.GT(this=sql.count_where(condition), expression=sql.number(0))


_POINT = ("pos", "rank", "gone", "known", "repair", "verdict", "source", "basis", "begun")
