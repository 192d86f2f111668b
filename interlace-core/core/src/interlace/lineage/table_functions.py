"""Relations that are computed where they stand: VALUES, unnest, functions that give tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.edges import DIRECT, FILTER, TRANSFORMED, Deps, merged
from interlace.lineage.expression import Expressions
from interlace.lineage.functions import ROW_FUNCTIONS, name_of
from interlace.lineage.relation import OutColumn, Table
from interlace.model.sql_functions import FILE_READERS

if TYPE_CHECKING:
    from interlace.lineage.query import Reader
    from interlace.lineage.scope import Scope

__all__ = ["function_table", "unnested", "values_table"]

_SERIES: Final = (exp.GenerateSeries, exp.ExplodingGenerateSeries)


def values_table(node: exp.Expr, reader: Reader, scope: Scope) -> Table:
    """VALUES: columns by position, each made of what stands there in any row."""
    expressions = Expressions(scope, reader.query)
    rows = [r.expressions if isinstance(r, exp.Tuple) else [r] for r in node.expressions]
    columns = []
    for position in range(max(map(len, rows), default=0)):
        deps: Deps = {}
        for row in rows:
            if position < len(row):
                expressions.read(row[position], DIRECT, deps)
        name = f"col{position}" if reader.names.dialect == "duckdb" else f"column{position + 1}"
        columns.append(OutColumn(name, name, deps))
    return Table(columns)


def unnested(node: exp.Expr, reader: Reader, scope: Scope) -> Table:
    """``unnest(list)`` in a FROM: one column for each list, and as many rows as it has elements."""
    expressions = Expressions(scope, reader.query)
    columns = []
    rows: Deps = {}
    if any(isinstance(child, exp.Kwarg | exp.PropertyEQ | exp.EQ) for child in node.expressions):
        return _recursive(node, expressions)
    for position, child in enumerate(node.expressions):
        deps = expressions.deps(child, TRANSFORMED)
        merged(rows, deps, FILTER)
        name = "unnest" if position == 0 else f"unnest_{position}"
        columns.append(OutColumn(name, name, deps))
    columns = _called(columns, node, reader)
    offset = node.args.get("offset")
    if offset:
        name = reader.names.shown(offset) if isinstance(offset, exp.Identifier) else "ordinality"
        columns.append(OutColumn(name, reader.names.stored(name), {}))
    return Table(columns, rows)


def _recursive(node: exp.Expr, expressions: Expressions) -> Table:
    """``unnest(list, recursive := true)``: structs become columns, whose names are not known."""
    deps = expressions.deps(node.expressions[0], TRANSFORMED)
    rows: Deps = {}
    merged(rows, deps, FILTER)
    return Table([], rows, lambda _: deps, "the columns of a recursive unnest are not known")


def _called(columns: list[OutColumn], node: exp.Expr, reader: Reader) -> list[OutColumn]:
    """PostgreSQL calls the one column of ``unnest(list) AS x`` x."""
    alias = node.args.get("alias")
    if reader.names.dialect == "duckdb" or not isinstance(alias, exp.TableAlias) or len(columns) != 1 or alias.columns:
        return columns
    return [OutColumn(reader.names.shown(alias.this), reader.names.of(alias.this), columns[0].deps)]


def function_table(node: exp.Expr, reader: Reader, scope: Scope) -> Table:
    """A function in a FROM."""
    if isinstance(node, exp.Unnest | exp.Explode):
        return unnested(
            exp.Unnest(expressions=[node.this] if isinstance(node, exp.Explode) else node.expressions), reader, scope
        )
    name = name_of(node)
    if name in FILE_READERS and (files := [n.name for n in node.find_all(exp.Literal) if n.is_string]):
        file = files[0]
        reader.reads.setdefault(file)
        return Table([], {}, lambda column: {(file, column): DIRECT}, f"the columns of {file} are not known")
    deps: Deps = {}
    expressions = Expressions(scope, reader.query)
    for child in node.iter_expressions():
        if isinstance(child, exp.Kwarg | exp.PropertyEQ | exp.EQ):
            child = child.expression  # noqa: PLW2901  an option: header = true
        expressions.read(child, TRANSFORMED, deps)
    rows: Deps = {}
    merged(rows, deps, FILTER)
    if isinstance(node, _SERIES) or name in {"range", "generate_series"}:
        column = "range" if name == "range" or node.args.get("is_end_exclusive") else "generate_series"
        return Table(_called_after(OutColumn(column, column, deps), node, reader), rows)
    return _with_columns(node, Table([], rows, lambda _: deps, f"the columns of {name}() are not known"), deps, reader)


def _with_columns(node: exp.Expr, table: Table, deps: Deps, reader: Reader) -> Table:
    """The columns that an alias gives a function, as ``AS t(a, b)`` or ``AS t(a int, b text)``: all made of the same."""
    said, ordinality = _said(node)
    if not said:
        return table
    names = reader.names
    table.columns += [
        OutColumn(names.shown(c.this), names.of(c.this), deps, c.args["kind"].sql(dialect=names.dialect))
        if isinstance(c, exp.ColumnDef) and c.args.get("kind")
        else OutColumn(names.shown(c), names.of(c), deps)
        for c in said
    ]
    width = ROW_FUNCTIONS.get(names.dialect, {}).get(name_of(node))
    if all(isinstance(c, exp.ColumnDef) for c in said) or (width and len(said) == width + ordinality):
        return Table(table.columns, table.rows)
    return table


def _said(node: exp.Expr) -> tuple[list[exp.Expr], bool]:
    """The columns of a function's alias, and whether its rows are numbered."""
    at = node.parent
    alias = at.args.get("alias") if isinstance(at, exp.Table | exp.Lateral) else None
    ordinality = isinstance(at, exp.Expr) and bool(at.args.get("ordinality"))
    return (list(alias.columns) if isinstance(alias, exp.TableAlias) else []), ordinality


def _called_after(column: OutColumn, node: exp.Expr, reader: Reader) -> list[OutColumn]:
    table = node.parent
    alias = table.args.get("alias") if isinstance(table, exp.Table | exp.Lateral) else None
    if reader.names.dialect == "duckdb" or not isinstance(alias, exp.TableAlias) or alias.columns:
        return [column]
    return [OutColumn(reader.names.shown(alias.this), reader.names.of(alias.this), column.deps)]
