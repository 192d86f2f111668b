"""The pieces of SQL that the strategies are made of: names quoted, nothing bound to one engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.relation import Relation

__all__ = [
    "all_of",
    "any_of",
    "column",
    "comparable",
    "count_where",
    "delete",
    "differs",
    "has_value",
    "identifier",
    "insert",
    "is_null",
    "moment",
    "number",
    "numbered",
    "one_row",
    "same",
    "scalar",
    "select",
    "subquery",
    "table",
    "text",
    "update",
]

_WITHOUT_EQUALITY: Final = frozenset({"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"})
"""Types of PostgreSQL that cannot be compared: their texts are."""


def identifier(name: str) -> exp.Identifier:
    """A name as it is stored, quoted."""
    return exp.to_identifier(name, quoted=True)


def table(relation: Relation, alias: str | None = None) -> exp.Table:
    """A relation as it stands after FROM."""
    parts = {
        "this": identifier(relation.name),
        "db": identifier(relation.schema) if relation.schema is not None else None,
        "catalog": identifier(relation.catalog) if relation.catalog is not None else None,
        "alias": exp.TableAlias(this=identifier(alias)) if alias else None,
    }
    return exp.Table(**{part: value for part, value in parts.items() if value is not None})


def column(name: str, of: str | None = None) -> exp.Column:
    """A column, of what stands under an alias."""
    return exp.Column(this=identifier(name), table=identifier(of)) if of else exp.Column(this=identifier(name))


def text(value: str) -> exp.Literal:
    """A text."""
    return exp.Literal.string(value)


def number(value: float) -> exp.Literal:
    """A number that is not negative."""
    return exp.Literal(this=str(value), is_string=False)


def moment(at: datetime) -> exp.Cast:
    """A moment with its offset from UTC."""
    return exp.cast(exp.Literal.string(at.isoformat(sep=" ")), "TIMESTAMPTZ")


def is_null(operand: exp.Expr) -> exp.Expr:
    """``operand IS NULL``."""
    return exp.Is(this=operand, expression=exp.null())


def has_value(operand: exp.Expr) -> exp.Expr:
    """``operand IS NOT NULL``."""
    return exp.Not(this=is_null(operand))


def differs(one: exp.Expr, other: exp.Expr) -> exp.Expr:
    """``one IS DISTINCT FROM other``: NULL equals NULL."""
    return exp.NullSafeNEQ(this=one, expression=other)


def same(names: Iterable[str], one: str, other: str, *, nulls: bool) -> exp.Expr:
    """Whether the columns are equal, one by one, of what stands under two aliases.

    Args:
        names: of the columns.
        one: an alias.
        other: the other alias.
        nulls: whether NULL equals NULL.  PostgreSQL joins in a nested loop then.
    """
    kind: type[exp.EQ | exp.NullSafeEQ] = exp.NullSafeEQ if nulls else exp.EQ
    return all_of([kind(this=column(name, one), expression=column(name, other)) for name in names])


def comparable(name: str, type_: str, dialect: str, of: str | None = None) -> exp.Expr:
    """A column in a form that can be compared and sorted."""
    found = column(name, of)
    if dialect == "postgres" and type_.removesuffix("[]").casefold() in _WITHOUT_EQUALITY:
        return exp.cast(found, "TEXT")
    return found


def all_of(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """All of the conditions."""
    return exp.and_(*conditions, copy=False)


def any_of(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """One of the conditions, in parentheses."""
    return exp.Paren(this=exp.or_(*conditions, copy=False)) if len(conditions) > 1 else conditions[0]


def count_where(condition: exp.Expr) -> exp.Expr:
    """The number of rows for which a condition is true: by CASE, which DuckDB computes faster than FILTER."""
    return exp.Count(this=exp.Case().when(condition, number(1)))


def select(
    columns: Mapping[str, exp.Expr] | Sequence[str],
    source: exp.Table | exp.Subquery,
    where: Sequence[exp.Expr] = (),
    of: str | None = None,
) -> exp.Select:
    """A query: columns by name, or expressions by the names that they get.

    Args:
        columns: names, or names with what they stand for.
        source: what stands after FROM.
        where: conditions, all of which hold.
        of: the alias of the columns, where they are only names.
    """
    if isinstance(columns, Mapping):
        chosen: list[exp.Expr] = [_named(name, value) for name, value in columns.items()]
    else:
        chosen = [column(name, of) for name in columns]
    query = exp.Select(expressions=chosen).from_(source, copy=False)
    return query.where(*where, copy=False) if where else query


def _named(name: str, value: exp.Expr) -> exp.Expr:
    if isinstance(value, exp.Column) and value.name == name:
        return value
    return exp.Alias(this=value, alias=identifier(name))


def subquery(query: exp.Query, alias: str) -> exp.Subquery:
    """A query as it stands after FROM."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=identifier(alias)))


def scalar(query: exp.Query) -> exp.Subquery:
    """A query of one value as that value."""
    return exp.Subquery(this=query)


def numbered(partition: Sequence[exp.Expr], order: Sequence[exp.Expr] = ()) -> exp.Window:
    """``row_number() OVER (PARTITION BY … ORDER BY …)``."""
    window = exp.Window(this=exp.RowNumber(), partition_by=list(partition))
    if order:
        window.set("order", exp.Order(expressions=list(order)))
    return window


def one_row(groups: Mapping[str, exp.Query], scalars: Mapping[str, exp.Expr]) -> exp.Select:
    """One row of numbers: queries of one row each, side by side, and scalars beside them.

    Args:
        groups: queries by their aliases; each is read once.
        scalars: expressions by their names; they may use the columns of the groups.
    """
    chosen: list[exp.Expr] = [
        column(inner.alias_or_name, alias) for alias, query in groups.items() for inner in query.selects
    ]
    chosen += [_named(name, value) for name, value in scalars.items()]
    query = exp.Select(expressions=chosen)
    aliased = [subquery(inner, alias) for alias, inner in groups.items()]
    if aliased:
        query = query.from_(aliased[0], copy=False)
    for another in aliased[1:]:
        query = query.join(another, join_type="cross", copy=False)
    return query


def delete(target: Relation, using: exp.Table | None, where: exp.Expr, alias: str = "target") -> exp.Delete:
    """``DELETE FROM target USING … WHERE …``: on DuckDB 25 times faster than EXISTS."""
    statement = exp.Delete(this=table(target, alias))
    if using is not None:
        statement.set("using", [using])
    statement.set("where", exp.Where(this=where))
    return statement


def insert(target: Relation, columns: Sequence[str], source: exp.Query) -> exp.Insert:
    """``INSERT INTO target (…) SELECT …``."""
    names = exp.Schema(this=table(target), expressions=[identifier(name) for name in columns])
    return exp.Insert(this=names, expression=source)


def update(target: Relation, values: Mapping[str, exp.Expr], source: exp.Table, where: exp.Expr) -> exp.Update:
    """``UPDATE target SET … FROM … WHERE …``."""
    changes = [exp.EQ(this=exp.Column(this=identifier(name)), expression=value) for name, value in values.items()]
    return exp.Update(
        this=table(target, "target"),
        expressions=changes,
        from_=exp.From(this=source),
        where=exp.Where(this=where),
    )
