"""The names that a query gives its columns, as far as its text says them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

__all__ = ["column_named_twice"]


def column_named_twice(tree: exp.Expr, fold: Callable[[exp.Identifier], str]) -> exp.Identifier | None:
    """The first column of a query whose name one before it has; what ``*`` gives is not known here.

    A table cannot have two: DuckDB calls the second ``id_1`` without a word, PostgreSQL refuses the query.

    Args:
        tree: of the query.
        fold: a name as the engine compares it.
    """
    seen: set[str] = set()
    for name in _names(tree):
        folded = fold(name)
        if folded in seen:
            return name
        seen.add(folded)
    return None


def _names(tree: exp.Expr) -> Iterator[exp.Identifier]:
    select: object = tree
    while isinstance(select, exp.SetOperation | exp.Subquery):
        select = select.this  # the first SELECT names the columns
    for value in select.expressions if isinstance(select, exp.Select) else ():
        if not isinstance(value, exp.Alias | exp.Column) or value.find(exp.Columns) is not None:
            continue
        name = value.args.get("alias") if isinstance(value, exp.Alias) else value.this
        if isinstance(name, exp.Identifier):
            yield name
