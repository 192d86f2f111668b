"""Words where a unit stands: sqlglot makes a word of a column too, as in ``date_trunc(unit, at)``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from interlace.lineage.edges import Deps
    from interlace.lineage.scope import Scope

__all__ = ["column_in_place", "is_unit", "may_be_column"]

_ALONE: Final = (exp.Interval, exp.WindowSpec)
_UNITS: Final = frozenset(
    f"{word}{ending}"
    for word in (
        "microsecond", "usec", "usecond", "us", "millisecond", "msec", "ms", "second", "sec", "s", "minute", "min", "m",
        "hour", "hr", "h", "day", "d", "week", "w", "month", "mon", "quarter", "year", "yr", "y", "decade", "dec",
        "century", "cent", "c", "millennium", "millenium", "mil", "nanosecond", "ns",
    )
    for ending in ("", "s")
) | {
    "centuries", "millennia", "dayofmonth", "dayofweek", "weekday", "dow", "isodow", "dayofyear", "doy", "weekofyear",
    "isoyear", "yearweek", "epoch", "era", "julian", "timezone", "timezone_hour", "timezone_minute",
}  # fmt: skip
_TEXTS: Final = ("VARCHAR", "TEXT", "CHAR", "STRING", "BPCHAR", "ENUM")


def is_unit(word: str) -> bool:
    """Whether engines know a word as a unit of time."""
    return word.casefold() in _UNITS


def may_be_column(node: exp.Expr) -> bool:
    """Whether a word stands where the author may have written a column."""
    parent = node.parent
    if isinstance(parent, exp.Extract):
        return not is_unit(node.name)  # EXTRACT(year FROM at); PostgreSQL's date_part() is read as the same
    return isinstance(parent, exp.TimeUnit) and not isinstance(parent, _ALONE)


def column_in_place(node: exp.Expr, scope: Scope) -> Deps:
    """What the column was made of that a word may be; nothing where it can only be a unit.

    A word that engines know is a column only where one is called so and has text: else each ``'month'`` would be one.
    """
    # sqlglot keeps the word in capitals, and not whether it was quoted.
    for name in (node.name.lower(), node.name.upper()):
        deps = _texts(name, scope) if is_unit(name) else _any(name, scope)
        if any(relation for relation, _ in deps):
            return deps
    return {}


def _any(name: str, scope: Scope) -> Deps:
    column = exp.column(name, quoted=True)
    return scope.resolve(column, column.parts)[0]


def _texts(name: str, scope: Scope) -> Deps:
    at: Scope | None = scope
    while at is not None:
        found = at.bare(scope.names.stored(name))
        if found is not None:
            return found[0] if found[2] is not None and found[2].upper().startswith(_TEXTS) else {}
        at = at.outer
    return {}
