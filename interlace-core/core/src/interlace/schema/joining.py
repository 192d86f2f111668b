"""The type that holds the values of two structures: the fields of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = ["joined"]


def joined(one: str, other: str, dialect: str) -> str | None:
    """The narrowest type that holds each value of both, where it is one of the two or is made of structures.

    A field that only one structure has is NULL in the values of the other, as a column would be.

    Args:
        one: a type as text in the dialect; its fields come first.
        other: the other type.
        dialect: sqlglot's name of the dialect.

    Returns:
        the type as text; None where there is no such type, as for a number and a date.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        first, second = (exp.DataType.build(text, dialect=dialect) for text in (one, other))
    except (SqlglotError, ValueError):
        return None
    found = _join(first, second, dialect)
    if found is first or found is second:
        return one if found is first else other
    return found.sql(dialect=dialect) if found is not None else None


def _join(one: exp.DataType, other: exp.DataType, dialect: str) -> exp.DataType | None:
    from interlace.schema.sql_types import Map, Sequence, Struct, folded, type_of
    from interlace.schema.widening import widens

    first, second = type_of(one, dialect), type_of(other, dialect)
    if folded(first) == folded(second) or widens(second, first):
        return one
    if widens(first, second):
        return other
    match first, second:
        case Struct(), Struct():
            return _join_fields(one, other, dialect)
        case (Sequence(_, size), Sequence(_, limit)) if size == limit:
            return _join_children(one, other, dialect)
        case Map(), Map():
            return _join_children(one, other, dialect)
        case _:
            return None


def _join_children(one: exp.DataType, other: exp.DataType, dialect: str) -> exp.DataType | None:
    children = [_join(a, b, dialect) for a, b in zip(one.expressions, other.expressions, strict=True)]
    if any(child is None for child in children):
        return None
    made = one.copy()
    made.set("expressions", [child.copy() for child in children if child is not None])
    return made


def _join_fields(one: exp.DataType, other: exp.DataType, dialect: str) -> exp.DataType | None:
    fields = {field.name.casefold(): field.copy() for field in one.expressions}
    for field in other.expressions:
        stored = fields.setdefault(field.name.casefold(), field.copy())
        both = _join(stored.args["kind"], field.args["kind"], dialect)
        if both is None:
            return None
        stored.set("kind", both.copy())
    made = one.copy()
    made.set("expressions", list(fields.values()))
    return made
