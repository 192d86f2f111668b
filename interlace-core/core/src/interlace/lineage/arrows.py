"""``f(payload -> 'key')``: sqlglot reads a lambda where a name stands before an arrow in a call; mostly it is JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_extraction", "left_of"]

# DuckDB's functions that take a lambda after a list, where sqlglot has no class of them.
_TAKE_LAMBDAS: Final = frozenset({
    "apply", "array_apply", "array_filter", "array_reduce", "array_transform", "filter", "list_apply", "list_filter",
    "list_reduce", "list_transform", "reduce",
})  # fmt: skip
_TAKING: Final = (exp.Transform, exp.ArrayFilter, exp.Reduce)


def is_extraction(node: exp.Expr, dialect: str) -> bool:
    """Whether what was read as a lambda takes something out of a value."""
    if node.args.get("colon") or len(node.expressions) != 1 or dialect not in {"duckdb", "postgres"}:
        return False
    if dialect == "postgres":
        return True
    parent = node.parent
    if isinstance(parent, exp.Columns):
        return False
    if isinstance(parent, exp.Func) and isinstance(parent.parent, exp.Dot):
        return False  # l.list_filter(x -> x > 1): the list stands before the dot
    if isinstance(parent, _TAKING):
        return node.arg_key == "this"
    if isinstance(parent, exp.Anonymous) and str(parent.this).casefold() in _TAKE_LAMBDAS:
        return node.index == 0
    return True


def left_of(node: exp.Expr) -> Iterator[exp.Column]:
    """The column before the arrow."""
    for name in node.expressions:
        yield exp.Column(this=name.copy())
