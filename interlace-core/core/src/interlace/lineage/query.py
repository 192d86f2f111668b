"""What the columns of a query are made of, read from its syntax tree: one walk, no rewriting.

A relation inside of the query (a CTE, a subquery, a side of a UNION) is read once, and its columns carry what they were
made of, so that an outer query only looks them up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.edges import DIRECT, Deps, merged, unknown
from interlace.lineage.joins import add_joins
from interlace.lineage.pivots import pivoted
from interlace.lineage.relation import Names, OutColumn, Table, base_table, distinct_names
from interlace.lineage.scope import Cte, Entry, Scope
from interlace.lineage.select import limited, read_select
from interlace.lineage.set_operations import combined
from interlace.lineage.stars import rest_of
from interlace.lineage.table_functions import function_table, unnested, values_table

if TYPE_CHECKING:
    from interlace.lineage.known import Known

__all__ = ["Reader"]

_ROUNDS: Final = 20


class Reader:
    """Reads the queries of one model.

    Args:
        names: how the dialect compares names.
        lookup: what is known of a relation, by its parts as written.
    """

    def __init__(self, names: Names, lookup: Callable[[tuple[str, ...]], Known]) -> None:
        self.names = names
        self.reads: dict[str, None] = {}
        self._lookup = lookup

    def query(self, node: exp.Expr, scope: Scope) -> Table:
        """A query; names that mean nothing in it are looked for in `scope`, and so are CTEs."""
        scope = self._with(node, scope)
        match node:
            case exp.Select():
                return read_select(self, node, scope)
            case exp.SetOperation():
                return self._set_operation(node, scope)
            case exp.Subquery():
                return self._subquery(node, scope)
            case exp.Values():
                return self._aliased(values_table(node, self, scope), node)[1]
            case exp.Pivot():
                return pivoted(node, self.relation(node.this, scope)[1], self, scope)
            case exp.Table():
                return self._chain(node, scope)
            case _:
                why = f"{node.key.upper()} is no query that Interlace can read"
                return Table([], {}, lambda _: {unknown(why): DIRECT}, why)

    def _with(self, node: exp.Expr, scope: Scope) -> Scope:
        """The scope with the CTEs of this query."""
        with_ = node.args.get("with_")
        if not isinstance(with_, exp.With):
            return scope
        ctes = dict(scope.ctes)
        recursive = bool(with_.args.get("recursive"))
        for cte in with_.expressions:
            ctes[self.names.of(cte.args["alias"].this)] = self._cte(cte, dict(ctes), scope, recursive=recursive)
        return replace(scope, ctes=ctes)

    def _cte(self, cte: exp.Expr, ctes: dict[str, Cte], scope: Scope, *, recursive: bool) -> Cte:
        """Reads a CTE when it is first asked for."""
        made: list[Table] = []
        key = self.names.of(cte.args["alias"].this)

        def read() -> Table:
            if not made:
                inner = Scope(self.names, scope, ctes=ctes, weak=True)
                body = cte.this
                if recursive and isinstance(body, exp.SetOperation) and _names(body, key):
                    made.append(self._recursive(cte, body, key, inner))
                else:
                    made.append(self._renamed(self.query(body, inner), cte.args["alias"]))
            return made[0]

        return read

    def _recursive(self, cte: exp.Expr, body: exp.SetOperation, key: str, scope: Scope) -> Table:
        """What the first part gives, then with that the second, until nothing is added."""
        alias = cte.args["alias"]
        scope = self._with(body, scope)
        table = self._renamed(self.query(body.this, scope), alias)
        before = None
        # Each round carries an edge by at least one column further, and makes its kind stronger at most twice.
        for _ in range(4 * len(table.columns) + _ROUNDS):
            said = [sorted(c.deps.items()) for c in table.columns], sorted(table.rows.items())
            if said == before:
                break
            before = said
            known = table
            inner = Scope(self.names, scope, ctes={**scope.ctes, key: lambda known=known: known})  # type: ignore[misc]
            step = self.query(body.expression, inner)
            table = self._renamed(combined(body, self.query(body.this, scope), step), alias)
            _keep(table, known)
        return table

    def _renamed(self, table: Table, alias: object) -> Table:
        columns = alias.args.get("columns") if isinstance(alias, exp.TableAlias) else None
        identifiers = [c.this if isinstance(c, exp.ColumnDef) else c for c in columns or ()]
        if not identifiers:
            return Table(distinct_names(table.columns, self.names), table.rows, table.rest, table.why)
        if table.rest is not None and len(table.columns) < len(identifiers):
            return self._closed(table, identifiers)
        shown = [self.names.shown(i) for i in identifiers]
        return table.named(shown, self.names.stored)

    def _closed(self, table: Table, identifiers: Sequence[exp.Expr]) -> Table:
        """Names for columns that are not known one by one: for each only the reason is known."""
        columns = [OutColumn(self.names.shown(i), self.names.of(i), {("", table.why): DIRECT}) for i in identifiers]
        return Table(columns, table.rows)

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Table:
        # The left spine is read flat: a UNION of hundreds nests as deep.
        spine: list[exp.Expr] = []
        at: exp.Expr = node
        while isinstance(at, exp.SetOperation):
            spine.append(at)
            at = at.this
        table = self.query(at, scope)
        for operation in reversed(spine):
            table = combined(operation, table, self.query(operation.expression, scope))
        return self._limited(node, table, scope)

    def _subquery(self, node: exp.Expr, scope: Scope) -> Table:
        inner = node.this
        table = self._chain(inner, scope) if isinstance(inner, exp.Table) else self.query(inner, scope)
        return self._limited(node, table, scope)

    def _limited(self, node: exp.Expr, table: Table, scope: Scope) -> Table:
        """ORDER BY decides rows only together with LIMIT or OFFSET."""
        if not (node.args.get("limit") or node.args.get("offset")):
            return table
        inner = Scope(self.names, scope, [Entry("", table)], ctes=scope.ctes)
        rows = dict(table.rows)
        limited(self, node, inner, table.columns, rows)
        return Table(table.columns, rows, table.rest, table.why)

    def _chain(self, node: exp.Expr, scope: Scope) -> Table:
        """``(t JOIN u ON …)`` without SELECT: all columns of its relations."""
        inner = Scope(self.names, scope, ctes=scope.ctes)
        rows: Deps = {}
        self.add_source(node, inner, rows)
        add_joins(self, node.args.get("joins") or (), inner, rows)
        columns, rests = inner.star()
        listed = distinct_names([c for _, c in columns], self.names)
        if not rests:
            return Table(listed, rows)
        return Table(listed, rows, rest_of(rests, set(), self.names), "; ".join(w for w, _ in rests))

    def add_source(self, node: exp.Expr, scope: Scope, rows: Deps, *, visible: bool = True) -> Entry:
        """Add one relation of a FROM to a scope; what stands before it can be named in it."""
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and not node.alias:
            return self._inlined(node.this, scope, rows)
        key, table, parts = self._source(node, scope)
        merged(rows, table.rows)
        entry = Entry(key, table, parts, visible=visible)
        scope.entries.append(entry)
        return entry

    def _inlined(self, node: exp.Table, scope: Scope, rows: Deps) -> Entry:
        """``FROM (t JOIN u …)``: the names inside go on outside."""
        entry = self.add_source(node, scope, rows)
        add_joins(self, node.args.get("joins") or (), scope, rows)
        return entry

    def _source(self, node: exp.Expr, scope: Scope) -> tuple[str, Table, tuple[str, ...]]:
        key, table = self.relation(node, scope)
        parts: tuple[str, ...] = ()
        if isinstance(node, exp.Table) and not node.alias:
            parts = tuple(self.names.of(p) for p in node.parts if isinstance(p, exp.Identifier))
        return key, table, parts

    def relation(self, node: exp.Expr, scope: Scope, *, lateral: bool = False) -> tuple[str, Table]:
        """A relation as it stands in a FROM, with what it is called there."""
        around = Scope(self.names, scope, ctes=scope.ctes, weak=not lateral)
        match node:
            case exp.Table():
                key, table = self._table(node, around)
            case exp.Lateral():
                key, table = self._aliased(self.relation(node.this, scope, lateral=True)[1], node)
            case exp.Unnest():
                key, table = self._aliased(unnested(node, self, around), node, "unnest")
            case exp.Subquery():
                key, table = self._aliased(self.query(node, around), node)
            case exp.Values():
                key, table = self._aliased(values_table(node, self, around), node, "valueslist")
            case exp.Func():
                key, table = self._aliased(function_table(node, self, around), node)
            case _:
                key, table = self._aliased(self.query(node, around), node)
        for pivot in node.args.get("pivots") or ():
            table = pivoted(pivot, table, self, around)
            alias = pivot.args.get("alias")
            if isinstance(alias, exp.TableAlias):
                key, table = self._aliased(table, pivot, key)
        return key, table

    def _table(self, node: exp.Table, scope: Scope) -> tuple[str, Table]:
        named = node.this
        if named is None and node.args.get("rows_from"):
            return self._aliased(Table([], {}, lambda _: {}, "the columns of ROWS FROM are not known"), node)
        if isinstance(named, exp.Func) or not isinstance(named, exp.Identifier | exp.Dot):
            return self._aliased(function_table(named, self, scope), node)
        parts = [p for p in node.parts if isinstance(p, exp.Identifier)]
        if len(parts) == 1:
            cte = scope.ctes.get(self.names.of(parts[0]))
            if cte is not None:
                return self._aliased(cte(), node, self.names.of(parts[0]))
        known = self._lookup(tuple(p.name for p in parts))
        self.reads.setdefault(known.name)
        key, table = self._aliased(base_table(known, self.names), node, self.names.of(parts[-1]))
        table.relation = known.name
        return key, table

    def _aliased(self, table: Table, node: exp.Expr, name: str = "") -> tuple[str, Table]:
        alias = node.args.get("alias")
        if not isinstance(alias, exp.TableAlias):
            return name, self._renamed(table, None)
        key = self.names.of(alias.this) if alias.this is not None else name
        return key, self._renamed(table, alias)


def _names(body: exp.Expr, key: str) -> bool:
    return any(t.name.casefold() == key.casefold() for t in body.find_all(exp.Table))


def _keep(table: Table, before: Table) -> None:
    """Let nothing be forgotten from one round to the next, so that the rounds come to an end."""
    for column, known in zip(table.columns, before.columns, strict=False):
        merged(column.deps, known.deps)
    merged(table.rows, before.rows)
