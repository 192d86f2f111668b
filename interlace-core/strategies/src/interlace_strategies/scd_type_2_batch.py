"""The rows of a batch that a history compares: one for each key, or for each moment of a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.contracts.load import Derive
from interlace_strategies import expressions as sql
from interlace_strategies.interval import inside

if TYPE_CHECKING:
    from interlace.contracts.load import Step
    from interlace.contracts.relation import Relation
    from interlace_strategies.scd_type_2_layout import Layout

__all__ = ["BatchRows"]


class BatchRows:
    """Queries over the staged batch of a load."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        sequence = layout.options.duplicates == "sequence"
        self._identity = (*layout.key, layout.named("at")) if sequence else layout.key

    @property
    def picks(self) -> bool:
        """Whether one of several rows of a key is picked before anything is compared."""
        return self._layout.options.duplicates == "latest" or self._layout.delete_when is not None

    def rows(self) -> exp.Query:
        """The rows to compare with the table, with ``at`` and ``gone``: all that can be loaded, or those that were picked."""
        if not self.picks:
            return self.usable()
        return sql.select(self._names(), sql.table(self._layout.temporary("picked"), "b"), of="b")

    def usable(self) -> exp.Select:
        """The rows that can be loaded."""
        layout = self._layout
        values: dict[str, exp.Expr] = {name: sql.column(name, "given") for name in layout.given}
        values[layout.named("at")] = layout.at("given")
        values[layout.named("gone")] = self._gone()
        left_out = [exp.Not(this=condition) for _, condition in self.rejections()]
        return sql.select(values, self.given(), left_out)

    def rejections(self) -> list[tuple[str, exp.Expr]]:
        """What is left out, by its reason."""
        layout = self._layout
        found = []
        if layout.options.null_keys == "skip":
            found.append(("null key", self.without_key()))
        if layout.spec.interval is not None:
            within = inside(layout.spec.interval, layout.fitted.columns, layout.spec.dialect, layout.model, "given")
            outside = exp.Not(this=exp.Coalesce(this=exp.Paren(this=within), expressions=[exp.false()]))
            found.append(("outside the interval", exp.Paren(this=outside)))
        return found

    def given(self) -> exp.Table:
        """The staged batch."""
        return sql.table(self._layout.fitted.relation, "given")

    def without_key(self) -> exp.Expr:
        """Whether a row has NULL in its key."""
        return sql.any_of([sql.is_null(value) for value in self._layout.keys("given")])

    def without_time(self) -> exp.Expr:
        """Whether a row that can be loaded has no moment."""
        timeless = sql.is_null(self._layout.at("given"))
        return sql.all_of([timeless, *(exp.Not(this=condition) for _, condition in self.rejections())])

    def picking(self) -> list[Step]:
        """Pick among several rows; only those are sorted."""
        if not self.picks:
            return []
        layout = self._layout
        picked = layout.temporary("picked")
        return [Derive(layout.temporary("several"), self.several()), Derive(picked, self._best())]

    def several(self) -> exp.Select:
        """The identities that occur more than once, and how many ``times``."""
        query = self._grouped(sql.subquery(self.usable(), "b"), "b")
        return query.select(
            exp.alias_(exp.Count(this=exp.Star()), self._layout.named("times"), quoted=True), copy=False
        )

    def single(self) -> exp.Query:
        """One row of each key: the one that was picked, or of rows that are identical one."""
        return self.rows() if self.picks else self._best()

    def _best(self) -> exp.Query:
        """The rows that are alone in their identity, and of the others the first."""
        several = self._layout.temporary("several")
        alone = sql.select(
            self._names(), sql.subquery(self.usable(), "b"), [exp.Not(this=self._among(several))], of="b"
        )
        first = exp.EQ(this=self._layout.computed("nth", "ranked"), expression=sql.number(1))
        best = sql.select(self._names(), sql.subquery(self._ranked(several), "ranked"), [first], of="ranked")
        return exp.union(alone, best, distinct=False, copy=False)

    def differing(self, looked_at: Relation) -> exp.Select:
        """What is refused: keys (or moments of keys) among those in a relation whose live rows differ.

        DuckDB knows the size of no relation that the transaction made, and builds its hash table of the right side: the
        small one.
        """
        layout = self._layout
        live = [exp.Not(this=layout.computed("gone", "b"))] if layout.delete_when is not None else []
        known = sql.select(self._identity, sql.subquery(self.usable(), "b"), live, of="b").join(
            sql.table(looked_at, "s"), on=layout.key_is("s", "b"), copy=False
        )
        several = self._repeated(known, "b")
        values: dict[str, exp.Expr] = {name: sql.column(name, "b") for name in self._identity}
        values |= {name: layout.comparable(name, "b") for name in layout.given if name not in self._identity}
        rows = sql.select(values, sql.subquery(self.usable(), "b"), [condition.copy() for condition in live]).join(
            sql.subquery(several, "s"), on=sql.same(self._identity, "s", "b", nulls=layout.nulls), copy=False
        )
        return self._grouped(sql.subquery(rows.distinct(copy=False), "d"), "d")

    # --- inside -----------------------------------------------------------------------------------------------

    def _names(self) -> tuple[str, ...]:
        return (*self._layout.given, self._layout.named("at"), self._layout.named("gone"))

    def _gone(self) -> exp.Expr:
        when = self._layout.delete_when
        return exp.false() if when is None else exp.Coalesce(this=when.copy(), expressions=[exp.false()])

    def _grouped(self, rows: exp.Subquery, of: str) -> exp.Select:
        """The identities that occur more than once."""
        return self._repeated(sql.select(self._identity, rows, of=of), of)

    def _repeated(self, query: exp.Select, of: str) -> exp.Select:
        query = query.group_by(*(sql.column(name, of) for name in self._identity), copy=False)
        more = exp.GT(this=exp.Count(this=exp.Star()), expression=sql.number(1))
        return query.having(more, copy=False)

    def _among(self, several: Relation) -> exp.Expr:
        return exp.Exists(this=self._one(sql.table(several, "s"), self._identity))

    def _one(self, rows: exp.Table | exp.Subquery, names: tuple[str, ...]) -> exp.Select:
        return sql.select({"one": sql.number(1)}, rows, [sql.same(names, "s", "b", nulls=self._layout.nulls)])

    def _ranked(self, several: Relation) -> exp.Select:
        """The rows of which there are several: the one to take is the first."""
        layout = self._layout
        first = [layout.comparable(name, "b") for name in layout.order_by] or [layout.computed("at", "b")]
        rest = [layout.comparable(name, "b") for name in layout.values]
        order = [_descending(value) for value in [*first, layout.computed("gone", "b"), *rest]]
        values: dict[str, exp.Expr] = {name: sql.column(name, "b") for name in self._names()}
        values[layout.named("nth")] = sql.numbered([sql.column(name, "b") for name in self._identity], order)
        return sql.select(values, sql.subquery(self.usable(), "b"), [self._among(several)])


def _descending(value: exp.Expr) -> exp.Ordered:
    return exp.Ordered(this=value, desc=True, nulls_first=False)
