"""Conditions over one row that a user wrote: what ``expression`` and every check's ``where`` take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.errors import InvalidModel, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["parse_condition", "require_columns"]

_PSEUDO: Final = frozenset({"rowid"})
"""Columns that an engine adds to every table."""


def parse_condition(text: str, dialect: str, label: str = "the expression") -> exp.Expr:
    """Parse a condition that is judged row by row.

    Args:
        text: as the user wrote it.
        dialect: sqlglot's name of it.
        label: what it is called in messages.

    Raises:
        InvalidModel: it does not parse, is not one condition, or holds a query, an aggregate or a window function.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        raise InvalidModel(f"{label} {text!r} does not parse: {_reason(error)}") from error
    match parsed:
        case [exp.Condition() as condition] if not isinstance(condition, exp.Query):
            _require_one_row(condition, text, label)
            return condition
        case _:
            raise InvalidModel(f'{label} {text!r} is not one condition, such as "amount >= 0"')


def require_columns(
    condition: exp.Expr, columns: Iterable[str], of: str, text: str, label: str = "the expression"
) -> None:
    """Look the columns of a condition up.

    Raises:
        InvalidModel: one is not there: names the nearest.
    """
    names = list(columns)
    known = {name.casefold() for name in names} | _PSEUDO
    known |= {loop.expression.name.casefold() for loop in condition.find_all(exp.Comprehension)}
    for column in condition.find_all(exp.Column):
        if isinstance(column.parent, exp.PropertyEQ | exp.Kwarg) and column.arg_key == "this":
            continue
        first = column.parts[0].name
        if first and first.casefold() not in known:
            near = did_you_mean(first, names, label="Columns")
            raise InvalidModel(f"{label} {text!r} names {first!r}, no column of {of}. {near}".rstrip())


def _require_one_row(condition: exp.Expr, text: str, label: str) -> None:
    for kind, what in ((exp.Query, "a query"), (exp.AggFunc, "an aggregate"), (exp.Window, "a window function")):
        if condition.find(kind):
            raise InvalidModel(f"{label} {text!r} holds {what}; it is judged row by row, over one row's columns")


def _reason(error: Exception) -> str:
    """Give sqlglot's reason, without its excerpt, which is underlined with codes for terminals."""
    found = getattr(error, "errors", None)
    if not found:
        return str(error)
    # sqlglot names its own classes: "Required keyword: 'expression' missing for <class '…GT'>".
    said = re.sub(
        r"Required keyword: .*? missing for <class '[\w.]*?(\w+)'>", r"Incomplete \1", found[0]["description"]
    )
    return f"{said} at column {found[0]['col']}"
