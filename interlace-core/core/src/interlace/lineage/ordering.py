"""What in a query depends on an order that the query does not give: the next run may find other rows first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlglot import exp

from interlace.lineage.functions import is_aggregate

__all__ = ["unordered"]

_RANKED: Final = (
    exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile, exp.Lag, exp.Lead,
    exp.FirstValue, exp.LastValue, exp.NthValue,
)  # fmt: skip
_FIRST: Final = (exp.First, exp.Last, exp.AnyValue, exp.ArrayAgg, exp.GroupConcat)
_NAMES: Final = frozenset(
    {"first", "last", "any_value", "arbitrary", "array_agg", "list", "string_agg", "group_concat", "listagg"}
)
_RANKED_NAMES: Final = frozenset({
    "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value",
    "last_value", "nth_value",
})  # fmt: skip


def unordered(tree: exp.Expr) -> Iterator[tuple[int, str]]:
    """Each place, as an offset in the text, and what it does without an order."""
    for node in tree.walk():
        if isinstance(node, exp.Query):
            yield from _cut(node)
        elif isinstance(node, exp.Window):
            yield from _ranked(node, tree)
        elif isinstance(node, exp.Func | exp.Anonymous):
            yield from _first(node)


def _cut(node: exp.Query) -> Iterator[tuple[int, str]]:
    bound = node.args.get("limit") or node.args.get("offset")
    if bound is None or node.args.get("order") is not None:
        word = node.args.get("distinct")
        on = word.args.get("on") if isinstance(word, exp.Distinct) else None
        if on is not None and node.args.get("order") is None:
            yield _start(on, node), "DISTINCT ON without ORDER BY"
        return
    count = bound.args.get("expression") or bound.args.get("count")
    none = isinstance(count, exp.Literal) and count.name == "0" and isinstance(bound, exp.Limit | exp.Fetch)
    if not none and not isinstance(node.parent, exp.Exists) and not _is_one_row(node):
        word = "OFFSET" if isinstance(bound, exp.Offset) else "LIMIT"
        yield _start(bound, node), f"{word} without ORDER BY"


def _is_one_row(node: exp.Query) -> bool:
    """An aggregate of all rows is one row, whatever their order."""
    if not isinstance(node, exp.Select) or node.args.get("group") is not None:
        return False
    values = [e.unalias() for e in node.expressions]
    return bool(values) and all(isinstance(v, exp.Func) and is_aggregate(v) for v in values)


def _ranked(window: exp.Window, tree: exp.Expr) -> Iterator[tuple[int, str]]:
    called = window.this
    while isinstance(called, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
        called = called.this
    name = _name(called)
    if not isinstance(called, _RANKED) and name not in _RANKED_NAMES:
        return
    if window.args.get("order") is None and not _is_named(window, tree) and not called.args.get("order"):
        yield _start(called, window), f"{name}() over a window without ORDER BY"


def _is_named(window: exp.Window, tree: exp.Expr) -> bool:
    """Whether a window that has a name elsewhere gives the order."""
    base = window.args.get("alias")
    if not isinstance(base, exp.Identifier):
        return False
    named = [w for s in tree.find_all(exp.Select) for w in s.args.get("windows") or ()]
    return any(w.this.name.casefold() == base.name.casefold() and w.args.get("order") for w in named)


def _first(node: exp.Expr) -> Iterator[tuple[int, str]]:
    name = _name(node)
    if not isinstance(node, _FIRST) and name not in _NAMES:
        return
    if node.find(exp.Order) is not None or _is_over(node):
        return
    yield _start(node, node), f"{name}() without ORDER BY"


def _is_over(node: exp.Expr) -> bool:
    """Whether it stands before OVER or WITHIN GROUP, which give the order or are looked at themselves."""
    parent = node.parent
    while isinstance(parent, exp.IgnoreNulls | exp.RespectNulls | exp.Filter):
        parent = parent.parent
    return isinstance(parent, exp.Window | exp.WithinGroup)


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.GroupConcat):
        return "string_agg"
    if isinstance(node, exp.Anonymous):
        return str(node.this).casefold()
    said = node.meta.get("name")
    return str(said).casefold() if said else node.sql_name().casefold() if isinstance(node, exp.Func) else ""


def _start(node: exp.Expr, around: exp.Expr) -> int:
    """Where a node stands; of what has no place the first part that has one, else what is around it."""
    for one in (node, around):
        places = [n.meta["start"] for n in one.walk() if "start" in n.meta]
        if "start" in one.meta:
            return int(one.meta["start"])
        if places:
            return int(min(places))
    return 0
