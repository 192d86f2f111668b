"""What a user wrote over one row: the conditions of ``expression`` and of every check's ``where``, and other expressions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.errors import InvalidModel, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["parse_condition", "parse_over_one_row", "require_columns"]

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
    return parse_over_one_row(
        text,
        dialect,
        label,
        wanted='one condition, such as "amount >= 0"',
        nature="judged row by row, over one row's columns",
    )


def parse_over_one_row(text: str, dialect: str, label: str, *, wanted: str, nature: str) -> exp.Expr:
    """Parse what is computed from the columns of one row.

    Args:
        text: as the user wrote it.
        dialect: sqlglot's name of it.
        label: what it is called in messages.
        wanted: what it has to be, for the message that it is not: ``one expression``.
        nature: how it is computed, for the message that it cannot hold a query: ``computed row by row``.

    Raises:
        InvalidModel: it does not parse, is not one expression, or holds a query, an aggregate or a window function.
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        parsed = sqlglot.parse(text, dialect=dialect)
    except SqlglotError as error:
        raise InvalidModel(f"{label} {text!r} does not parse: {_reason(error)}") from error
    match parsed:
        case [exp.Condition() as found] if not isinstance(found, exp.Query):
            _require_one_row(found, f"{label} {text!r}", nature)
            return found
        case _:
            raise InvalidModel(f"{label} {text!r} is not {wanted}")


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


def _require_one_row(found: exp.Expr, named: str, nature: str) -> None:
    for kind, what in ((exp.Query, "a query"), (exp.AggFunc, "an aggregate"), (exp.Window, "a window function")):
        if found.find(kind):
            raise InvalidModel(f"{named} holds {what}; it is {nature}")


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
