"""The sign of an expression: its tree with, in place of each name, what the name means."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Final

from sqlglot import exp

from interlace.lineage.arrows import is_extraction, left_of
from interlace.lineage.compare_functions import depends_on_order, is_volatile, may_give_rows
from interlace.lineage.compare_names import Note, meaning, ref_of
from interlace.lineage.compare_signs import SelectScope, Sign, Unprovable, rows_of, sign_of
from interlace.lineage.edges import DIRECT
from interlace.lineage.functions import is_aggregate
from interlace.lineage.stars import is_star, starred
from interlace.lineage.units import may_be_column
from interlace.model.fingerprint import digest

if TYPE_CHECKING:
    from interlace.lineage.edges import Deps
    from interlace.lineage.relation import Table
    from interlace.lineage.scope import Scope

__all__ = ["VARIABLE", "Meanings"]

VARIABLE: Final = "__interlace_variable_"
"""Begins the text that stands for the value of a variable."""

_QUERIES: Final = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_KNOWN: Final = (
    exp.Binary, exp.Unary, exp.Predicate, exp.Func, exp.Literal, exp.Null, exp.Boolean, exp.Interval, exp.Bracket,
    exp.Slice, exp.Tuple, exp.Distinct, exp.Order, exp.Ordered, exp.Filter, exp.Where, exp.WindowSpec, exp.WithinGroup,
    exp.IgnoreNulls, exp.RespectNulls, exp.Any, exp.All, exp.AtTimeZone, exp.JSONPath, exp.JSONPathPart,
    exp.HexString, exp.BitString, exp.ByteString, exp.RawString, exp.National, exp.Alias, exp.Collate,
)  # fmt: skip
_COLUMNS_FIRST: Final = ("duckdb", "postgres")
_AROUND_FUNCTION: Final = (exp.IgnoreNulls, exp.RespectNulls, exp.Filter, exp.WithinGroup)


class Meanings:
    """Gives the signs of the expressions of one SELECT.

    Args:
        scope: what names mean.
        query: reads a query inside of an expression, in this scope.
        windows: the named windows, by what their names are compared by.

    Attributes:
        aggregates: how many aggregates were met so far, windows not counted.
        effects: the texts of functions that may give several rows, or are not known.
        expanded: what stands for ``COLUMNS()`` while one column of it is read.
        columns_first: whether a column hides an alias of its name; else which of the two is meant is left open.
        numbered: where it is a list, ``row_number()`` is allowed and its keys are put there.
    """

    def __init__(
        self, scope: SelectScope, query: Callable[[exp.Expr, Scope], Table], windows: dict[str, exp.Expr] | None = None
    ) -> None:
        self.scope = scope
        self.aggregates = 0
        self.effects: list[str] = []
        self.expanded: Table | None = None
        self.numbered: list[set[str]] | None = None
        self.columns_first = scope.names.dialect in _COLUMNS_FIRST
        self._query = query
        self._windows = windows or {}

    def deps(self, node: exp.Expr, kind: int = DIRECT) -> Deps:
        """The sign of an expression as what a column is made of; the kind is all one."""
        del kind
        return self.sign(node).deps()

    def sign(self, node: exp.Expr) -> Sign:
        """The sign of an expression."""
        note = Note()
        text = self.text(node, note)
        return Sign(digest(text), not note.unsteady)

    def text(self, node: exp.Expr, note: Note) -> str:
        """An expression with what its names mean; what matters of it beside is put into `note`.

        Raises:
            Unprovable: a name or a part of it is not known.
        """
        if isinstance(node, exp.Paren):
            return self.text(node.this, note)
        special = self._READERS.get(type(node))
        if special is not None:
            return special(self, node, note)
        if isinstance(node, _QUERIES):
            return self._subquery(node, note)
        if not isinstance(node, _KNOWN):
            raise Unprovable(f"{node.key.upper()} is not compared")
        if isinstance(node, exp.Func) and is_aggregate(node):
            return self._aggregate(node, note)
        self._look(node, note)
        text = self._generic(node, note)
        if isinstance(node, exp.Func) and may_give_rows(node, self.scope.names.dialect):
            self.effects.append(text)
            note.row_wise = False
        return text

    def _aggregate(self, node: exp.Expr, note: Note) -> str:
        inner = Note()
        text = self._generic(node, inner)
        if inner.outside and not inner.refs:
            raise Unprovable("an aggregate that belongs to the query around")
        self.aggregates += 1
        self._look(node, note)
        note.refs |= inner.refs
        note.outside |= inner.outside
        note.unsteady = note.unsteady or inner.unsteady
        note.row_wise = False
        return text

    def _look(self, node: exp.Expr, note: Note) -> None:
        if depends_on_order(node):
            note.unsteady = note.unsteady or "it depends on the order of rows"
        if is_volatile(node):
            note.unsteady = note.unsteady or "it is another each time"

    def _generic(self, node: exp.Expr, note: Note) -> str:
        args = sorted(node.args.items())
        if isinstance(node, exp.Anonymous):
            args = [(k, v.casefold() if isinstance(v, str) else v) for k, v in args]
        said = [f"{k}={self._argument(v, note)}" for k, v in args if _says(v)]
        # sqlglot reads a path or a format, and does not keep how it was written.
        if isinstance(node, exp.JSONPath) or (isinstance(node, exp.Func) and node.args.get("format")):
            said.append(self.scope.own.texts)
        return f"{type(node).__name__}({','.join(said)})"

    def _argument(self, value: object, note: Note) -> str:
        if isinstance(value, exp.Expr):
            return self.text(value, note)
        if isinstance(value, list | tuple):
            return f"[{','.join(self._argument(v, note) for v in value)}]"
        return repr(value)

    def _column(self, node: exp.Expr, note: Note) -> str:
        if is_star(node):
            return self._columns(node, note)
        parts = node.parts if isinstance(node, exp.Column) else []
        if any(type(p) is not exp.Identifier for p in parts):
            raise Unprovable(f"{node.sql(self.scope.names.dialect)} is not compared")
        keys = [self.scope.names.of(p) for p in parts]
        alias = self.scope.own.aliases.get(keys[0])
        try:
            found = meaning(self.scope, node, parts, keys, note)
        except Unprovable:
            if alias is None:
                raise
            found = ""
        if alias is None or (self.columns_first and found.startswith("#0.") and not self.scope.open):
            return found
        if keys[0] in self.scope.own.unsteady:
            note.unsteady = note.unsteady or f"{keys[0]} is"
        note.row_wise = False
        if not found and len(keys) == 1:
            return alias
        return f"either({found},{alias},{keys[1:]!r})"

    def _columns(self, node: exp.Expr, note: Note) -> str:
        """All columns that a star or COLUMNS() inside of an expression means."""
        found = starred(node, self)  # type: ignore[arg-type]
        if found.rest is not None:
            raise Unprovable(found.why)
        said = [(c.name, ref_of(self.scope, c.deps, note)) for c in found.columns]
        return f"columns({[text for _, text in said] if self.expanded is not None else said!r})"

    def _star(self, node: exp.Expr, note: Note) -> str:
        return "*" if isinstance(node.parent, exp.Count) and not _changes(node) else self._columns(node, note)

    def _subquery(self, node: exp.Expr, note: Note) -> str:
        table = self._query(node, self.scope)
        if table.rest is not None:
            raise Unprovable(table.why)
        return self._signed("query", [rows_of(table), *(sign_of(c.deps) for c in table.columns)], note)

    def _exists(self, node: exp.Expr, note: Note) -> str:
        return self._signed("exists", [rows_of(self._query(node.this, self.scope))], note)

    def _signed(self, word: str, signs: list[Sign], note: Note) -> str:
        note.row_wise = False
        if not all(s.steady for s in signs):
            note.unsteady = note.unsteady or "a query in it may give other rows"
        return f"{word}({[s.hash for s in signs]})"

    def _array(self, node: exp.Expr, note: Note) -> str:
        if any(isinstance(e, _QUERIES) for e in node.expressions):
            note.unsteady = note.unsteady or "it depends on the order of rows"
        return self._generic(node, note)

    def _window(self, node: exp.Expr, note: Note) -> str:
        if self.numbered is not None and (tied := self._numbering(node)) is not None:
            self.numbered.append(tied)
            return f"number({self._frame(node, Note())})"
        text = f"window({self.text(node.this, note)},{self._frame(node, note)})"
        function = node.this
        while isinstance(function, _AROUND_FUNCTION):
            function = function.this
        self.aggregates -= is_aggregate(function)  # but not those that it is given
        note.row_wise = False
        return text

    def _numbering(self, node: exp.Expr) -> set[str] | None:
        """What decides ``row_number()`` but for its choice among equals; None where it is another function."""
        if not isinstance(node.this, exp.RowNumber) or node.args.get("alias"):
            return None
        note = Note()
        order = node.args.get("order")
        keys = [*(node.args.get("partition_by") or ()), *(o.this for o in (order.expressions if order else ()))]
        texts = {self.text(k, note) for k in keys}
        return None if note.unsteady else texts

    def _frame(self, node: exp.Expr, note: Note) -> str:
        spec = node.args.get("spec")
        if isinstance(spec, exp.Expr) and str(spec.args.get("kind")).upper() != "RANGE":
            note.unsteady = note.unsteady or "it depends on the order of rows"
        said = [self._argument(node.args.get(word), note) for word in ("partition_by", "order", "spec", "first")]
        base = node.args.get("alias")
        if isinstance(base, exp.Identifier):
            window = self._windows.get(self.scope.names.of(base))
            if window is None:
                raise Unprovable(f"no window is called {base.name}")
            said.append(self._frame(window, note))
        return ",".join(said)

    def _lambda(self, node: exp.Expr, note: Note) -> str:
        if is_extraction(node, self.scope.names.dialect):
            return f"arrow({[self._column(c, note) for c in left_of(node)]},{self.text(node.this, note)})"
        hidden = [self.scope.names.of(p) for p in node.expressions]
        with self._hiding(hidden):
            return f"lambda({hidden},{self.text(node.this, note)})"

    def _comprehension(self, node: exp.Expr, note: Note) -> str:
        over = self.text(node.args["iterator"], note)
        said = [node.expression, node.args.get("position")]
        hidden = [self.scope.names.of(e.this) for e in said if isinstance(e, exp.Column)]
        with self._hiding(hidden):
            return f"each({hidden},{over},{self._argument([node.this, node.args.get('condition')], note)})"

    def _hiding(self, hidden: list[str]) -> _Hiding:
        return _Hiding(self.scope, hidden)

    def _identifier(self, node: exp.Expr, note: Note) -> str:
        """A name that stands alone: the parameter of a lambda."""
        del note
        key = self.scope.names.of(node)
        at: Scope | None = self.scope
        while at is not None:
            if key in at.locals:
                return f"local({key!r})"
            at = at.outer
        raise Unprovable(f"what {node.name} means is not known")

    def _named(self, node: exp.Expr, note: Note) -> str:
        """``name := value``; the keys of a map are values."""
        name = node.this
        if isinstance(name, exp.Identifier | exp.Var):
            if isinstance(node.parent, exp.Struct) and isinstance(node.parent.parent, exp.ToMap):
                raise Unprovable("a map whose keys are names")
            said = repr(name.name)
        else:
            said = self.text(name, note)
        return f"{said}:={self.text(node.expression, note)}"

    def _alias(self, node: exp.Expr, note: Note) -> str:
        return f"{node.alias!r}:={self.text(node.this, note)}"

    def _dot(self, node: exp.Expr, note: Note) -> str:
        """A field of a value; a function of a schema is one that is not known."""
        if not isinstance(node.expression, exp.Identifier) or isinstance(node.this, exp.Identifier):
            raise Unprovable(f"{node.sql(self.scope.names.dialect)} is not compared")
        return f"field({self.text(node.this, note)},{self.scope.names.of(node.expression)!r})"

    def _var(self, node: exp.Expr, note: Note) -> str:
        """A word such as a unit; sqlglot makes one of a column too, where a unit is expected."""
        if may_be_column(node) and (column := self._as_column(node, note)):
            return f"word({node.name.upper()!r},{column})"
        return f"word({node.name.upper()!r})"

    def _as_column(self, node: exp.Expr, note: Note) -> str:
        found = []
        for name in (node.name.lower(), node.name.upper()):
            with suppress(Unprovable):
                found.append(self._column(exp.column(name, quoted=True), note))
        return ",".join(found)

    def _type(self, node: exp.Expr, note: Note) -> str:
        del note
        return f"type({node.sql(self.scope.names.dialect)!r})"

    def _literal(self, node: exp.Expr, note: Note) -> str:
        del note
        return f"{'text' if node.is_string else 'number'}({node.name!r})"

    _READERS: ClassVar[dict[type, Callable[[Meanings, exp.Expr, Note], str]]] = {
        exp.Column: _column,
        exp.Star: _star,
        exp.Columns: _columns,
        exp.Exists: _exists,
        exp.Array: _array,
        exp.Window: _window,
        exp.Lambda: _lambda,
        exp.Comprehension: _comprehension,
        exp.Identifier: _identifier,
        exp.PropertyEQ: _named,
        exp.Kwarg: _named,
        exp.Alias: _alias,
        exp.Dot: _dot,
        exp.Var: _var,
        exp.DataType: _type,
        exp.Literal: _literal,
    }


class _Hiding:
    """While it is entered, names are parameters."""

    def __init__(self, scope: Scope, hidden: list[str]) -> None:
        self._scope = scope
        self._hidden = hidden
        self._before: list[str] = []

    def __enter__(self) -> None:
        self._before = self._scope.locals
        self._scope.locals = self._before + self._hidden

    def __exit__(self, *_: object) -> None:
        self._scope.locals = self._before


def _says(value: object) -> bool:
    return value is not None and value is not False and value != []


def _changes(star: exp.Expr) -> bool:
    return any(star.args.get(word) for word in ("except_", "replace", "rename"))
