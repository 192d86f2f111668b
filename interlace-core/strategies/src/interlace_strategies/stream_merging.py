"""The plan of ``merge_stream_with_source``: by position alone, so that the order of landing does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from interlace.contracts.load import Change, Derive, Examine, Keep, LoadPlan, Publish, Refusal
from interlace_strategies import expressions as sql
from interlace_strategies.fit import fit
from interlace_strategies.interval import inside
from interlace_strategies.lookup import spelt
from interlace_strategies.temporary import positions_of, temporary
from interlace_strategies.written import over_one_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.load import LoadSpec, Step
    from interlace_strategies.merge_stream_with_source import MergeStreamWithSourceOptions

__all__ = ["merging"]

_OWN = ("__interlace_base", "__interlace_gone")


def merging(spec: LoadSpec[Any]) -> LoadPlan:
    """See `MergeStreamWithSource.plan`."""
    return LoadPlan(tuple(_Merging(spec).steps()), idempotent=False)


class _Merging:
    """The statements of one load."""

    def __init__(self, spec: LoadSpec[MergeStreamWithSourceOptions]) -> None:
        self._spec = spec
        self._options = spec.options
        self._fitted = fit(spec)  # type: ignore[arg-type]
        self._names = tuple(c.name for c in self._fitted.columns)
        self._types = {c.name: c.type for c in (*(self._fitted.table or ()), *self._fitted.columns)}
        model = spec.target.name
        self._key = spelt(spec.key, self._names, "key", model)
        self._order = spelt(self._options.order_by, self._names, "'order_by'", model)
        self._op = spelt([self._options.op], self._names, "'op'", model)[0] if self._options.op else None
        self._base = self._written(self._options.base, "'base'")
        self._stream = self._written(self._options.stream, "'stream'")
        self._snapshot_at = self._written(self._options.snapshot_at, "'snapshot_at'")
        self._side = positions_of(spec.target)
        self._offered, self._latest, self._judged = (
            temporary(spec.target, what) for what in ("offered", "latest", "judged")
        )

    def steps(self) -> list[Step]:
        """All of it."""
        return [
            *self._fitted.steps,
            *self._room(),
            Derive(self._offered, self._offers()),
            self._examined_batch(),
            self._remembering(),
            Keep(self._side, self._positions(self._is_new_position(), distinct=True)),
            Derive(self._latest, self._latest_of_each()),
            Derive(self._judged, self._judgement()),
            self._counted(),
            *self._writes(),
            self._examined(),
        ]

    # --- the batch ----------------------------------------------------------------------------------------------

    def _room(self) -> list[Step]:
        if self._spec.target_columns is not None:
            return list(self._fitted.room)
        empty = sql.select(self._names, self._given(), [exp.false()], of="given")
        return [Publish(self._spec.target, empty)]

    def _remembering(self) -> Step:
        """The side table is there; it is empty where the table begins."""
        none = self._positions(exp.false())
        return Keep(self._side, none) if self._spec.target_columns is not None else Publish(self._side, none)

    def _given(self) -> exp.Table:
        return sql.table(self._fitted.relation, "given")

    def _written(self, text: str | None, what: str) -> exp.Expr | None:
        if text is None:
            return None
        found = over_one_row(text, self._spec.dialect, self._names, what)
        for column in list(found.find_all(exp.Column)):
            column.replace(sql.column(column.name, "given"))
        return found

    def _is_base(self) -> exp.Expr:
        return exp.false() if self._base is None else _surely(self._base.copy())

    def _is_event(self) -> exp.Expr:
        event: exp.Expr = exp.Not(this=self._is_base()) if self._stream is None else _surely(self._stream.copy())
        conditions = [exp.Not(this=self._is_base()), event] if self._stream is not None else [event]
        if self._spec.interval is not None:
            within = inside(
                self._spec.interval, self._fitted.columns, self._spec.dialect, self._spec.target.name, "given"
            )
            conditions.append(_surely(exp.Paren(this=within)))
        return sql.all_of(conditions)

    def _offers(self) -> exp.Select:
        """Rows of the base, at the position of the snapshot, and events; of rows that are identical one."""
        values: dict[str, exp.Expr] = {name: sql.column(name, "given") for name in self._names}
        if self._snapshot_at is not None:
            first = self._order[0]
            taken = exp.cast(
                self._snapshot_at.copy(), exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=self._types[first])
            )
            values[first] = exp.Case().when(self._is_base(), taken).else_(values[first])
        values["__interlace_base"] = self._is_base()
        values["__interlace_gone"] = self._is_gone()
        wanted = sql.any_of([self._is_base(), exp.Paren(this=self._is_event())])
        return sql.select(values, self._given(), [wanted]).distinct(copy=False)

    def _is_gone(self) -> exp.Expr:
        if self._op is None:
            return exp.false()
        said = exp.cast(sql.column(self._op, "given"), "TEXT")
        deletes = exp.In(this=said, expressions=[sql.text(value) for value in self._options.deletes])
        return sql.all_of([exp.Not(this=self._is_base()), _surely(exp.Paren(this=deletes))])

    # --- what is remembered --------------------------------------------------------------------------------------

    def _positions(self, where: exp.Expr, *, distinct: bool = False) -> exp.Select:
        """The positions of the batch's deletes and of its snapshot."""
        is_base = sql.column("__interlace_base", "o")
        values: dict[str, exp.Expr] = {
            name: exp.Case().when(exp.Not(this=is_base.copy()), sql.column(name, "o")) for name in self._key
        }
        values |= {f"at_{n}": sql.column(name, "o") for n, name in enumerate(self._order, 1)}
        for n in range(2, len(self._order) + 1):
            values[f"at_{n}"] = exp.Case().when(exp.Not(this=is_base.copy()), values[f"at_{n}"])
        values["of_snapshot"] = is_base
        remembered = sql.any_of([is_base.copy(), sql.column("__interlace_gone", "o")])
        found = sql.select(values, sql.table(self._offered, "o"), [remembered, where])
        return found.distinct(copy=False) if distinct else found

    def _is_new_position(self) -> exp.Expr:
        """Whether the side table does not hold it yet, or something later."""
        same_key = sql.same(self._key, "p", "o", nulls=False)
        deleted = self._one_position(
            [exp.Not(this=sql.column("of_snapshot", "p")), same_key, self._not_before("p", "o")]
        )
        later = exp.GTE(this=sql.column("at_1", "p"), expression=sql.column(self._order[0], "o"))
        taken = self._one_position([sql.column("of_snapshot", "p"), later])
        is_base = sql.column("__interlace_base", "o")
        return sql.any_of(
            [
                sql.all_of([is_base, exp.Not(this=exp.Exists(this=taken))]),
                sql.all_of([exp.Not(this=is_base.copy()), exp.Not(this=exp.Exists(this=deleted))]),
            ]
        )

    def _one_position(self, where: Sequence[exp.Expr]) -> exp.Select:
        return sql.select({"one": sql.number(1)}, sql.table(self._side, "p"), where)

    def _not_before(self, side: str, rows: str) -> exp.Expr:
        """Whether a remembered position is at or after a row's."""
        pairs = [(f"at_{n}", name) for n, name in enumerate(self._order, 1)]
        equal: list[exp.Expr] = []
        cases: list[exp.Expr] = []
        for mine, its in pairs:
            greater = exp.GT(this=sql.column(mine, side), expression=sql.column(its, rows))
            cases.append(exp.Paren(this=sql.all_of([*(e.copy() for e in equal), greater])))
            equal.append(exp.EQ(this=sql.column(mine, side), expression=sql.column(its, rows)))
        return sql.any_of([*cases, exp.Paren(this=sql.all_of(equal))])

    def _snapshot(self) -> exp.Subquery:
        """The position of the latest snapshot; NULL where there was none."""
        latest = {"latest": exp.Max(this=sql.column("at_1", "s"))}
        return sql.scalar(sql.select(latest, sql.table(self._side, "s"), [sql.column("of_snapshot", "s")]))

    # --- the latest of each key -----------------------------------------------------------------------------------

    def _latest_of_each(self) -> exp.Select:
        """The row that the batch makes of each key: neither older than the snapshot, nor deleted since."""
        is_base = sql.column("__interlace_base", "o")
        first = sql.column(self._order[0], "o")
        current = exp.Case().when(is_base, exp.EQ(this=first, expression=self._snapshot()))
        current = current.else_(
            exp.Coalesce(this=exp.GT(this=first.copy(), expression=self._snapshot()), expressions=[exp.true()])
        )
        deleted = self._one_position(
            [
                exp.Not(this=sql.column("of_snapshot", "p")),
                sql.same(self._key, "p", "o", nulls=False),
                self._not_before("p", "o"),
            ]
        )
        after = [exp.Ordered(this=sql.column(name, "o"), desc=True, nulls_first=False) for name in self._order]
        values: dict[str, exp.Expr] = {name: sql.column(name, "o") for name in (*self._names, *_OWN)}
        values["__interlace_nth"] = sql.numbered([sql.column(name, "o") for name in self._key], after)
        where = [exp.Not(this=sql.column("__interlace_gone", "o")), current, exp.Not(this=exp.Exists(this=deleted))]
        ranked = sql.select(values, sql.table(self._offered, "o"), where)
        best = exp.EQ(this=sql.column("__interlace_nth", "r"), expression=sql.number(1))
        return sql.select((*self._names, *_OWN), sql.subquery(ranked, "r"), [best], of="r")

    def _judgement(self) -> exp.Query:
        """What becomes of each key: ``new``, ``changed``, ``same``, ``late``, ``conflict``, ``gone`` or ``absent``."""
        met = sql.same(self._key, "t", "l", nulls=False)
        values: dict[str, exp.Expr] = {name: sql.column(name, "l") for name in self._names}
        values["__interlace_verdict"] = self._verdict()
        offered = sql.select(values, sql.table(self._latest, "l")).join(
            sql.table(self._spec.target, "t"), on=met, join_type="left", copy=False
        )
        gone: dict[str, exp.Expr] = {
            name: sql.column(name, "t")
            if name in self._key
            else exp.cast(exp.null(), exp.DataType(this=exp.DataType.Type.USERDEFINED, kind=self._types[name]))
            for name in self._names
        }
        gone["__interlace_verdict"] = exp.Case().when(self._is_said_gone(), sql.text("gone")).else_(sql.text("absent"))
        replaced = exp.Exists(this=sql.select({"one": sql.number(1)}, sql.table(self._latest, "l"), [met.copy()]))
        deleted = sql.select(gone, sql.table(self._spec.target, "t"), [self._is_deleted(), exp.Not(this=replaced)])
        return exp.union(offered, deleted, distinct=False, copy=False)

    def _verdict(self) -> exp.Case:
        case = exp.Case().when(sql.is_null(sql.column(self._key[0], "t")), sql.text("new"))
        is_base = sql.column("__interlace_base", "l")
        differs = sql.any_of([self._differs(name) for name in self._names if name not in self._key])
        later = exp.GT(this=sql.column(self._order[0], "t"), expression=sql.column(self._order[0], "l"))
        case = case.when(sql.all_of([is_base, later]), sql.text("late"))
        case = case.when(sql.all_of([is_base.copy(), differs]), sql.text("changed"))
        case = case.when(is_base.copy(), sql.text("same"))
        case = case.when(self._comes_after("l", "t"), sql.text("changed"))
        case = case.when(self._comes_after("t", "l"), sql.text("late"))
        return case.when(differs.copy(), sql.text("conflict")).else_(sql.text("same"))

    def _differs(self, name: str) -> exp.Expr:
        one, other = (sql.comparable(name, self._types[name], self._spec.dialect, of) for of in ("l", "t"))
        return sql.differs(one, other)

    def _comes_after(self, one: str, other: str) -> exp.Expr:
        """Whether a position is greater, column by column; of an event and a row of the base the first column tells."""
        equal: list[exp.Expr] = []
        cases: list[exp.Expr] = []
        for name in self._order:
            greater = exp.GT(this=sql.column(name, one), expression=sql.column(name, other))
            cases.append(exp.Paren(this=sql.all_of([*(e.copy() for e in equal), greater])))
            equal.append(exp.EQ(this=sql.column(name, one), expression=sql.column(name, other)))
        return _surely(sql.any_of(cases))

    def _is_said_gone(self) -> exp.Expr:
        """Whether the batch deletes a row of the table, at or after its position."""
        return exp.Exists(
            this=sql.select(
                {"one": sql.number(1)},
                sql.table(self._offered, "o"),
                [
                    sql.column("__interlace_gone", "o"),
                    sql.same(self._key, "o", "t", nulls=False),
                    exp.Not(this=self._comes_after("t", "o")),
                ],
            )
        )

    def _is_deleted(self) -> exp.Expr:
        """Whether a row of the table goes: it is said to be gone, or absent from the snapshot that the batch brings."""
        if self._base is None:
            return self._is_said_gone()
        brought = exp.EQ(this=sql.column(self._order[0], "o"), expression=self._snapshot())
        rows = [sql.column("__interlace_base", "o"), brought]
        whole = exp.Exists(this=sql.select({"one": sql.number(1)}, sql.table(self._offered, "o"), rows))
        same_key = sql.same(self._key, "o", "t", nulls=False)
        held = exp.Exists(
            this=sql.select(
                {"one": sql.number(1)}, sql.table(self._offered, "o"), [*(r.copy() for r in rows), same_key]
            )
        )
        older = exp.LTE(this=sql.column(self._order[0], "t"), expression=self._snapshot())
        return sql.any_of([self._is_said_gone(), sql.all_of([whole, older, exp.Not(this=held)])])

    # --- writing --------------------------------------------------------------------------------------------------

    def _writes(self) -> list[Step]:
        target = self._spec.target
        verdict = sql.column("__interlace_verdict", "j")
        met = sql.same(self._key, "j", "target", nulls=False)
        replaced = exp.In(this=verdict, expressions=[sql.text(word) for word in ("changed", "gone", "absent")])
        written = exp.In(this=verdict.copy(), expressions=[sql.text("new"), sql.text("changed")])
        rows = sql.select(self._names, sql.table(self._judged, "j"), [written], of="j")
        return [
            Change(sql.delete(target, sql.table(self._judged, "j"), sql.all_of([met, replaced]))),
            Change(sql.insert(target, self._names, rows)),
        ]

    # --- numbers --------------------------------------------------------------------------------------------------

    def _examined_batch(self) -> Examine:
        """Keys and positions are there; one snapshot at a time; a position says one thing."""
        timeless = sql.any_of([sql.is_null(sql.column(name, "o")) for name in (*self._key, *self._order[:1])])
        rest = [sql.is_null(sql.column(name, "o")) for name in self._order[1:]]
        if rest:
            unordered = sql.all_of([exp.Not(this=sql.column("__interlace_base", "o")), sql.any_of(rest)])
            timeless = sql.any_of([timeless, unordered])
        taken = exp.Case().when(sql.column("__interlace_base", "o"), sql.column(self._order[0], "o"))
        snapshots = exp.Count(this=exp.Distinct(expressions=[taken]))
        more = exp.Case().when(exp.GT(this=snapshots, expression=sql.number(1)), snapshots.copy())
        looked = sql.select({"incomplete": sql.count_where(timeless), "snapshots": more}, sql.table(self._offered, "o"))
        query = sql.one_row({"offered": looked}, {"differing": sql.scalar(self._count(self._differing()))})
        target = _said(self._spec.target)
        sample = sql.select(self._names, sql.table(self._offered, "o"), [timeless.copy()], of="o")
        refusals = (
            Refusal("incomplete", f"Rows of the batch for {target} with NULL in the key or in 'order_by': {{count}}.",
                    "Filter them in the model.", sample),
            Refusal("snapshots", f"The batch for {target} holds {{count}} snapshots.",
                    "Give one snapshot at a time: 'snapshot_at' must be the same for all rows of the base."),
            Refusal("differing", f"Positions of a key that say several things in the batch for {target}: {{count}}.",
                    "Add a column to 'order_by' that tells them apart.", self._differing()),
        )  # fmt: skip
        return Examine(query, refusals)

    def _differing(self) -> exp.Select:
        """Live rows of one key and position (of the base: of one key)."""
        identity: list[exp.Expr] = [
            sql.column(name, "o") for name in (*self._key, *self._order[:1], "__interlace_base")
        ]
        identity += [
            exp.Case().when(exp.Not(this=sql.column("__interlace_base", "o")), sql.column(name, "o"))
            for name in self._order[1:]
        ]
        live = exp.Not(this=sql.column("__interlace_gone", "o"))
        found = sql.select(self._key, sql.table(self._offered, "o"), [live], of="o").group_by(*identity, copy=False)
        return found.having(exp.GT(this=exp.Count(this=exp.Star()), expression=sql.number(1)), copy=False)

    @staticmethod
    def _count(query: exp.Select) -> exp.Select:
        return sql.select({"number": exp.Count(this=exp.Star())}, sql.subquery(query, "n"))

    def _counted(self) -> Examine:
        """What becomes of the rows."""
        verdict = sql.column("__interlace_verdict", "j")
        names = {
            "inserted": "new",
            "updated": "changed",
            "said_gone": "gone",
            "absent": "absent",
            "conflict": "conflict",
            "outdone": "late",
        }
        of_judged = {
            name: sql.count_where(exp.EQ(this=verdict.copy(), expression=sql.text(word)))
            for name, word in names.items()
        }
        judged = sql.select(of_judged, sql.table(self._judged, "j"))
        used = sql.any_of([self._is_base(), exp.Paren(this=self._is_event())])
        batch = sql.select(
            {"given_rows": exp.Count(this=exp.Star()), "used_rows": sql.count_where(used)}, self._given()
        )
        first = sql.column(self._order[0], "o")
        is_base = sql.column("__interlace_base", "o")
        before = exp.Case().when(is_base, exp.LT(this=first, expression=self._snapshot()))
        before = before.else_(exp.LTE(this=first.copy(), expression=self._snapshot()))
        old = sql.select({"before_snapshot": sql.count_where(before)}, sql.table(self._offered, "o"))
        column = sql.column
        scalars: dict[str, exp.Expr] = {
            "deleted": exp.Add(this=column("said_gone", "j"), expression=column("absent", "j")),
            "rejected": exp.Sub(this=column("given_rows", "b"), expression=column("used_rows", "b")),
            "late": exp.Add(this=column("outdone", "j"), expression=column("before_snapshot", "o")),
        }
        told: exp.Expr = column("inserted", "j")
        for name in ("updated", "said_gone", "conflict"):
            told = exp.Add(this=told, expression=column(name, "j"))
        told = exp.Add(this=told, expression=scalars["late"].copy())
        scalars["unchanged"] = exp.Sub(this=column("used_rows", "b"), expression=exp.Paren(this=told))
        counts = ("inserted", "updated", "unchanged", "deleted", "rejected", "late", "conflict")
        return Examine(sql.one_row({"b": batch, "j": judged, "o": old}, scalars), (), counts)

    def _examined(self) -> Examine:
        """Each key that was written is there once."""
        verdict = exp.In(
            this=sql.column("__interlace_verdict", "j"), expressions=[sql.text("new"), sql.text("changed")]
        )
        rows = sql.select(self._key, sql.table(self._judged, "j"), [verdict], of="j").join(
            sql.table(self._spec.target, "t"),
            on=sql.same(self._key, "j", "t", nulls=False),
            join_type="left",
            copy=False,
        )
        twice = rows.group_by(*(sql.column(name, "j") for name in self._key), copy=False).having(
            exp.NEQ(this=exp.Count(this=sql.column(self._key[0], "t")), expression=sql.number(1)), copy=False
        )
        message = f"Keys of {_said(self._spec.target)} that are not there once: {{count}}."
        query = sql.select({"broken": exp.Count(this=exp.Star())}, sql.subquery(twice, "n"))
        return Examine(query, (Refusal("broken", message, defect=True),))


def _surely(condition: exp.Expr) -> exp.Expr:
    """A condition that is false where it would be NULL."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def _said(name: object) -> str:
    """A name inside a message that is formatted later."""
    return str(name).replace("{", "{{").replace("}", "}}")
