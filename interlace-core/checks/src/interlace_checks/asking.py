"""The pieces of SQL that the checks are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.errors import InvalidModel, did_you_mean

if TYPE_CHECKING:
    from interlace.contracts.check import CheckTarget
    from interlace.contracts.relation import Column, Relation

__all__ = [
    "all_of",
    "column",
    "column_of",
    "count_where",
    "find_column",
    "has_value",
    "rows",
    "rows_where",
    "table",
]


def find_column(target: CheckTarget, name: str) -> Column:
    """The column of the relation that a name stands for, without regard to case.

    Raises:
        InvalidModel: there is none; says the nearest.
    """
    exact = next((c for c in target.columns if c.name == name), None)
    found = exact or next((c for c in target.columns if c.name.casefold() == name.casefold()), None)
    if found is None:
        near = did_you_mean(name, [c.name for c in target.columns], label="Columns")
        raise InvalidModel(f"{target.relation} has no column {name!r}. {near}".rstrip())
    return found


def column(target: CheckTarget, name: str) -> exp.Column:
    """A column of the relation, spelt and quoted as it is stored."""
    return exp.column(exp.to_identifier(find_column(target, name).name, quoted=True))


def column_of(alias: str, name: str) -> exp.Column:
    """A column of what stands under an alias."""
    return exp.column(exp.to_identifier(name, quoted=True), table=alias)


def table(relation: Relation, alias: str | None = None) -> exp.Expr:
    """A relation as it stands after FROM."""
    named = exp.table_(relation.name, db=relation.schema, catalog=relation.catalog, quoted=True)
    return exp.alias_(named, alias, table=True) if alias else named


def has_value(operand: exp.Expr) -> exp.Expr:
    """``operand IS NOT NULL``."""
    return exp.not_(exp.Is(this=operand.copy(), expression=exp.null()))


def all_of(conditions: list[exp.Expr]) -> exp.Expr:
    """All of the conditions; one stands for itself."""
    return exp.and_(*conditions) if len(conditions) > 1 else conditions[0]


def count_where(condition: exp.Expr) -> exp.Expr:
    """The number of rows for which a condition is true; 0 over no rows.

    CASE and not FILTER: on DuckDB it is four times faster.
    """
    return exp.Count(this=exp.Case().when(condition.copy(), exp.Literal.number(1)))


def rows_where(target: CheckTarget, condition: exp.Expr) -> exp.Select:
    """The rows for which a condition is true."""
    return exp.select(exp.Star()).from_(table(target.relation)).where(condition.copy())


def rows(count: int, verb: str = "", verb_of_many: str = "") -> str:
    """A number of rows in words: ``1 row has``, ``3 rows have``."""
    words = f"{count:,} row{'' if count == 1 else 's'}"
    return f"{words} {verb if count == 1 else verb_of_many}".rstrip()
