"""Which columns of a relation a query may use: all whose names occur in it, unless it may mean others without naming them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plan.compile import compile_query

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlglot import exp

    from interlace.model.definition import Reference, SqlBody

__all__ = ["columns_read"]

_MARK = "__interlace_read"


def columns_read(body: SqlBody, names: Collection[tuple[str, ...]], dialect: str) -> frozenset[str] | None:
    """The names that a query may use of a relation, in lower case, and more; None where it may use any.

    Args:
        body: the query.
        names: how it names the relation.
        dialect: sqlglot's name of its dialect.
    """
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    def stands(reference: Reference) -> str:
        marked = f'"{_MARK}"' if reference.parts in names else '"other"'
        return marked if reference.aliased else f'{marked} AS "{reference.parts[-1]}"'

    variables = {v.name: None for v in body.variables}
    try:
        tree = sqlglot.parse_one(compile_query(body, stands, variables, str, ""), dialect=dialect)
    except SqlglotError:
        return None
    if any(tree.find(kind) is not None for kind in (exp.Pivot, exp.Columns)):
        return None
    if any(str(join.args.get("method") or "").upper() == "NATURAL" for join in tree.find_all(exp.Join)):
        return None
    if _stars(tree) or _whole_rows(tree):
        return None
    called = _called(tree)
    return frozenset(i.name.casefold() for i in tree.find_all(exp.Identifier) if not _of_another(i, called))


def _stars(tree: exp.Expr) -> bool:
    """Whether a star is over the relation itself."""
    from sqlglot import exp

    read = [table for table in tree.find_all(exp.Table) if table.name == _MARK]
    for star in tree.find_all(exp.Star):
        if isinstance(star.parent, exp.Count):
            continue
        of = star.parent.table if isinstance(star.parent, exp.Column) else ""
        query = star.find_ancestor(exp.Select)
        for table in read:
            above = table.find_ancestor(exp.Select)
            if (above is query or above is None) and (not of or of.casefold() == table.alias_or_name.casefold()):
                return True
    return False


def _called(tree: exp.Expr) -> set[str]:
    """What the query calls the relation, in lower case."""
    from sqlglot import exp

    return {table.alias_or_name.casefold() for table in tree.find_all(exp.Table) if table.name == _MARK}


def _of_another(identifier: exp.Identifier, called: set[str]) -> bool:
    """Whether a name is that of a column of something else: it is qualified, and not with the relation's name."""
    from sqlglot import exp

    column = identifier.parent
    if not isinstance(column, exp.Column) or column.this is not identifier or not column.table:
        return False
    return column.table.casefold() not in called


def _whole_rows(tree: exp.Expr) -> bool:
    """Whether the relation's name stands for a row of it."""
    from sqlglot import exp

    names = _called(tree)
    return any(not column.table and column.name.casefold() in names for column in tree.find_all(exp.Column))
