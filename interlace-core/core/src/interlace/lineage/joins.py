"""Joins: what their conditions read, and the columns that USING and NATURAL show once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.edges import DIRECT, JOIN, TRANSFORMED, Deps, add, merged
from interlace.lineage.expression import Expressions
from interlace.lineage.relation import OutColumn

if TYPE_CHECKING:
    from interlace.lineage.query import Reader
    from interlace.lineage.scope import Entry, Scope

__all__ = ["add_joins", "common_names", "show_once"]

_ONLY_LEFT: Final = ("SEMI", "ANTI")


def add_joins(reader: Reader, joins: Iterable[exp.Expr], scope: Scope, rows: Deps) -> None:
    """Add the relations of joins to a scope, from left to right."""
    for join in joins:
        only_left = join.args.get("kind") in _ONLY_LEFT
        before = list(scope.entries)
        entry = reader.add_source(join.this, scope, rows, visible=not only_left)
        nested = join.this.args.get("joins") if isinstance(join.this, exp.Table) else None
        if nested:
            add_joins(reader, nested, scope, rows)
        on = join.args.get("on")
        if isinstance(on, exp.Expr):
            Expressions(scope, reader.query).read(on, JOIN, rows)
        for identifier in join.args.get("using") or ():
            named = identifier.this if isinstance(identifier, exp.Column) else identifier
            if reader.names.watch is not None:
                _watched(named, scope, before, entry)
            show_once(join, scope, before, entry, named.name, rows)
        if join.args.get("method") == "NATURAL":
            for name in common_names(before, entry, rows):
                show_once(join, scope, before, entry, name, rows)


def common_names(left: list[Entry], right: Entry, rows: Deps) -> list[str]:
    """The names that both sides of a NATURAL join have."""
    for side in (*left, right):
        if side.table.rest is not None:
            add(rows, ("", f"a NATURAL join, and {side.table.why}"), DIRECT)
    keys = {c.key for e in left if e.visible for c in e.table.columns}
    return [c.name for c in right.table.columns if c.key in keys]


def show_once(join: exp.Expr, scope: Scope, left: list[Entry], right: Entry, name: str, rows: Deps) -> None:
    """Show a column that both sides of a join have once."""
    key = scope.names.stored(name)
    first = scope.merged.get(key) or _left(left, key, name)
    second = right.table.find(key) or _from_rest(right, key, name)
    for side in (first, second):
        if side is not None:
            merged(rows, side.deps, JOIN)
    if join.args.get("kind") in _ONLY_LEFT or first is None or second is None:
        return
    right.hidden.add(key)
    match join.args.get("side"):
        case "RIGHT":
            deps = second.deps
        case "FULL":
            deps = {}
            merged(deps, first.deps, TRANSFORMED)
            merged(deps, second.deps, TRANSFORMED)
        case _:
            deps = first.deps
    scope.merged[key] = OutColumn(first.name, key, deps, first.type)


def _watched(named: exp.Expr, scope: Scope, left: list[Entry], right: Entry) -> None:
    """Say what a join by name does not find, and what it compares."""
    watch = scope.names.watch
    assert watch is not None  # noqa: S101  asked before
    key = scope.names.of(named)
    first = scope.merged.get(key) or _left(left, key, named.name)
    second = right.table.find(key)
    visible = [e for e in left if e.visible]
    if first is None and visible and all(e.table.rest is None for e in visible):
        watch.unmerged(named, visible)
    if second is None and right.table.rest is None:
        watch.unmerged(named, [right])
    if first is not None and second is not None:
        watch.merged(named, first, second)


def _left(entries: list[Entry], key: str, name: str) -> OutColumn | None:
    found = [c for e in entries if e.visible and (c := e.table.find(key)) is not None]
    if found:
        return found[0]
    open_ones = [e for e in entries if e.visible and e.table.rest is not None]
    return _from_rest(open_ones[0], key, name) if len(open_ones) == 1 else None


def _from_rest(entry: Entry, key: str, name: str) -> OutColumn | None:
    deps = entry.table.rest(name) if entry.table.rest is not None else None
    return None if deps is None else OutColumn(name, key, deps)
