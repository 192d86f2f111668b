"""Stars: ``*``, ``t.*``, EXCLUDE, REPLACE, RENAME, LIKE, and DuckDB's ``COLUMNS()``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.edges import DIRECT, TRANSFORMED, Deps, merged, unknown
from interlace.lineage.relation import OutColumn, Table
from interlace.lineage.scope import qualifies

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.lineage.expression import Expressions
    from interlace.lineage.relation import Names, Rest
    from interlace.lineage.scope import Entry

__all__ = ["is_star", "rest_of", "starred", "struct_fields"]

_LIKES: Final = (exp.Like, exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.Glob)


def is_star(node: exp.Expr) -> bool:
    """Whether an item of a select list stands for several columns."""
    if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
        return True
    return isinstance(node, _LIKES) and is_star(node.this)


def starred(node: exp.Expr, reader: Expressions) -> Table:
    """The columns that a star or ``COLUMNS()`` means, in their order; `rest` where some are not known."""
    if isinstance(node, _LIKES):
        return _filtered(starred(node.this, reader), _pattern(node))
    if isinstance(node, exp.Columns):
        return reader.expanded if reader.expanded is not None else _selected(node, reader)
    if isinstance(node, exp.Column):
        return _star(node.this, reader, [reader.scope.names.of(p) for p in node.parts[:-1]], node)
    return _star(node, reader, None, node)


def _star(star: exp.Expr, reader: Expressions, qualifier: list[str] | None, node: exp.Expr) -> Table:
    columns, rests = reader.scope.star(qualifier)
    if reader.scope.names.watch is not None:
        reader.scope.names.watch.starred(star, [e for e in reader.scope.entries if _shows(e, qualifier)])
    if qualifier is not None and not columns and not rests:
        return struct_fields(reader.deps(_as_column(node)), _type_of(node, reader), reader)
    excluded = _excluded(star.args.get("except_"), reader)
    replaced = {reader.scope.names.stored(r.alias): r for r in star.args.get("replace") or ()}
    renamed = {reader.scope.names.of(r.this.this): r for r in star.args.get("rename") or ()}
    out: list[OutColumn] = []
    seen: set[str] = set()
    for entry, column in columns:
        if _is_excluded(entry, column.key, excluded):
            continue
        seen.add(column.key)
        out.append(_changed(column, replaced, renamed, reader))
    if not rests:
        return Table(out)
    hidden = {key for _, key in excluded} | set(renamed) | set(replaced)
    out += [
        _changed(_open_column(key, rests), replaced, renamed, reader)
        for key in {**replaced, **renamed}
        if key not in seen
    ]
    return Table(out, {}, rest_of(rests, hidden, reader.scope.names), "; ".join(dict.fromkeys(why for why, _ in rests)))


def _shows(entry: Entry, qualifier: list[str] | None) -> bool:
    return entry.visible if qualifier is None else qualifies(entry, qualifier)


def _open_column(key: str, rests: list[tuple[str, Rest]]) -> OutColumn:
    return OutColumn(key, key, _from_rests(key, rests) or {})


def _changed(
    column: OutColumn, replaced: dict[str, exp.Expr], renamed: dict[str, exp.Expr], reader: Expressions
) -> OutColumn:
    if column.key in replaced:
        return replace(column, deps=reader.deps(replaced[column.key].this), type=None)
    if column.key in renamed:
        alias = renamed[column.key].args["alias"]
        return replace(column, name=reader.scope.names.shown(alias), key=reader.scope.names.of(alias))
    return column


def _excluded(said: object, reader: Expressions) -> set[tuple[str | None, str]]:
    nodes = said if isinstance(said, list) else []
    found: set[tuple[str | None, str]] = set()
    for node in nodes:
        if isinstance(node, exp.Column):
            table = node.args.get("table")
            found.add((None if table is None else reader.scope.names.of(table), reader.scope.names.of(node.this)))
        else:
            found.add((None, reader.scope.names.of(node)))
    return found


def _is_excluded(entry: Entry, key: str, excluded: set[tuple[str | None, str]]) -> bool:
    return (None, key) in excluded or (entry.key, key) in excluded


def rest_of(rests: list[tuple[str, Rest]], hidden: set[str], names: Names) -> Rest:
    """What stands for the columns of several relations that are not listed, but for some names."""
    stored = names.stored

    def rest(name: str) -> Deps | None:
        return None if stored(name) in hidden else _from_rests(name, rests)

    return rest


def _from_rests(name: str, rests: list[tuple[str, Rest]]) -> Deps | None:
    found = [deps for _, rest in rests if (deps := rest(name)) is not None]
    if len(found) == 1:
        return found[0]
    if not found:
        return None
    return {unknown(f"{name} may come from several: " + "; ".join(why for why, _ in rests)): DIRECT}


def _selected(node: exp.Columns, reader: Expressions) -> Table:
    """``COLUMNS(…)``: a star, a regular expression, a list or a lambda over the names."""
    what = node.this
    if is_star(what):
        return starred(what, reader)
    everything = _star(exp.Star(), reader, None, node)
    if isinstance(what, exp.Literal):
        return _filtered(everything, _regex(what.name))
    if isinstance(what, exp.Array) and all(isinstance(e, exp.Literal) for e in what.expressions):
        wanted = {reader.scope.names.stored(e.name) for e in what.expressions}
        return _filtered(everything, lambda name: reader.scope.names.stored(name) in wanted)
    if isinstance(what, exp.Lambda):
        return _filtered(everything, _condition(what.this, what.expressions[0].name))
    return _filtered(everything, None, f"what {node.sql(reader.scope.names.dialect)} means is decided when it runs")


def _filtered(table: Table, test: Callable[[str], bool] | None, why: str = "") -> Table:
    """The columns whose names pass; without a test which do cannot be known."""
    if test is None:
        return Table([], {}, _nothing, why or "a pattern of names that Interlace cannot read")
    rest = table.rest
    kept = [c for c in table.columns if test(c.name)]
    if rest is None:
        return Table(kept)
    return Table(kept, {}, lambda name: rest(name) if test(name) else None, table.why)


def _nothing(name: str) -> Deps | None:
    return {unknown(f"{name} is chosen by a pattern that Interlace cannot read"): DIRECT}


def _regex(pattern: str) -> Callable[[str], bool] | None:
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None
    return lambda name: compiled.search(name) is not None


def _pattern(node: exp.Expr) -> Callable[[str], bool] | None:
    """The test of ``x LIKE 'a%'`` and its kin; None where the pattern is no literal."""
    if not isinstance(node.expression, exp.Literal):
        return None
    text = node.expression.name
    if isinstance(node, exp.Like | exp.ILike):
        flags = re.IGNORECASE if isinstance(node, exp.ILike) else 0
        parts = {"%": ".*", "_": "."}
        compiled = re.compile("".join(parts.get(c, re.escape(c)) for c in text), flags | re.DOTALL)
        negated = bool(node.args.get("negate"))
        return lambda name: (compiled.fullmatch(name) is not None) != negated
    if isinstance(node, exp.RegexpLike):
        return _regex(text)
    if isinstance(node, exp.SimilarTo):
        return _regex(f"^(?:{text})$")
    return None


def _condition(node: exp.Expr, parameter: str) -> Callable[[str], bool] | None:
    """The test of a lambda's body, where it is made of patterns over its parameter."""
    if isinstance(node, exp.Paren):
        return _condition(node.this, parameter)
    if isinstance(node, exp.Not):
        inner = _condition(node.this, parameter)
        return None if inner is None else lambda name: not inner(name)
    if isinstance(node, exp.And | exp.Or):
        left, right = _condition(node.this, parameter), _condition(node.expression, parameter)
        if left is None or right is None:
            return None
        if isinstance(node, exp.And):
            return lambda name: left(name) and right(name)
        return lambda name: left(name) or right(name)
    if isinstance(node, _LIKES) and node.this.name.casefold() == parameter.casefold():
        return _pattern(node)
    return None


def _as_column(node: exp.Expr) -> exp.Expr:
    """``s`` of ``s.*``."""
    parts = node.parts[:-1] if isinstance(node, exp.Column) else []
    words = ("this", "table", "db", "catalog")
    return exp.Column(**{word: part.copy() for word, part in zip(words, reversed(parts), strict=False)})


def _type_of(node: exp.Expr, reader: Expressions) -> str | None:
    column = _as_column(node)
    return reader.scope.resolve(column, column.parts)[2] if isinstance(column, exp.Column) else None


def struct_fields(deps: Deps, type_: str | None, reader: Expressions) -> Table:
    """The fields of a struct as columns, by its type; without it they are not known."""
    made: Deps = {}
    merged(made, deps, TRANSFORMED)
    if type_ is not None and type_.upper().startswith("STRUCT"):
        built = exp.DataType.build(type_, dialect=reader.scope.names.dialect)
        stored = reader.scope.names.stored
        return Table(
            [OutColumn(f.name, stored(f.name), made) for f in built.expressions if isinstance(f, exp.ColumnDef)]
        )
    return Table([], {}, lambda _: made, "the fields of a struct whose type is not known")
