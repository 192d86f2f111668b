"""What an expression is made of: one walk over its tree, which names the columns by the scope that they stand in."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from sqlglot import exp

from interlace.lineage.edges import AGGREGATED, DIRECT, FILTER, TRANSFORMED, Deps, add, merged, within
from interlace.lineage.functions import is_aggregate
from interlace.lineage.stars import starred

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.lineage.relation import Table
    from interlace.lineage.scope import Scope

__all__ = ["Expressions"]

_QUERIES: Final = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_LEAVES: Final = (exp.Identifier, exp.Literal, exp.DataType, exp.Var, exp.Placeholder, exp.Parameter, exp.Boolean)
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
        """``name := value``: the name is none of a column."""
        self.read(node.expression, within(kind, TRANSFORMED), out)

    def _explode(self, node: exp.Expr, kind: int, out: Deps) -> None:
        deps: Deps = {}
        for child in node.iter_expressions():
            self.read(child, within(kind, TRANSFORMED), deps)
        merged(out, deps)
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
        exp.Explode: _explode,
        exp.Unnest: _explode,
    }


def _listed(value: object) -> list[exp.Expr]:
    if isinstance(value, exp.Expr):
        return [value]
    return [v for v in value if isinstance(v, exp.Expr)] if isinstance(value, list | tuple) else []
