"""What becomes of each row of the batch and each open row of the table: the classification of a load of a history.

The verdicts: ``new``, ``returned``, ``changed`` and ``touched`` rows are written, ``gone`` and ``missing`` keys are deleted;
``known``, ``late``, ``conflict`` and ``rejected`` rows change nothing.  Rows that are the ``same`` are left out at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Derive
from interlace_strategies import expressions as sql
from interlace_strategies.scd_type_2_layout import EPOCH, ROW, matched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import Step
    from interlace_strategies.scd_type_2_batch import BatchRows
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["Changes", "is_one_of"]


def is_one_of(verdict: exp.Expr, verdicts: Sequence[str]) -> exp.Expr:
    """Whether a verdict is one of these."""
    if not verdicts:
        return exp.false()
    return exp.In(this=verdict, expressions=[sql.text(name) for name in verdicts])


class Changes:
    """The classification, as relations of the load.

    Attributes:
        found: what differs from the open rows.
        judged: the same, one row for each key (or each moment of a key), judged by all that is known of it; where only
            open rows are looked at, there is nothing else to make of it.
    """

    def __init__(self, layout: Layout, batch: BatchRows) -> None:
        self._layout = layout
        self._batch = batch
        self.judged = layout.temporary("judged")
        self.found = layout.temporary("changes") if self.remembers else self.judged
        self._past = layout.temporary("past")

    @property
    def remembers(self) -> bool:
        """Whether closed rows are looked at."""
        return self._layout.by_time or self._layout.options.first == "epoch"

    def steps(self) -> list[Step]:
        """Compare, look at the past of what is new or late, and judge."""
        if not self.remembers:
            return [Derive(self.judged, self._judgement(), self._layout.key)]
        return [
            Derive(self.found, self._comparison()),
            Derive(self._past, self._remembered()),
            Derive(self.judged, self._judgement(), self._layout.key),
        ]

    # --- the batch beside the open rows -----------------------------------------------------------------------

    def _comparison(self) -> exp.Select:
        """All that is not the same, with what the open row holds."""
        layout = self._layout
        missing = layout.options.delete_missing
        values: dict[str, exp.Expr] = {
            name: exp.Coalesce(this=sql.column(name, "b"), expressions=[sql.column(layout.was(name), "t")])
            if missing
            else sql.column(name, "b")
            for name in layout.key
        }
        values |= {name: sql.column(name, "b") for name in layout.values}
        values |= {layout.named(w): layout.computed(w, "b") for w in ("at", "gone")}
        values |= {layout.was(name): sql.column(layout.was(name), "t") for name in layout.stored}
        values |= {layout.named(w): layout.computed(w, "t") for w in self._of_open()}
        values[layout.named("verdict")] = self._verdict()
        joined = sql.select(values, sql.subquery(self._present(), "b")).join(
            sql.subquery(self._open_rows(), "t"), on=self._met(), join_type="full" if missing else "left", copy=False
        )
        differ = exp.NEQ(this=layout.computed("verdict", "c"), expression=sql.text("same"))
        return sql.select(list(values), sql.subquery(joined, "c"), [differ], of="c")

    def _met(self) -> exp.Expr:
        layout = self._layout
        stored = [layout.was(name) for name in layout.key]
        met = matched(layout.key, "b", stored, "t", nulls=layout.nulls)
        if not (layout.nulls and layout.options.delete_missing and layout.spec.dialect == "postgres"):
            return met
        # PostgreSQL has no full join by IS NOT DISTINCT FROM alone; equal arrays may hold NULL.
        pairs = zip(layout.key, stored, strict=True)
        arrays = [exp.EQ(this=_array(sql.column(a, "b")), expression=_array(sql.column(b, "t"))) for a, b in pairs]
        return sql.all_of([*arrays, met])

    def _present(self) -> exp.Query:
        layout = self._layout
        names = (*layout.given, layout.named("at"), layout.named("gone"))
        values: dict[str, exp.Expr] = {name: sql.column(name, "r") for name in names}
        values[layout.named("here")] = exp.true()
        return sql.select(values, sql.subquery(self._batch.rows(), "r"))

    def _open_rows(self) -> exp.Select:
        layout = self._layout
        values: dict[str, exp.Expr] = {layout.was(name): sql.column(name, "target") for name in layout.stored}
        values[layout.named("there")] = exp.true()
        values[layout.named("began")] = sql.column(layout.options.valid_from, "target")
        values[layout.named("record")] = layout.is_record("target")
        if layout.by_time:
            values[layout.named("source")] = sql.column("_source_at", "target")
        if layout.in_place:
            values[layout.named("row")] = sql.column(ROW, "target")
        return sql.select(values, sql.table(layout.target, "target"), [layout.is_open("target")])

    def _of_open(self) -> tuple[str, ...]:
        more = (("source",) if self._layout.by_time else (), ("row",) if self._layout.in_place else ())
        return ("there", "began", "record", *(word for words in more for word in words))

    def _verdict(self) -> exp.Case:
        layout = self._layout
        case = exp.Case()
        if layout.options.delete_missing:
            absent = sql.is_null(layout.computed("here", "b"))
            case = case.when(absent, exp.Case().when(self._is_missing(), sql.text("missing")).else_(sql.text("same")))
        return self._by_time(case) if layout.by_time else self._by_column(case)

    def _by_column(self, case: exp.Case) -> exp.Case:
        layout = self._layout
        gone, record = layout.computed("gone", "b"), layout.computed("record", "t")
        unknown = sql.is_null(layout.computed("there", "t"))
        case = case.when(gone, exp.Case().when(_none_of(unknown, record), sql.text("gone")).else_(sql.text("same")))
        case = case.when(unknown.copy(), sql.text("new")).when(record.copy(), sql.text("changed"))
        if layout.compared:
            case = case.when(self._differ(layout.compared), sql.text("changed"))
        rest = [name for name in layout.values if name not in layout.compared]
        case = case.when(self._differ(rest), sql.text("touched")) if rest else case
        return case.else_(sql.text("same"))

    def _by_time(self, case: exp.Case) -> exp.Case:
        layout = self._layout
        gone, record, at, source = (
            layout.computed("gone", "b"),
            layout.computed("record", "t"),
            layout.computed("at", "b"),
            layout.computed("source", "t"),
        )
        case = case.when(sql.is_null(layout.computed("there", "t")), sql.text("new"))
        case = case.when(exp.LT(this=at, expression=source), sql.text("behind"))
        deletes = exp.Case().when(_none_of(record), sql.text("gone"))
        # A record of a delete is in the way of later rows only where a batch may hold both.
        later = exp.GT(this=at.copy(), expression=source.copy())
        deletes = deletes.when(later, sql.text("gone")) if layout.replays else deletes
        case = case.when(gone, deletes.else_(sql.text("same")))
        case = case.when(sql.all_of([exp.EQ(this=at.copy(), expression=source.copy()), record]), sql.text("behind"))
        case = case.when(record.copy(), sql.text("changed"))
        same_time = exp.EQ(this=at.copy(), expression=source.copy())
        known = [name for name in layout.compared if name not in layout.added]
        if known:
            case = case.when(sql.all_of([same_time, self._differ(known)]), sql.text("conflict"))
        if layout.values:
            case = case.when(sql.all_of([same_time.copy(), self._differ(layout.values)]), sql.text("touched"))
        case = case.when(same_time.copy(), sql.text("same"))
        if layout.compared:
            case = case.when(self._differ(layout.compared), sql.text("changed"))
        return case.else_(sql.text("touched"))

    def _differ(self, names: Sequence[str]) -> exp.Expr:
        return sql.any_of([self._differs(name) for name in names])

    def _differs(self, name: str) -> exp.Expr:
        layout = self._layout
        was = sql.comparable(layout.was(name), layout.types[name], layout.spec.dialect, "t")
        return sql.differs(layout.comparable(name, "b"), was)

    def _is_missing(self) -> exp.Expr:
        """Whether an open row is deleted for not being in the batch; by time not what is newer than the batch."""
        layout = self._layout
        conditions = [_none_of(layout.computed("record", "t"))]
        if layout.by_time:
            conditions += [
                exp.LT(this=layout.computed(what, "t"), expression=layout.execution) for what in ("began", "source")
            ]
        if layout.scope:
            conditions.append(self.in_scope("t", [layout.was(name) for name in layout.scope]))
        return sql.all_of(conditions)

    def in_scope(self, of: str, names: Sequence[str]) -> exp.Expr:
        """Whether the batch has the scope of a row of the table."""
        layout = self._layout
        scopes = sql.select(layout.scope, sql.subquery(self._batch.usable(), "g"), of="g").distinct(copy=False)
        met = matched(layout.scope, "s", names, of, nulls=True)
        return exp.Exists(this=sql.select({"one": sql.number(1)}, sql.subquery(scopes, "s"), [met]))

    # --- what is new or late beside the past ------------------------------------------------------------------

    def _remembered(self) -> exp.Select:
        """All versions of the keys that have no open row, or are behind it."""
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "target") for name in (*layout.key, *layout.compared)}
        values[layout.named("began")] = sql.column(layout.options.valid_from, "target")
        values[layout.named("ended")] = exp.Case().when(
            layout.is_closed("target"), sql.column(layout.options.valid_to, "target")
        )
        values[layout.named("record")] = layout.is_record("target")
        if layout.by_time:
            values[layout.named("source")] = sql.column("_source_at", "target")
        asked = sql.select(layout.key, sql.table(self.found, "c"), [self._is_asked()], of="c").distinct(copy=False)
        return sql.select(values, sql.subquery(asked, "c")).join(
            sql.table(layout.target, "target"), on=layout.key_is("c", "target"), copy=False
        )

    def _is_asked(self) -> exp.Expr:
        return is_one_of(self._layout.computed("verdict", "c"), ("new", "behind"))

    def _judgement(self) -> exp.Select:
        """The verdicts, with the time from which the new version counts; identical rows are one."""
        layout = self._layout
        once = self._once()
        if not self.remembers:
            return self._with_beginnings(sql.subquery(once, "c"))
        values: dict[str, exp.Expr] = {name: sql.column(name, "c") for name in self._names()}
        values[layout.named("verdict")] = self._final_verdict()
        values[layout.named("last")] = layout.computed("ended", "k")
        met = [layout.key_is("k", "c")]
        if layout.by_time:
            met += [exp.EQ(this=layout.computed(w, "k"), expression=layout.computed(w, "c")) for w in ("at", "gone")]
        joined = sql.select(values, sql.subquery(once, "c")).join(
            sql.subquery(self._looked_up(), "k"), on=sql.all_of(met), join_type="left", copy=False
        )
        return self._with_beginnings(sql.subquery(joined, "c"), "last")

    def _names(self) -> tuple[str, ...]:
        layout = self._layout
        return (
            *layout.given,
            *(layout.named(w) for w in ("at", "gone", "verdict", *self._of_open())),
            *(layout.was(name) for name in layout.stored),
        )

    def _once(self) -> exp.Select:
        layout = self._layout
        identity = layout.keys("c")
        if layout.options.duplicates == "sequence":
            identity += [layout.computed("at", "c"), layout.computed("gone", "c")]
        values: dict[str, exp.Expr] = {name: sql.column(name, "c") for name in self._names()}
        values[layout.named("nth")] = sql.numbered(identity, identity)
        first = exp.EQ(this=layout.computed("nth", "n"), expression=sql.number(1))
        rows = sql.table(self.found, "c") if self.remembers else sql.subquery(self._comparison(), "c")
        return sql.select(list(self._names()), sql.subquery(sql.select(values, rows), "n"), [first], of="n")

    def _looked_up(self) -> exp.Select:
        """What the past says of each row that is new or behind."""
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "c") for name in layout.key}
        values[layout.named("ended")] = exp.Max(this=layout.computed("ended", "p"))
        grouped = layout.keys("c")
        if layout.by_time:
            moment = [layout.computed(w, "c") for w in ("at", "gone")]
            values |= {layout.named(w): layout.computed(w, "c") for w in ("at", "gone")}
            grouped += [value.copy() for value in moment]
            values[layout.named("latest")] = exp.Max(this=layout.computed("source", "p"))
            values[layout.named("first")] = exp.Min(this=layout.computed("began", "p"))
            values |= {layout.named(w): _any(value) for w, value in self._witnesses().items()}
        joined = sql.select(values, sql.table(self.found, "c"), [self._is_asked()]).join(
            sql.table(self._past, "p"), on=layout.key_is("p", "c"), copy=False
        )
        return joined.group_by(*grouped, copy=False)

    def _witnesses(self) -> dict[str, exp.Expr]:
        """What one version (``p``) says of one row (``c``)."""
        layout = self._layout
        at, began, ended, source = (layout.computed(w, of) for w, of in _TIMES)
        live = exp.Not(this=layout.computed("record", "p"))
        since = exp.GTE(this=at, expression=exp.Least(this=began, expressions=[source.copy()], ignore_nulls=True))
        before_end = sql.any_of([sql.is_null(ended), exp.LT(this=at.copy(), expression=ended.copy())])
        until = sql.any_of([exp.LTE(this=at.copy(), expression=source.copy()), before_end.copy()])
        at_source = exp.EQ(this=at.copy(), expression=source.copy())
        at_beginning = exp.EQ(this=at.copy(), expression=began.copy())
        moments = [at_source, at_beginning] if layout.options.first == "updated_at" else [at_source]
        agrees: list[exp.Expr] = [
            exp.Not(this=sql.differs(layout.comparable(n, "p"), layout.comparable(n, "c"))) for n in layout.compared
        ]
        differs = [sql.differs(layout.comparable(n, "p"), layout.comparable(n, "c")) for n in layout.compared]
        return {
            "agrees": sql.all_of([live, since, until, *agrees]),
            "contradicts": sql.all_of([live.copy(), sql.any_of(moments), sql.any_of(differs)])
            if differs
            else exp.false(),
            "covers": sql.all_of([live.copy(), since.copy(), before_end]),
            "deletes": sql.all_of([sql.has_value(ended.copy()), at_source.copy()]),
        }

    def _final_verdict(self) -> exp.Case:
        layout = self._layout
        verdict, unknown = layout.computed("verdict", "c"), sql.is_null(layout.computed("ended", "k"))
        if not layout.by_time:
            returned = sql.all_of([exp.EQ(this=verdict, expression=sql.text("new")), exp.Not(this=unknown)])
            return exp.Case().when(returned, sql.text("returned")).else_(verdict.copy())
        first = layout.computed("first", "k")
        asked = is_one_of(verdict, ("new", "behind"))
        case = exp.Case().when(exp.Not(this=exp.Paren(this=asked)), verdict.copy())
        gone = layout.computed("gone", "c")
        if not layout.replays:
            nothing = sql.all_of([exp.EQ(this=verdict.copy(), expression=sql.text("new")), gone])
            case = case.when(nothing, sql.text("known"))
        later = exp.GT(this=layout.computed("at", "c"), expression=layout.computed("latest", "k"))
        case = case.when(sql.is_null(first), sql.text("new")).when(later, sql.text("returned"))
        covers, agrees, contradicts, deletes = (layout.computed(w, "k") for w in _WITNESSES)
        nothing_left = sql.any_of([exp.Not(this=covers), deletes])
        case = case.when(sql.all_of([gone.copy(), nothing_left]), sql.text("known"))
        case = case.when(gone.copy(), sql.text("late"))
        case = case.when(agrees, sql.text("known")).when(contradicts, sql.text("conflict"))
        if layout.options.late == "insert":
            gap = exp.GT(this=layout.computed("at", "c"), expression=first.copy())
            case = case.when(sql.all_of([exp.Not(this=covers.copy()), gap]), sql.text("rejected"))
        return case.else_(sql.text("late"))

    # --- from when ---------------------------------------------------------------------------------------------

    def _with_beginnings(self, rows: exp.Subquery, *more: str) -> exp.Select:
        """The rows, with the moment from which what they say counts."""
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "c") for name in self._names()}
        values |= {layout.named(what): layout.computed(what, "c") for what in more}
        values[layout.named("from")] = self._beginning("last" in more)
        return sql.select(values, rows)

    def _beginning(self, remembered: bool) -> exp.Expr:
        layout = self._layout
        verdict, at = layout.computed("verdict", "c"), layout.computed("at", "c")
        ends = exp.Greatest(this=at, expressions=[layout.after(layout.computed("began", "c"))], ignore_nulls=True)
        case = exp.Case().when(exp.EQ(this=verdict, expression=sql.text("new")), self._first())
        if remembered:
            again = exp.Greatest(this=at.copy(), expressions=[layout.computed("last", "c")], ignore_nulls=True)
            case = case.when(exp.EQ(this=verdict.copy(), expression=sql.text("returned")), again)
        if layout.options.delete_missing:
            missing = exp.Greatest(
                this=layout.execution, expressions=[layout.after(layout.computed("began", "c"))], ignore_nulls=True
            )
            case = case.when(exp.EQ(this=verdict.copy(), expression=sql.text("missing")), missing)
        return case.else_(ends)

    def _first(self) -> exp.Expr:
        match self._layout.options.first:
            case "epoch":
                return sql.moment(EPOCH)
            case "execution":
                return self._layout.execution
            case "updated_at":
                return self._layout.computed("at", "c")


_TIMES = (("at", "c"), ("began", "p"), ("ended", "p"), ("source", "p"))
_WITNESSES = ("covers", "agrees", "contradicts", "deletes")


def _any(condition: exp.Expr) -> exp.Expr:
    """Whether any row of a group meets a condition; never NULL."""
    return exp.GT(this=sql.count_where(condition), expression=sql.number(0))


def _none_of(*conditions: exp.Expr) -> exp.Expr:
    return exp.Not(this=sql.any_of(list(conditions)))


def _array(value: exp.Expr) -> exp.Array:
    return exp.Array(expressions=[value])
