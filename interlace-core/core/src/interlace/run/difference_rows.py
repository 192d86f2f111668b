"""How the rows of two tables of one database differ: counted by the database, by key or as whole rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation
    from interlace.run.difference_columns import Pair

__all__ = ["Comparison", "Counts", "Keys", "Sample", "Side"]

_IS: Final = "__interlace_is"
_OLD, _NEW = "__interlace_old", "__interlace_new"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two tables; the rows for which a condition holds, where there is one."""

    relation: Relation
    condition: exp.Expr | None = None


@dataclass(frozen=True, slots=True)
class Keys:
    """Why the rows of a table cannot be told by a key: rows without one, and keys that several rows have."""

    missing: int
    shared: int

    def __bool__(self) -> bool:
        """Whether there is anything wrong."""
        return bool(self.missing or self.shared)


@dataclass(frozen=True, slots=True)
class Counts:
    """How the rows differ.

    Attributes:
        before: rows of the first table.
        after: rows of the second.
        added: rows that only the second has.
        removed: rows that only the first has.
        changed: rows that both have with other values; None where whole rows are compared.
        columns: in how many rows each column that both have changed; those that changed in none are left out.
    """

    before: int
    after: int
    added: int
    removed: int
    changed: int | None
    columns: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One row to look at.

    Attributes:
        values: of the columns that are compared, by name; of a row that changed the key alone.
        changed: by column the value in the first table and in the second.
        times: how many rows like it there are more on its side.
    """

    values: Mapping[str, Any]
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    times: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two tables, compared by one query.

    Args:
        session: of their database.
        old: the first.
        new: the second.
        key: the columns that identify a row, in both; none compares whole rows with their multiplicity.
        compared: the other columns.
        tolerance: how far two floats may lie apart where a pair says ``near``.
    """

    session: Session
    old: Side
    new: Side
    key: tuple[Pair, ...]
    compared: tuple[Pair, ...]
    tolerance: float = 0.0

    def keys(self) -> tuple[Keys, Keys]:
        """What is wrong with the key in the first table and in the second; one query."""
        sides = ((self.old, [p.old for p in self.key]), (self.new, [p.new for p in self.key]))
        numbers = [number for side, names in sides for number in (_missing(side, names), _shared(side, names))]
        missing_old, shared_old, missing_new, shared_new = self._numbers(_scalars(numbers))
        return Keys(missing_old, shared_old), Keys(missing_new, shared_new)

    def counts(self) -> Counts:
        """How many rows differ; one query."""
        if self.key:
            return self._counts_by_key()
        if self.compared:
            before, after, added, removed = self._numbers(self._of_groups())
            return Counts(before, after, added, removed, None)
        before, after = self._numbers(_scalars([_all(self.old), _all(self.new)]))
        return Counts(before, after, after, before, None)

    def added(self, limit: int) -> list[Sample]:
        """Rows that only the second table has, in the order of the key."""
        return self._only(limit, new=True)

    def removed(self, limit: int) -> list[Sample]:
        """Rows that only the first table has."""
        return self._only(limit, new=False)

    def changed(self, limit: int) -> list[Sample]:
        """Rows that both have with other values; there are none where whole rows are compared."""
        from sqlglot import exp

        differs = [self._differs(p) for p in self.compared]
        if not self.key or not differs:
            return []
        flags = [_alias(_flag(d), f"__interlace_c{i}") for i, d in enumerate(differs)]
        columns = [_column("n", p.new) for p in self.key]
        columns += [column for p in self.compared for column in (_column("o", p.old), _column("n", p.new))]
        query = exp.select(*(_alias(c, f"__interlace_v{i}") for i, c in enumerate(columns)), *flags)
        query = query.from_(_flagged(self.old, "o")).join(_flagged(self.new, "n"), on=self._same_key())
        query = query.where(exp.or_(*(d.copy() for d in differs))).order_by(*(_column("n", p.new) for p in self.key))
        return [self._changed_row(row) for row in self._fetch(query.limit(limit))]

    # --- by key -----------------------------------------------------------------------------------------------

    def _counts_by_key(self) -> Counts:
        from sqlglot import exp

        flags = [_named("m", f"c{i}") for i in range(len(self.compared))]
        any_flag = exp.or_(*(f.copy().eq(1) for f in flags)) if flags else exp.false()
        old, new = _named("m", "o"), _named("m", "n")
        numbers = [exp.Count(this=old), exp.Count(this=new), _count_if(_absent(old)), _count_if(_absent(new))]
        numbers += [_count_if(any_flag), *(exp.Sum(this=f) for f in flags)]
        query = exp.select(*_labelled(numbers)).from_(self._matched().subquery("m"))
        before, after, added, removed, changed, *columns = self._numbers(query)
        by_column = {p.new: n for p, n in zip(self.compared, columns, strict=True) if n}
        return Counts(before, after, added, removed, changed, by_column)

    def _matched(self) -> exp.Select:
        """A row for each key: whether it is there, whether here, and which columns differ."""
        from sqlglot import exp

        old, new = _named("o", _IS), _named("n", _IS)
        both = exp.and_(_given(old), _given(new))
        flags = [_alias(_flag(exp.and_(both, self._differs(p))), f"c{i}") for i, p in enumerate(self.compared)]
        query = exp.select(_alias(old, "o"), _alias(new, "n"), *flags)
        return query.from_(_flagged(self.old, "o")).join(_flagged(self.new, "n"), on=self._same_key(), join_type="full")

    def _same_key(self) -> exp.Expr:
        from sqlglot import exp

        return exp.and_(*(_value("o", p.old, p).eq(_value("n", p.new, p)) for p in self.key))

    def _differs(self, of: Pair) -> exp.Expr:
        from sqlglot import exp

        old, new = _value("o", of.old, of), _value("n", of.new, of)
        unlike = exp.NullSafeNEQ(this=old, expression=new)
        if of.how != "near":
            return unlike
        far = exp.Literal.number(repr(self.tolerance))
        # A difference of two large numbers overflows on PostgreSQL; NaN is greater than all.
        low, high = exp.Sub(this=old.copy(), expression=far), exp.Add(this=old.copy(), expression=far.copy())
        within = exp.Between(this=new.copy(), low=low, high=high)
        return exp.and_(unlike, exp.or_(_absent(old), _absent(new), exp.not_(within)))

    def _changed_row(self, row: Sequence[Any]) -> Sample:
        keys, pairs = len(self.key), len(self.compared)
        flags, values = row[keys + 2 * pairs :], iter(row[keys:])
        given = {p.new: (next(values), next(values)) for p in self.compared}
        changed = {name: both for (name, both), flag in zip(given.items(), flags, strict=True) if flag}
        return Sample(dict(zip((p.new for p in self.key), row, strict=False)), changed)

    # --- as whole rows ----------------------------------------------------------------------------------------

    def _of_groups(self) -> exp.Select:
        from sqlglot import exp

        old, new = _named("g", _OLD), _named("g", _NEW)
        numbers = [exp.Sum(this=old), exp.Sum(this=new), _sum_of_more(new, old), _sum_of_more(old, new)]
        return exp.select(*_labelled(numbers)).from_(self._groups().subquery("g"))

    def _groups(self) -> exp.Select:
        """Each row that is different from the others, and how often it is there and here."""
        from sqlglot import exp

        names = [p.new for p in self.compared]
        both = exp.union(self._marked(self.old, old=True), self._marked(self.new, old=False), distinct=False)
        sums = [_alias(exp.Sum(this=_named("u", mark)), mark) for mark in (_OLD, _NEW)]
        columns = [_column("u", name) for name in names]
        return exp.select(*columns, *sums).from_(both.subquery("u")).group_by(*(c.copy() for c in columns))

    def _marked(self, side: Side, *, old: bool) -> exp.Select:
        from sqlglot import exp

        values = [
            _alias(_value("s", p.old if old else p.new, p), p.new)  # the union has the names of the second
            for p in self.compared
        ]
        marks = [_alias(exp.Literal.number(int(old)), _OLD), _alias(exp.Literal.number(int(not old)), _NEW)]
        return exp.select(*values, *marks).from_(_flagged(side, "s"))

    # --- rows of one side -------------------------------------------------------------------------------------

    def _only(self, limit: int, *, new: bool) -> list[Sample]:
        query = self._only_by_key(new=new) if self.key else self._only_groups(new=new)
        names = [p.new for p in (*self.key, *self.compared)]
        rows = self._fetch(query.limit(limit)) if names else []
        return [Sample(dict(zip(names, row, strict=False)), times=int(row[-1])) for row in rows]

    def _only_by_key(self, *, new: bool) -> exp.Select:
        from sqlglot import exp

        mine, other, here, there = (self.new, self.old, "n", "o") if new else (self.old, self.new, "o", "n")
        columns = [_column(here, p.new if new else p.old) for p in (*self.key, *self.compared)]
        query = exp.select(*(_alias(c, f"__interlace_v{i}") for i, c in enumerate(columns)), _alias(_one(), _IS))
        query = query.from_(_flagged(mine, here)).join(_flagged(other, there), on=self._same_key(), join_type="left")
        return query.where(_absent(_named(there, _IS))).order_by(*(c.copy() for c in columns[: len(self.key)]))

    def _only_groups(self, *, new: bool) -> exp.Select:
        from sqlglot import exp

        more, fewer = (_NEW, _OLD) if new else (_OLD, _NEW)
        columns = [_column("g", p.new) for p in self.compared]
        times = exp.Sub(this=_named("g", more), expression=_named("g", fewer))
        query = exp.select(*columns, _alias(times, _IS)).from_(self._groups().subquery("g"))
        unequal = exp.GT(this=_named("g", more), expression=_named("g", fewer))
        return query.where(unequal).order_by(*(c.copy() for c in columns))

    # --- asking -----------------------------------------------------------------------------------------------

    def _numbers(self, query: exp.Select) -> Iterator[int]:
        return (int(value or 0) for value in self._fetch(query)[0])

    def _fetch(self, query: exp.Select) -> list[tuple[Any, ...]]:
        return self.session.fetch(query.sql(dialect=self.session.connection.dialect))


# --- expressions ------------------------------------------------------------------------------------------------------


def _table(relation: Relation) -> exp.Table:
    from sqlglot import exp

    parts = [exp.to_identifier(p, quoted=True) for p in (relation.name, relation.schema, relation.catalog) if p]
    return exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))


def _rows(side: Side, *columns: exp.Expr | str) -> exp.Select:
    from sqlglot import exp

    query = exp.select(*columns).from_(_table(side.relation))
    return query if side.condition is None else query.where(side.condition.copy())


def _flagged(side: Side, alias: str) -> exp.Subquery:
    """The rows of a table with a column that is never NULL, so that an outer join tells which side is there."""
    return _rows(side, "*", _alias(_one(), _IS)).subquery(alias)


def _all(side: Side) -> exp.Select:
    from sqlglot import exp

    return _rows(side, exp.Count(this=exp.Star()))


def _missing(side: Side, names: Sequence[str]) -> exp.Select:
    from sqlglot import exp

    return _all(side).where(exp.or_(*(_absent(_plain(name)) for name in names)))


def _shared(side: Side, names: Sequence[str]) -> exp.Select:
    from sqlglot import exp

    groups = _rows(side, _alias(_one(), _IS)).where(exp.and_(*(_given(_plain(name)) for name in names)))
    groups = groups.group_by(*map(_plain, names)).having(exp.GT(this=exp.Count(this=exp.Star()), expression=_one()))
    return exp.select(exp.Count(this=exp.Star())).from_(groups.subquery("s"))


def _scalars(numbers: Iterable[exp.Select]) -> exp.Select:
    from sqlglot import exp

    return exp.select(*_labelled(number.subquery() for number in numbers))


def _labelled(numbers: Iterable[exp.Expr]) -> list[exp.Expr]:
    return [_alias(number, f"n{i}") for i, number in enumerate(numbers)]


def _alias(expression: exp.Expr, name: str) -> exp.Expr:
    from sqlglot import exp

    aliased: exp.Expr = exp.alias_(expression, name, quoted=True)
    return aliased


def _plain(name: str) -> exp.Column:
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=True))


def _column(alias: str, name: str) -> exp.Column:
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=True), table=alias)


_named = _column


def _value(alias: str, name: str, of: Pair) -> exp.Expr:
    """A column as it is compared."""
    from sqlglot import exp

    column = _column(alias, name)
    return exp.cast(column, exp.DataType.Type.TEXT) if of.how == "text" else column


def _one() -> exp.Expr:
    from sqlglot import exp

    return exp.Literal.number(1)


def _given(column: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.Not(this=_absent(column))


def _absent(column: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.Is(this=column.copy(), expression=exp.Null())


def _flag(condition: exp.Expr, value: exp.Expr | None = None) -> exp.Expr:
    """A number where a condition holds, 1 by default; else 0."""
    from sqlglot import exp

    return exp.Case(
        ifs=[exp.If(this=condition, true=_one() if value is None else value)], default=exp.Literal.number(0)
    )


def _count_if(condition: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.Sum(this=_flag(condition))


def _sum_of_more(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """By how much the first is greater, where it is, in sum."""
    from sqlglot import exp

    surplus = exp.Sub(this=one.copy(), expression=other.copy())
    return exp.Sum(this=_flag(exp.GT(this=one.copy(), expression=other.copy()), surplus))
