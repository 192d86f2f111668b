"""One SELECT: its relations, its list, and the clauses that decide its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.lineage.edges import DIRECT, FILTER, TRANSFORMED, Deps, add, merged
from interlace.lineage.expression import Expressions
from interlace.lineage.joins import add_joins
from interlace.lineage.relation import OutColumn, Table
from interlace.lineage.scope import Scope
from interlace.lineage.stars import is_star, rest_of, starred, struct_fields

if TYPE_CHECKING:
    from interlace.lineage.query import Reader
    from interlace.lineage.relation import Rest

__all__ = ["limited", "read_select"]


def read_select(reader: Reader, node: exp.Select, outer: Scope) -> Table:
    """The relation that a SELECT gives; names that mean nothing in it are looked for in `outer`."""
    scope = Scope(reader.names, outer, ctes=outer.ctes)
    rows: Deps = {}
    from_ = node.args.get("from_")
    if from_ is not None:
        reader.add_source(from_.this, scope, rows)
        add_joins(reader, from_.this.args.get("joins") or () if isinstance(from_.this, exp.Table) else (), scope, rows)
    add_joins(reader, node.args.get("joins") or (), scope, rows)
    for lateral in node.args.get("laterals") or ():
        reader.add_source(lateral, scope, rows)
    windows = {reader.names.of(w.this): w for w in node.args.get("windows") or ()}
    items = _Items(scope, Expressions(scope, reader.query, windows))
    for item in node.expressions:
        items.add(item)
    _clauses(reader, node, items, rows)
    rests = items.rests
    if not rests:
        return Table(items.columns, rows)
    why = "; ".join(dict.fromkeys(w for w, _ in rests))
    return Table(items.columns, rows, rest_of(rests, set(), reader.names), why)


class _Items:
    """The select list, item by item; an item can name the aliases of those before it."""

    def __init__(self, scope: Scope, expressions: Expressions) -> None:
        self.columns: list[OutColumn] = []
        self.rests: list[tuple[str, Rest]] = []
        self.keys: list[OutColumn] = []
        self.expressions = expressions
        self._names = scope.names
        self._aliases: dict[str, Deps] = {}
        scope.aliases = self._aliases.get
        scope.given = self.columns

    def add(self, item: exp.Expr) -> None:
        """Read one item."""
        before = self.expressions.aggregates
        for column in self._columns(item):
            self.columns.append(column)
            if self.expressions.aggregates == before:
                self.keys.append(column)

    def _columns(self, item: exp.Expr) -> Iterator[OutColumn]:
        inner = _without_parentheses(item.this if isinstance(item, exp.Alias) else item)
        if is_star(item):
            yield from self._open(starred(item, self.expressions))
        elif isinstance(item, exp.Dot) and item.is_star:
            yield from self._open(struct_fields(self.expressions.deps(item.this), None, self.expressions))
        elif (columns := _expanding(inner)) is not None:
            yield from self._expanded(item, inner, columns)
        elif (fields := self._struct(inner)) is not None:
            yield from self._open(fields)
        else:
            yield self._single(item, inner)

    def _open(self, table: Table) -> list[OutColumn]:
        if table.rest is not None:
            self.rests.append((table.why, table.rest))
        return table.columns

    def _single(self, item: exp.Expr, inner: exp.Expr) -> OutColumn:
        scope = self.expressions.scope
        if isinstance(inner, exp.Column) and all(type(p) is exp.Identifier for p in inner.parts):
            deps, name, type_ = scope.resolve(inner, inner.parts)
        else:
            deps, name, type_ = self.expressions.deps(inner), "", self._cast(inner)
        if isinstance(item, exp.Alias):
            alias = item.args["alias"]
            key = self._names.of(alias)
            self._aliases.setdefault(key, deps)
            return OutColumn(self._names.shown(alias), key, deps, type_)
        if name:
            return OutColumn(name, self._names.stored(name), deps, type_)
        text = inner.sql(dialect=self._names.dialect, normalize_functions="lower")
        return OutColumn(text, self._names.stored(text), deps, None, named=False)

    def _cast(self, inner: exp.Expr) -> str | None:
        """The type that an expression says that it has."""
        if not isinstance(inner, exp.Cast) or self._names.watch is None:
            return None
        return str(inner.to.sql(dialect=self._names.dialect))

    def _expanded(self, item: exp.Expr, inner: exp.Expr, columns: exp.Columns) -> Iterator[OutColumn]:
        """One column for each that ``COLUMNS()`` means."""
        found = starred(columns, self.expressions)
        for column in found.columns:
            self.expressions.expanded = Table([column])
            deps = self.expressions.deps(inner)
            self.expressions.expanded = None
            name = column.name
            if isinstance(item, exp.Alias):
                name = _substituted(item.alias, columns, column.name)
            yield OutColumn(name, self._names.stored(name), deps, column.type if inner is columns else None)
        if found.rest is not None:
            self.rests.append((found.why, self._rest(inner, found.rest) if item is inner else lambda _: None))

    def _rest(self, inner: exp.Expr, rest: Rest) -> Rest:
        def expanded(name: str) -> Deps | None:
            deps = rest(name)
            if deps is None:
                return None
            self.expressions.expanded = Table([OutColumn(name, name, deps)])
            made = self.expressions.deps(inner)
            self.expressions.expanded = None
            return made

        return expanded

    def _struct(self, inner: exp.Expr) -> Table | None:
        """``unnest(s)`` of a struct gives its fields; a recursive one whatever there is inside."""
        if not isinstance(inner, exp.Explode):
            return None
        if any(isinstance(o, exp.PropertyEQ) for o in inner.expressions):
            deps = self.expressions.deps(inner)
            return Table([], {}, lambda _: deps, "the columns of a recursive unnest are not known")
        if isinstance(inner.this, exp.Struct):
            return self._fields(inner.this)
        if not isinstance(inner.this, exp.Column):
            return None
        deps, _, type_ = self.expressions.scope.resolve(inner.this, inner.this.parts)
        if type_ is None or not type_.upper().startswith("STRUCT") or type_.endswith("]"):
            return None
        return struct_fields(deps, type_, self.expressions)

    def _fields(self, struct: exp.Struct) -> Table:
        """A struct that is made where it is taken apart."""
        fields = [f for f in struct.expressions if isinstance(f, exp.PropertyEQ)]
        made = [(f.this.name, self.expressions.deps(f.expression, TRANSFORMED)) for f in fields]
        return Table([OutColumn(name, self._names.stored(name), deps) for name, deps in made])


def _without_parentheses(node: exp.Expr) -> exp.Expr:
    """``(name)`` is called as ``name``; other expressions keep theirs."""
    inner = node.unnest()
    return inner if isinstance(inner, exp.Column) else node


def _expanding(node: exp.Expr) -> exp.Columns | None:
    """The ``COLUMNS()`` of an item that makes one column of each; not one that is unpacked into arguments."""
    if isinstance(node, exp.Column | exp.Literal):
        return None
    return next((c for c in node.find_all(exp.Columns) if not c.args.get("unpack")), None)


def _substituted(alias: str, columns: exp.Columns, name: str) -> str:
    """The name that an alias with references to groups gives to what a pattern of ``COLUMNS()`` means."""
    if "\\" not in alias or not isinstance(columns.this, exp.Literal):
        return alias
    import re

    found = re.search(columns.this.name, name)
    if found is None:
        return alias
    # \0 is the whole name, whatever part of it the pattern meets.
    return re.sub(r"\\(\d)", lambda m: name if m.group(1) == "0" else found.group(int(m.group(1))) or "", alias)


def _clauses(reader: Reader, node: exp.Select, items: _Items, rows: Deps) -> None:
    expressions = items.expressions
    for word in ("where", "having", "qualify"):
        clause = node.args.get(word)
        if clause is not None:
            expressions.read(clause.this, FILTER, rows)
    group = node.args.get("group")
    if group is not None:
        _group(group, items, rows)
    merged(rows, expressions.unnested, FILTER)
    distinct = node.args.get("distinct")
    if distinct is not None:
        on = distinct.args.get("on")
        if on is None:
            _all(items, rows)
        else:
            _listed(on.expressions if isinstance(on, exp.Tuple) else [on], items.columns, expressions, rows)
            _ordered(node, items.columns, expressions, rows)
    limited(reader, node, expressions.scope, items.columns, rows, expressions)


def _group(group: exp.Expr, items: _Items, rows: Deps) -> None:
    if group.args.get("all"):
        for column in items.keys:
            merged(rows, column.deps, FILTER)
        return
    nodes = list(group.expressions)
    for word in ("rollup", "cube", "grouping_sets"):
        for part in group.args.get(word) or ():
            nodes.extend(part.expressions if isinstance(part, exp.Expr) else ())
    _listed(nodes, items.columns, items.expressions, rows)


def _all(items: _Items, rows: Deps) -> None:
    for column in items.columns:
        merged(rows, column.deps, FILTER)
    for why, _ in items.rests:
        add(rows, ("", why), DIRECT)


def _listed(nodes: list[exp.Expr], columns: list[OutColumn], expressions: Expressions, rows: Deps) -> None:
    """Expressions, or the numbers of columns."""
    for node in nodes:
        if isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit():
            position = int(node.name) - 1
            if position < len(columns):
                merged(rows, columns[position].deps, FILTER)
        elif isinstance(node, exp.Tuple | exp.Paren):
            _listed(list(node.iter_expressions()), columns, expressions, rows)
        else:
            expressions.read(node, FILTER, rows)


def _ordered(node: exp.Expr, columns: list[OutColumn], expressions: Expressions, rows: Deps) -> None:
    order = node.args.get("order")
    if order is None:
        return
    keys = [o.this if isinstance(o, exp.Ordered) else o for o in order.expressions]
    if any(isinstance(k, exp.Var) and k.name.upper() == "ALL" for k in keys):
        for column in columns:
            merged(rows, column.deps, FILTER)
        return
    expressions.scope.aliases_first = True
    _listed(keys, columns, expressions, rows)
    expressions.scope.aliases_first = False


def limited(
    reader: Reader,
    node: exp.Expr,
    scope: Scope,
    columns: list[OutColumn],
    rows: Deps,
    expressions: Expressions | None = None,
) -> None:
    """ORDER BY decides which rows there are where LIMIT or OFFSET cut some off."""
    bounds = [b for word in ("limit", "offset") if isinstance(b := node.args.get(word), exp.Expr)]
    if not bounds:
        if reader.names.watch is not None and expressions is not None:
            _ordered(node, columns, expressions, {})
        return
    expressions = expressions or Expressions(scope, reader.query)
    _ordered(node, columns, expressions, rows)
    for bound in bounds:
        for child in bound.iter_expressions():
            expressions.read(child, FILTER, rows)
