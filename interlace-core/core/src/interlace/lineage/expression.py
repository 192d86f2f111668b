"""What an expression is made of: one walk over its tree, which names the columns by the scope that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from sqlglot import exp

from interlace.lineage.arrows import is_extraction, left_of
from interlace.lineage.edges import AGGREGATED, DIRECT, FILTER, TRANSFORMED, Deps, add, merged, within
from interlace.lineage.functions import gives_rows, is_aggregate
from interlace.lineage.stars import starred
from interlace.lineage.units import column_in_place, may_be_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.lineage.relation import Table
    from interlace.lineage.scope import Scope

__all__ = ["Expressions"]

_QUERIES: Final = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_LEAVES: Final = (exp.Identifier, exp.Literal, exp.DataType, exp.Placeholder, exp.Parameter, exp.Boolean)
_SAME: Final = (exp.Paren, exp.Alias)
_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


class Expressions:
    """Reads the expressions of one SELECT.

    Args:
        scope: what names mean.
        query: reads a query inside of an expression, in this scope.
        windows: the named windows, by what their names are compared by.

    Attributes:
        aggregates: how many aggregates were met so far, windows not counted.
        unnested: what the lists were made of that become rows.
        expanded: what stands for ``COLUMNS()`` while one column of it is read.
    """

    def __init__(
        self, scope: Scope, query: Callable[[exp.Expr, Scope], Table], windows: dict[str, exp.Expr] | None = None
    ) -> None:
        self.scope = scope
        self.aggregates = 0
        self.unnested: Deps = {}
        self.expanded: Table | None = None
        self._query = query
        self._windows = windows or {}
        self._chained = False

    def deps(self, node: exp.Expr, kind: int = DIRECT) -> Deps:
        """What a node is made of, used as an expression of this kind."""
        out: Deps = {}
        self.read(node, kind, out)
        return out

    def read(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """Note what a node is made of."""
        todo: list[tuple[exp.Expr, int]] = [(node, kind)]
        while todo:
            at, how = todo.pop()
            if isinstance(at, exp.Column):
                self._column(at, how, out)
            elif isinstance(at, exp.Identifier) and self._chained:
                self._chain([at], how, out)
            elif isinstance(at, _LEAVES):
                continue
            elif isinstance(at, _SAME):
                todo.append((at.this, how))
            else:
                special = self._READERS.get(type(at))
                if special is not None:
                    special(self, at, how, out)
                elif isinstance(at, _QUERIES):
                    self._subquery(at, how, out)
                elif isinstance(at, exp.Func) and gives_rows(at, self.scope.names.dialect):
                    self._explode(at, how, out)
                else:
                    self._generic(at, how, todo)

    def _generic(self, node: exp.Expr, kind: int, todo: list[tuple[exp.Expr, int]]) -> None:
        inner = TRANSFORMED
        if self.scope.names.watch is not None and isinstance(node, _COMPARISONS):
            self.scope.names.watch.compared(self.scope, node)
        if isinstance(node, exp.Func) and is_aggregate(node):
            self.aggregates += 1
            inner = AGGREGATED
        inner = within(kind, inner)
        todo.extend((child, inner) for child in node.iter_expressions(reverse=True))

    def _column(self, node: exp.Column, kind: int, out: Deps) -> None:
        if isinstance(node.this, exp.Star):
            self._columns(node, kind, out)
            return
        parts = node.parts
        if any(type(p) is not exp.Identifier for p in parts):
            for part in parts:
                self.read(part, kind, out)
            return
        merged(out, self.scope.resolve(node, parts)[0], kind)

    def _columns(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """All columns that a star or COLUMNS() inside of an expression means."""
        found = starred(node, self)
        inner = kind if self.expanded is not None else within(kind, TRANSFORMED)
        for column in found.columns:
            merged(out, column.deps, inner)
        if found.rest is not None:
            add(out, ("", found.why), DIRECT)

    def _star(self, node: exp.Expr, kind: int, out: Deps) -> None:
        if not isinstance(node.parent, exp.Count):
            self._columns(node, kind, out)

    def _subquery(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """A query that gives a value: its columns, and for this value alone what decides its rows."""
        table = self._query(node, self.scope)
        for column in table.columns:
            merged(out, column.deps, kind)
        if table.rest is not None:
            add(out, ("", table.why), DIRECT)
        merged(out, table.rows, kind if kind >= FILTER else DIRECT)

    def _exists(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """Only whether there are rows matters."""
        table = self._query(node.this, self.scope)
        merged(out, table.rows, max(kind, FILTER))

    def _in(self, node: exp.Expr, kind: int, out: Deps) -> None:
        inner = within(kind, TRANSFORMED)
        for child in node.iter_expressions():
            self.read(child, inner, out)

    def _array(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """``ARRAY(SELECT …)`` makes one value of many rows."""
        for child in node.iter_expressions():
            inner = AGGREGATED if isinstance(child, _QUERIES) else TRANSFORMED
            self.read(child, within(kind, inner), out)

    def _filter(self, node: exp.Expr, kind: int, out: Deps) -> None:
        self.read(node.this, kind, out)
        self.read(node.expression, within(kind, FILTER), out)

    def _within_group(self, node: exp.Expr, kind: int, out: Deps) -> None:
        self.read(node.this, kind, out)
        self.read(node.expression, within(kind, AGGREGATED), out)

    def _window(self, node: exp.Expr, kind: int, out: Deps) -> None:
        before = self.aggregates
        self.read(node.this, within(kind, TRANSFORMED), out)
        self.aggregates = before
        self._frame(node, within(kind, TRANSFORMED), out)

    def _frame(self, node: exp.Expr, kind: int, out: Deps) -> None:
        for word in ("partition_by", "order", "spec"):
            for child in _listed(node.args.get(word)):
                self.read(child, kind, out)
        base = node.args.get("alias")
        if isinstance(base, exp.Identifier):
            window = self._windows.get(self.scope.names.of(base))
            if window is not None and window is not node:
                self._frame(window, kind, out)

    def _lambda(self, node: exp.Expr, kind: int, out: Deps) -> None:
        if is_extraction(node, self.scope.names.dialect):
            for part in (*left_of(node), node.this):
                self.read(part, within(kind, TRANSFORMED), out)
            return
        self._hiding([self.scope.names.of(p) for p in node.expressions], [node.this], kind, out)

    def _comprehension(self, node: exp.Expr, kind: int, out: Deps) -> None:
        self.read(node.args["iterator"], within(kind, TRANSFORMED), out)
        said = [node.expression, node.args.get("position")]
        hidden = [self.scope.names.of(e.this) for e in said if isinstance(e, exp.Column)]
        self._hiding(hidden, _listed([node.this, node.args.get("condition")]), kind, out)

    def _hiding(self, hidden: list[str], nodes: list[exp.Expr], kind: int, out: Deps) -> None:
        before = list(self.scope.locals)
        self.scope.locals = before + hidden
        for node in nodes:
            self.read(node, within(kind, TRANSFORMED), out)
        self.scope.locals = before

    def _named(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """``name := value``: the name is none of a column, but the key of a map is a value."""
        if isinstance(node.parent, exp.Struct) and isinstance(node.parent.parent, exp.ToMap):
            self._key(node.this, within(kind, TRANSFORMED), out)
        self.read(node.expression, within(kind, TRANSFORMED), out)

    def _key(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """The key of a map; sqlglot keeps of a column only its last name, so nobody is told where it is not found."""
        if isinstance(node, exp.Identifier):
            column = exp.column(node.name, quoted=bool(node.args.get("quoted")))
            merged(out, self.scope.resolve(column, column.parts)[0], kind)
        else:
            self.read(node, kind, out)

    def _dot(self, node: exp.Expr, kind: int, out: Deps) -> None:
        """A field of a value; or ``name.upper()``, in which sqlglot makes no columns of names."""
        if not isinstance(node.expression, exp.Func):
            self.read(node.this, within(kind, TRANSFORMED), out)
            return
        before, self._chained = self._chained, self.scope.names.dialect == "duckdb"
        aggregate = is_aggregate(node.expression)
        inner = within(kind, AGGREGATED if aggregate else TRANSFORMED)
        names = _names(node.this)
        if names and self._chained:
            self._chain(names, inner, out)
        else:
            self.read(node.this, inner, out)
        self.read(node.expression, kind, out)
        self._chained = before

    def _chain(self, names: list[exp.Expr], kind: int, out: Deps) -> None:
        """A column, or the schema of a function: nobody is told where it is not found."""
        said = [exp.to_identifier(n.name, quoted=bool(n.args.get("quoted"))) for n in names]
        words = ("this", "table", "db", "catalog")
        column = exp.Column(**dict(zip(words, reversed(said), strict=False)))
        deps = self.scope.resolve(column, said)[0]
        if self.scope.open or any(relation for relation, _ in deps):
            merged(out, deps, kind)

    def _word(self, node: exp.Expr, kind: int, out: Deps) -> None:
        if may_be_column(node):
            merged(out, column_in_place(node, self.scope), within(kind, TRANSFORMED))

    def _explode(self, node: exp.Expr, kind: int, out: Deps) -> None:
        deps: Deps = {}
        for child in node.iter_expressions():
            self.read(child, within(kind, TRANSFORMED), deps)
        merged(out, deps, kind)
        merged(self.unnested, deps, FILTER)

    _READERS: ClassVar[dict[type, Callable[[Expressions, exp.Expr, int, Deps], None]]] = {
        exp.Star: _star,
        exp.Columns: _columns,
        exp.Exists: _exists,
        exp.In: _in,
        exp.Array: _array,
        exp.Filter: _filter,
        exp.WithinGroup: _within_group,
        exp.Window: _window,
        exp.Lambda: _lambda,
        exp.Comprehension: _comprehension,
        exp.PropertyEQ: _named,
        exp.Kwarg: _named,
        exp.Var: _word,
        exp.Dot: _dot,
        exp.Explode: _explode,
        exp.Unnest: _explode,
    }


def _names(node: exp.Expr) -> list[exp.Expr]:
    """The names of ``a.b.c`` as it stands before a function, outermost first; none for another value."""
    if isinstance(node, exp.Identifier):
        return [node]
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Identifier) and (before := _names(node.this)):
        return [*before, node.expression]
    return []


def _listed(value: object) -> list[exp.Expr]:
    if isinstance(value, exp.Expr):
        return [value]
    return [v for v in value if isinstance(v, exp.Expr)] if isinstance(value, list | tuple) else []
