"""The signs of a query: the walk of lineage, in which each relation carries what its rows and columns come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.compare_expression import Meanings
from interlace.lineage.compare_names import Note, ref_of
from interlace.lineage.compare_rows import Listed, Made, Rows, end, only
from interlace.lineage.compare_select import signed_select
from interlace.lineage.compare_signs import Own, Part, SelectScope, Sign, Unprovable, rows_of, sign_of, stamped
from interlace.lineage.compare_tables import computed, opaque, pivoted, together, values
from interlace.lineage.edges import Deps
from interlace.lineage.joins import common_names, show_once
from interlace.lineage.query import Reader
from interlace.lineage.relation import OutColumn, Table
from interlace.lineage.scope import Entry, Scope
from interlace.lineage.table_functions import function_table, unnested
from interlace.model.fingerprint import digest

if TYPE_CHECKING:
    from interlace.lineage.known import Known
    from interlace.lineage.relation import Names
    from interlace.lineage.scope import Cte

__all__ = ["Signer"]

_TABLE: Final = frozenset({"this", "db", "catalog", "alias", "joins", "pivots"})
_SUBQUERY: Final = frozenset({"this", "alias", "with_", "order", "limit", "offset", "pivots"})
_SET: Final = frozenset({"this", "expression", "distinct", "by_name", "with_", "order", "limit", "offset"})
_JOIN: Final = frozenset({"this", "on", "using", "method", "side", "kind"})
_WITH: Final = frozenset({"expressions", "recursive"})
_CTE: Final = frozenset({"this", "alias", "materialized"})
_LATERAL: Final = frozenset({"this", "alias"})
_SAME_KINDS: Final = {"INNER": "", "OUTER": ""}
_BY_ORDER: Final = ("ASOF", "POSITIONAL")


class Signer(Reader):
    """Reads one query as `Reader` does; what its relations are made of are signs.

    Args:
        names: how the dialect compares names.
        lookup: what is known of a relation, by its parts as written.
        moved: by relation the columns, casefolded, that are not what they are to another reader; None for all.
        when: tells this reader's from the other's.
        texts: stands for all literals of the query.

    Attributes:
        parts: the clauses that decided rows, by the sign of these.
    """

    def __init__(
        self,
        names: Names,
        lookup: Callable[[tuple[str, ...]], Known],
        moved: Mapping[str, frozenset[str] | None] | None = None,
        when: str = "",
        texts: str = "",
    ) -> None:
        super().__init__(names, lookup)
        self._moved = moved or {}
        self._when = when
        self._texts = texts
        self.parts: dict[str, list[Part]] = {}
        self._numbers = 0

    def query(self, node: exp.Expr, scope: Scope) -> Table:
        """A query; names that mean nothing in it are looked for in `scope`, and so are CTEs."""
        if (with_ := node.args.get("with_")) is not None:
            only(with_, _WITH)
        scope = self._with(node, scope)
        match node:
            case exp.Select():
                return signed_select(self, node, scope)
            case exp.SetOperation():
                return self._set_operation(node, scope)
            case exp.Subquery():
                only(node, _SUBQUERY)
                inner = node.this
                table = self._joined(inner, scope) if isinstance(inner, exp.Table) else self.query(inner, scope)
                return self._limited(node, table, scope)
            case exp.Values():
                return self._aliased(values(self, node, scope), node)[1]
            case exp.Pivot():
                return pivoted(self, node, self.relation(node.this, scope)[1])
            case exp.Table():
                return self._joined(node, scope)
            case _:
                raise Unprovable(f"{node.key.upper()} is not compared")

    def kept(self, rows: Rows, table: Table, same: Table | None = None) -> Table:
        """A relation with the sign of its rows; `same` is the one whose rows they are, unchanged."""
        sign = rows_of(same) if same is not None else rows.sign()
        if same is None:
            self.parts[sign.hash] = rows.parts
        return replace(table, rows=sign.deps())

    def scope_in(self, outer: Scope, *, weak: bool = False) -> SelectScope:
        """The scope of one SELECT more."""
        self._numbers += 1
        return SelectScope(self.names, outer, ctes=outer.ctes, weak=weak, own=Own(self._numbers, self._texts))

    def add_from(self, node: exp.Expr, scope: SelectScope, rows: Rows, *, visible: bool = True) -> Entry:
        """Add one relation of a FROM to a scope."""
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table) and not node.alias:
            only(node, frozenset({"this"}))
            rows.add("the brackets of a join", Sign("("))
            entry = self.add_from(node.this, scope, rows, visible=visible)
            rows.add("the end of the brackets of a join", Sign(")"))
            return entry
        key, table = self.relation(node, scope)
        parts: tuple[str, ...] = ()
        if isinstance(node, exp.Table) and not node.alias:
            parts = tuple(self.names.of(p) for p in node.parts if isinstance(p, exp.Identifier))
        sign = rows_of(table)
        rows.add("a relation that it reads", sign, sign.hash)
        entry = Entry(key, stamped(table, scope.own, len(scope.entries)), parts, visible=visible)
        scope.entries.append(entry)
        if isinstance(node, exp.Table):
            self.add_joined(node.args.get("joins") or (), scope, rows)
        return entry

    def add_joined(self, joins: Iterable[exp.Expr], scope: SelectScope, rows: Rows) -> None:
        """Add the relations of joins to a scope, from left to right."""
        for join in joins:
            only(join, _JOIN)
            before = list(scope.entries)
            kind = str(join.args.get("kind") or "").upper()
            entry = self.add_from(join.this, scope, rows, visible=kind not in ("SEMI", "ANTI"))
            said = [str(join.args.get(word) or "").upper() for word in ("method", "side")]
            compared = [Sign.of("join", *said, _SAME_KINDS.get(kind, kind))]
            if isinstance(on := join.args.get("on"), exp.Expr):
                compared.append(Meanings(scope, self.query).sign(on))
            compared += self._by_name(join, scope, before, entry)
            sign = Sign.of("join", *compared)
            rows.add("a join", Sign(sign.hash, sign.steady and said[0] not in _BY_ORDER))

    def _by_name(self, join: exp.Expr, scope: SelectScope, left: list[Entry], right: Entry) -> list[Sign]:
        """Join by the columns of one name, which are shown once."""
        using = join.args.get("using") or ()
        names = [(i.this if isinstance(i, exp.Column) else i).name for i in using]
        unknown: Deps = {}
        if join.args.get("method") == "NATURAL":
            names = common_names(left, right, unknown)
        if unknown:
            raise Unprovable("a NATURAL join, and not all columns are known")
        signs = []
        for name in names:
            compared: Deps = {}
            show_once(join, scope, left, right, name, compared)
            note = Note()
            texts = [ref_of(scope, {place: kind}, note) for place, kind in compared.items()]
            if len(texts) != 2:  # noqa: PLR2004  one of each side
                raise Unprovable(f"a join by {name}, which not both sides are known to have")
            sign = Sign(digest("using", *texts), not note.unsteady)
            signs.append(sign)
            self._show(scope, name, sign)
        return signs

    def _show(self, scope: SelectScope, name: str, sign: Sign) -> None:
        """A column that a FULL join makes of two has a sign of its own."""
        key = self.names.stored(name)
        shown = scope.merged.get(key)
        if shown is not None and len(shown.deps) != 1:
            flag = "=" if sign.steady else "~"
            scope.merged[key] = replace(shown, deps={(f"{flag}{scope.own.number}.full", sign.hash): 0})

    def relation(self, node: exp.Expr, scope: Scope, *, lateral: bool = False) -> tuple[str, Table]:
        """A relation as it stands in a FROM, with what it is called there."""
        around = Scope(self.names, scope, ctes=scope.ctes, weak=not lateral)
        match node:
            case exp.Table():
                only(node, _TABLE)
                key, table = self._table(node, around)
            case exp.Lateral():
                only(node, _LATERAL)
                key, table = self._aliased(self.relation(node.this, scope, lateral=True)[1], node)
            case exp.Unnest():
                key, table = self._aliased(computed(self, unnested(node, self, around), node, around), node, "unnest")
            case exp.Subquery():
                only(node, _SUBQUERY)
                key, table = self._aliased(self.query(node, around), node)
            case exp.Values():
                key, table = self._aliased(values(self, node, around), node, "valueslist")
            case exp.Func():
                key, table = self._aliased(computed(self, function_table(node, self, around), node, around), node)
            case _:
                raise Unprovable(f"{node.key.upper()} is not compared")
        for pivot in node.args.get("pivots") or ():
            table = pivoted(self, pivot, table)
            if isinstance(pivot.args.get("alias"), exp.TableAlias):
                key, table = self._aliased(table, pivot, key)
        return key, table

    def _table(self, node: exp.Table, scope: Scope) -> tuple[str, Table]:
        named = node.this
        if isinstance(named, exp.Func):
            return self._aliased(computed(self, function_table(named, self, scope), named, scope), node)
        if not isinstance(named, exp.Identifier):
            raise Unprovable(f"{node.sql(self.names.dialect)} is not compared")
        parts = [p for p in node.parts if isinstance(p, exp.Identifier)]
        if len(parts) == 1:
            cte = scope.ctes.get(self.names.of(parts[0]))
            if cte is not None:
                return self._aliased(cte(), node, self.names.of(parts[0]))
        known = self._lookup(tuple(p.name for p in parts))
        self.reads.setdefault(known.name)
        return self._aliased(self._base(known), node, self.names.of(parts[-1]))

    def _base(self, known: Known) -> Table:
        """A relation that stands outside of the query: the same in both."""
        name, stored = known.name, self.names.stored
        moved = self._moved.get(name, frozenset())

        def deps(column: str) -> Deps:
            when = self._when if moved is None or column.casefold() in moved else ""
            return Sign.of("column", name, stored(column), when).deps()

        rows = Sign.of("relation", name, self._when if moved is None else "")
        self.parts[rows.hash] = [Part(f"the relation {name}", rows.hash)]
        if known.columns is None:
            return Table([], rows.deps(), deps, f"the columns of {name} are not known")
        types: Sequence[str | None] = known.types or (None,) * len(known.columns)
        columns = [OutColumn(c, stored(c), deps(c), t) for c, t in zip(known.columns, types, strict=True)]
        return Table(columns, rows.deps())

    def _cte(self, cte: exp.Expr, ctes: dict[str, Cte], scope: Scope, *, recursive: bool) -> Cte:
        """Reads a CTE when it is first asked for."""
        made: list[Table] = []
        key = self.names.of(cte.args["alias"].this)

        def read() -> Table:
            if not made:
                only(cte, _CTE)
                inner = self.scope_in(replace(scope, ctes=ctes), weak=True)
                body = cte.this
                if recursive and any(t.name.casefold() == key.casefold() for t in body.find_all(exp.Table)):
                    table = self._recursion(cte, body, key, inner)
                else:
                    table = self._renamed(self.query(body, inner), cte.args["alias"])
                # The levels of what it names outside are counted from where it stands, not from where it is read.
                if inner.own.escaped:
                    raise Unprovable(f"the CTE {key} names columns of the query around")
                made.append(table)
            return made[0]

        return read

    def _recursion(self, cte: exp.Expr, body: exp.Expr, key: str, scope: Scope) -> Table:
        """A CTE that reads itself: any change in it may change all of it."""
        if not isinstance(body, exp.SetOperation):
            raise Unprovable(f"the CTE {key} reads itself")
        only(body, frozenset({"this", "expression", "distinct", "with_"}))
        alias = cte.args["alias"]
        scope = self._with(body, scope)
        first = self._closed_one(self._renamed(self.query(body.this, scope), alias))
        columns = [replace(c, deps=Sign.of("so far", str(i)).deps()) for i, c in enumerate(first.columns)]
        known = Table(columns, Sign.of("so far").deps())
        step = self._closed_one(self.query(body.expression, replace(scope, ctes={**scope.ctes, key: lambda: known})))
        signs = [rows_of(first), *_signs(first), rows_of(step), *_signs(step)]
        word = f"{type(body).__name__} {bool(body.args.get('distinct'))}"
        return opaque(self, first.columns, Sign.of("recursion", word, str(len(first.columns)), *signs))

    def _closed_one(self, table: Table) -> Table:
        if table.rest is not None:
            raise Unprovable(table.why)
        return table

    def _joined(self, node: exp.Table, scope: Scope) -> Table:
        """``(t JOIN u ON …)`` without SELECT: all columns of its relations."""
        return self.query(exp.select(exp.Star()).from_(node.copy(), copy=False), scope)

    def _set_operation(self, node: exp.SetOperation, scope: Scope) -> Table:
        spine: list[exp.Expr] = []
        at: exp.Expr = node
        while isinstance(at, exp.SetOperation):
            only(at, _SET if at is node else _SET - {"with_", "order", "limit", "offset"})
            spine.append(at)
            at = at.this
        table = self._closed_one(self.query(at, scope))
        for operation in reversed(spine):
            table = together(self, operation, table, self._closed_one(self.query(operation.expression, scope)))
        return self._limited(node, table, scope)

    def _limited(self, node: exp.Expr, table: Table, scope: Scope) -> Table:
        """ORDER BY, LIMIT and OFFSET of what is no SELECT."""
        if not any(node.args.get(word) for word in ("order", "limit", "offset")):
            return table
        inner = self.scope_in(scope)
        shown = stamped(self._closed_one(table), inner.own, 0)
        inner.entries.append(Entry("", shown))
        meanings = Meanings(inner, self.query)
        rows = Rows()
        rows.add("a relation that it reads", rows_of(table), rows_of(table).hash)
        made = []
        for column in shown.columns:
            note = Note()
            made.append(Made(column, ref_of(inner, column.deps, note), note))
        end(node, meanings, Listed(made), rows)
        columns = [replace(m.column, deps=Sign(digest(m.text), not rows.is_open(m)).deps()) for m in made]
        return self.kept(rows, Table(columns))


def _signs(table: Table) -> list[Sign]:
    return [sign_of(c.deps) for c in table.columns]
