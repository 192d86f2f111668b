"""PIVOT and UNPIVOT, as DuckDB's statements and as they stand after a relation."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.lineage.edges import DIRECT, FILTER, TRANSFORMED, Deps, add, merged
from interlace.lineage.expression import Expressions
from interlace.lineage.relation import OutColumn, Table
from interlace.lineage.scope import Entry, Scope
from interlace.lineage.stars import is_star, starred

if TYPE_CHECKING:
    from interlace.lineage.query import Reader

__all__ = ["pivoted"]


def pivoted(node: exp.Expr, table: Table, reader: Reader, scope: Scope) -> Table:
    """The relation that a pivot makes of another."""
    inner = Scope(reader.names, scope, [Entry("", table)], ctes=scope.ctes)
    expressions = Expressions(inner, reader.query)
    if node.args.get("unpivot"):
        return _unpivoted(node, table, expressions)
    return _pivoted(node, table, expressions)


def _pivoted(node: exp.Expr, table: Table, expressions: Expressions) -> Table:
    fields = node.args.get("fields") or []
    aggregates = list(node.expressions if fields else node.args.get("using") or [])
    on = fields or node.expressions
    keys: Deps = {}
    for one in on:
        expressions.read(one.this if isinstance(one, exp.In) else one, FILTER, keys)
    made = [_aggregate(a, expressions, keys) for a in aggregates] or [dict(keys)]
    rows = dict(table.rows)
    kept, rest = _kept(node, table, [*on, *aggregates], expressions)
    for column in kept:
        merged(rows, column.deps, FILTER)
    names = _names(node, on, aggregates, expressions)
    if names is None:
        everything: Deps = {}
        for deps in made:
            merged(everything, deps)
        return Table(kept, rows, lambda _: everything, "the columns of a PIVOT come from its data")
    columns = [
        OutColumn(name, expressions.scope.names.stored(name), made[i % len(made)]) for i, name in enumerate(names)
    ]
    if rest:
        add(rows, ("", table.why), DIRECT)
        return Table([*kept, *columns], rows, table.rest, table.why)
    return Table([*kept, *columns], rows)


def _aggregate(node: exp.Expr, expressions: Expressions, keys: Deps) -> Deps:
    deps = expressions.deps(node)
    merged(deps, keys)
    return deps


def _kept(node: exp.Expr, table: Table, said: list[exp.Expr], expressions: Expressions) -> tuple[list[OutColumn], bool]:
    """The columns by which a pivot groups: those of GROUP BY, or all that it does not mention."""
    scope = expressions.scope
    group = node.args.get("group")
    if isinstance(group, exp.Expr):
        found = []
        for key in group.expressions:
            parts = key.parts if isinstance(key, exp.Column) else [exp.to_identifier(key.name)]
            deps, name, type_ = scope.resolve(key, parts)
            found.append(OutColumn(name, scope.names.stored(name), deps, type_))
        return found, False
    mentioned = {scope.names.of(c.this) for one in said for c in one.find_all(exp.Column) if not c.is_star}
    return [c for c in table.columns if c.key not in mentioned], table.rest is not None


def _names(
    node: exp.Expr, on: list[exp.Expr], aggregates: list[exp.Expr], expressions: Expressions
) -> list[str] | None:
    """The names of the new columns; None where the data decides them."""
    said = node.args.get("columns")
    if said:
        return [c.name for c in said]
    if not all(isinstance(one, exp.In) and one.expressions and _literal(one) for one in on):
        return None
    values = ["_".join(v) for v in product(*([_value(e) for e in one.expressions] for one in on))]
    alone = len(aggregates) <= 1 and not any(a.alias for a in aggregates)
    if alone:
        return values
    dialect = expressions.scope.names.dialect
    suffixes = [a.alias or a.sql(dialect=dialect).casefold() for a in aggregates]
    return [f"{value}_{suffix}" for value in values for suffix in suffixes]


def _literal(one: exp.Expr) -> bool:
    return all(isinstance(e.this if isinstance(e, exp.PivotAlias) else e, exp.Literal) for e in one.expressions)


def _value(node: exp.Expr) -> str:
    if isinstance(node, exp.PivotAlias):
        return str(node.args["alias"].name)
    return str(node.name)


def _unpivoted(node: exp.Expr, table: Table, expressions: Expressions) -> Table:
    names = expressions.scope.names
    groups, name, values = _parts(node)
    wanted: list[Deps] = [{} for _ in values]
    gone: set[str] = set()
    rows = dict(table.rows)
    for group in groups:
        for position, member in enumerate(group):
            for column in _members(member, expressions):
                merged(wanted[min(position, len(values) - 1)], column.deps, TRANSFORMED)
                merged(rows, column.deps, FILTER)
                gone.add(column.key)
    columns = [c for c in table.columns if c.key not in gone]
    columns.append(OutColumn(name, names.stored(name), {}))
    columns += [OutColumn(v, names.stored(v), deps) for v, deps in zip(values, wanted, strict=True)]
    rest = table.rest
    if rest is None:
        return Table(columns, rows)
    return Table(columns, rows, lambda one: None if names.stored(one) in gone else rest(one), table.why)


def _parts(node: exp.Expr) -> tuple[list[list[exp.Expr]], str, list[str]]:
    """The columns that become rows, and what the columns of names and of values are called."""
    if node.args.get("fields"):
        field = node.args["fields"][0]
        members = [e.this if isinstance(e, exp.PivotAlias) else e for e in field.expressions]
        values = [v for e in node.expressions for v in (e.expressions if isinstance(e, exp.Tuple) else [e])]
        return [_group(m) for m in members], field.this.name, [v.name for v in values]
    into = node.args.get("into")
    groups = [_group(e.this if isinstance(e, exp.Alias) else e) for e in node.expressions]
    if not isinstance(into, exp.Expr):
        return groups, "name", ["value"]
    return groups, into.this.name, [v.name for v in into.expressions]


def _group(node: exp.Expr) -> list[exp.Expr]:
    return list(node.expressions) if isinstance(node, exp.Tuple) else [node]


def _members(node: exp.Expr, expressions: Expressions) -> list[OutColumn]:
    if is_star(node) or isinstance(node, exp.Columns):
        return starred(node, expressions).columns
    if not isinstance(node, exp.Column):
        node = exp.column(node.name)
    deps, name, _ = expressions.scope.resolve(node, node.parts)
    return [OutColumn(name, expressions.scope.names.stored(name), deps)]
