"""The signs of one SELECT: of its rows by what decides them, and of its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.compare_expression import Meanings
from interlace.lineage.compare_names import Note, ref_of
from interlace.lineage.compare_rows import Listed, Made, Rows, end, key_of, only
from interlace.lineage.compare_signs import Sign, Unprovable
from interlace.lineage.relation import OutColumn, Table
from interlace.lineage.stars import is_star, rest_of, starred
from interlace.model.fingerprint import digest

if TYPE_CHECKING:
    from interlace.lineage.compare_query import Signer
    from interlace.lineage.compare_signs import SelectScope
    from interlace.lineage.edges import Deps
    from interlace.lineage.relation import Rest
    from interlace.lineage.scope import Scope

__all__ = ["signed_select"]

_SELECT: Final = frozenset({
    "with_", "expressions", "from_", "joins", "laterals", "where", "group", "having", "qualify", "windows", "distinct",
    "order", "limit", "offset",
})  # fmt: skip


def signed_select(reader: Signer, node: exp.Select, outer: Scope) -> Table:
    """The relation that a SELECT gives, with signs."""
    only(node, _SELECT)
    scope = reader.scope_in(outer)
    rows = Rows()
    from_ = node.args.get("from_")
    if from_ is not None:
        reader.add_from(from_.this, scope, rows)
    reader.add_joined(node.args.get("joins") or (), scope, rows)
    for lateral in node.args.get("laterals") or ():
        reader.add_from(lateral, scope, rows)
    windows = {reader.names.of(w.this): w for w in node.args.get("windows") or ()}
    items = _Items(scope, Meanings(scope, reader.query, windows))
    for item in node.expressions:
        items.add(item)
    single = len(rows.parts) == 1 and len(scope.entries) == 1
    _clauses(node, items, rows)
    passes = single and len(rows.parts) == 1 and not scope.own.escaped
    return reader.kept(rows, items.table(rows, passes=passes), scope.entries[0].table if passes else None)


class _Items:
    """The select list, item by item."""

    def __init__(self, scope: SelectScope, meanings: Meanings) -> None:
        self.made: list[Made] = []
        self.keys: list[str] = []
        self.rests: list[tuple[str, Rest]] = []
        self.meanings = meanings
        self._scope = scope

    def add(self, item: exp.Expr) -> None:
        """Read one item."""
        before = self.meanings.aggregates
        found = list(self._made(item))
        self.made += found
        if self.meanings.aggregates == before or len(found) != 1:
            self.keys += [m.text for m in found]

    def table(self, rows: Rows, *, passes: bool) -> Table:
        """The columns, with the signs that they have outside.

        Args:
            rows: what decides the rows.
            passes: whether these are the rows of the one relation that is read, so that its columns stay what they are.
        """

        def deps(text: str, *, is_open: bool) -> Deps:
            shown = text.partition(":")[2] if passes and text.startswith("#0.0:") else digest(text)
            return Sign(shown, not is_open).deps()

        columns = [replace(m.column, deps=deps(m.text, is_open=rows.is_open(m))) for m in self.made]
        if not self.rests:
            return Table(columns)
        rest = rest_of(self.rests, set(), self._scope.names)

        def outside(name: str) -> Deps | None:
            found = rest(name)
            if found is None:
                return None
            note = Note()
            made = Made(OutColumn(name, name, found), ref_of(self._scope, found, note), note)
            return deps(made.text, is_open=rows.is_open(made))

        return Table(columns, {}, outside, "; ".join(dict.fromkeys(why for why, _ in self.rests)))

    def closed(self) -> list[Made]:
        """All columns.

        Raises:
            Unprovable: not all are known.
        """
        if self.rests:
            raise Unprovable(self.rests[0][0])
        return self.made

    def _made(self, item: exp.Expr) -> Iterator[Made]:
        inner = item.this if isinstance(item, exp.Alias) else item
        if is_star(item) or isinstance(item, exp.Columns):
            yield from self._starred(item)
        elif isinstance(item, exp.Dot) and item.is_star:
            raise Unprovable("the fields of a struct as columns")
        elif not isinstance(inner, exp.Column | exp.Literal) and inner.find(exp.Columns) is not None:
            yield from self._each(item, inner)
        else:
            yield self._single(item, inner)

    def _starred(self, item: exp.Expr) -> Iterator[Made]:
        self._refuse_missing(item)
        found = starred(item, self.meanings)  # type: ignore[arg-type]
        if found.rest is not None:
            self.rests.append((found.why, found.rest))
        for column in found.columns:
            note = Note()
            yield Made(column, ref_of(self._scope, column.deps, note), note)

    def _refuse_missing(self, item: exp.Expr) -> None:
        """A star that leaves out, replaces or renames a column which is not there is refused by the database."""
        star = item.this if isinstance(item, exp.Column) else item
        columns, rests = self._scope.star()
        there = {c.key for _, c in columns}
        said = [*(star.args.get("except_") or ()), *(r.this for r in star.args.get("rename") or ())]
        names = [n.this if isinstance(n, exp.Column) else n for n in said]
        keys = [self._scope.names.of(n) for n in names if isinstance(n, exp.Identifier)]
        keys += [self._scope.names.stored(r.alias) for r in star.args.get("replace") or ()]
        missing = [key for key in keys if key not in there]
        if missing and not rests:
            raise Unprovable(f"there is no column {missing[0]} that * could leave out or change")

    def _each(self, item: exp.Expr, inner: exp.Expr) -> Iterator[Made]:
        """One column for each that ``COLUMNS()`` means."""
        columns = inner.find(exp.Columns)
        if columns is None or item is not inner or columns.args.get("unpack"):
            raise Unprovable("COLUMNS() with an alias is not compared")
        found = starred(columns, self.meanings)  # type: ignore[arg-type]
        if found.rest is not None:
            raise Unprovable(found.why)
        for column in found.columns:
            note = Note()
            self.meanings.expanded = Table([column])
            text = self.meanings.text(inner, note)
            self.meanings.expanded = None
            yield Made(OutColumn(column.name, column.key, {}, named=False), text, note)

    def _single(self, item: exp.Expr, inner: exp.Expr) -> Made:
        while isinstance(inner, exp.Paren) and isinstance(inner.this, exp.Column | exp.Paren):
            inner = inner.this
        names = self._scope.names
        note = Note()
        text = self.meanings.text(inner, note)
        if isinstance(item, exp.Alias):
            alias = item.args["alias"]
            self._say(names.of(alias), text, note)
            return Made(OutColumn(names.shown(alias), names.of(alias), {}), text, note)
        if isinstance(inner, exp.Column):
            found = self._scope.resolve(inner, inner.parts)
            return Made(OutColumn(found[1], names.stored(found[1]), {}, found[2]), text, note)
        written = inner.sql(dialect=names.dialect, normalize_functions="lower", comments=False)
        return Made(OutColumn(written, names.stored(written), {}, named=False), text, note)

    def _say(self, key: str, text: str, note: Note) -> None:
        own = self._scope.own
        own.aliases[key] = f"either({own.aliases[key]},{text})" if key in own.aliases else text
        if note.unsteady:
            own.unsteady.add(key)


def _clauses(node: exp.Select, items: _Items, rows: Rows) -> None:
    where = node.args.get("where")
    if where is not None:
        rows.add("the WHERE", items.meanings.sign(where.this))
    group = node.args.get("group")
    if group is not None:
        rows.add("the GROUP BY", _group(group, items))
    items.meanings.columns_first = False
    having = node.args.get("having")
    if having is not None:
        rows.add("the HAVING", items.meanings.sign(having.this))
    qualify = node.args.get("qualify")
    if qualify is not None:
        _qualify(qualify.this, items.meanings, rows)
    distinct = node.args.get("distinct")
    if distinct is not None:
        _distinct(distinct, items, rows)
    on = distinct is not None and distinct.args.get("on") is not None
    end(node, items.meanings, Listed(items.made, bool(items.rests)), rows, on=on)
    if items.meanings.aggregates:
        rows.add("the aggregation", Sign.of("aggregates"))
    if items.meanings.effects:
        rows.add("a function that may give several rows", Sign.of("effects", *items.meanings.effects))


def _group(group: exp.Expr, items: _Items) -> Sign:
    if group.args.get("all"):
        only(group, frozenset({"all"}))
        items.closed()
        return Sign.of("group", *items.keys) if not _unsteady_keys(items) else Sign(digest("group"), steady=False)
    only(group, frozenset({"expressions", "grouping_sets", "cube", "rollup"}))
    note = Note()
    said: list[str] = []
    listed = Listed(items.made, bool(items.rests))
    for word in ("expressions", "grouping_sets", "cube", "rollup"):
        keys = [key_of(k, items.meanings, listed, note) for k in group.args.get(word) or ()]
        said += [word, *keys] if keys and word != "expressions" else keys
    return Sign(Sign.of("group", *said).hash, not note.unsteady)


def _unsteady_keys(items: _Items) -> bool:
    return any(m.note.unsteady for m in items.made if m.text in items.keys)


def _qualify(node: exp.Expr, meanings: Meanings, rows: Rows) -> None:
    """A choice by ``row_number()`` is open only among rows that are equal in its keys."""
    before = meanings.aggregates
    note = Note()
    text = meanings.text(node, note)
    if note.unsteady:
        meanings.aggregates = before
        meanings.numbered = []
        chosen = Note()
        numbered = meanings.text(node, chosen)
        keys, meanings.numbered = meanings.numbered, None
        if not chosen.unsteady and chosen.row_wise and len({frozenset(k) for k in keys}) == 1:
            rows.choose(keys[0])
            rows.add("the QUALIFY", Sign(digest(numbered), chosen.refs <= keys[0]))
            return
    rows.add("the QUALIFY", Sign(digest(text), not note.unsteady))


def _distinct(distinct: exp.Expr, items: _Items, rows: Rows) -> None:
    on = distinct.args.get("on")
    made = items.closed()
    if on is None:
        steady = not any(rows.is_open(m) for m in made)
        rows.add("the DISTINCT", Sign(digest("distinct", *(m.text for m in made)), steady))
        return
    note = Note()
    said = on.expressions if isinstance(on, exp.Tuple) else [on]
    keys = [key_of(k, items.meanings, Listed(made), note) for k in said]
    rows.add("the DISTINCT ON", Sign(digest("on", *keys), not note.unsteady))
    rows.choose(set(keys))
