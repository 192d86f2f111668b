"""What the columns of an export hold, as far as a format cares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.schema.sql_types import Floating, Integer, Map, Sequence, Struct, Type, parse_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column

__all__ = ["holds_float", "is_huge", "is_json", "is_nested", "type_of"]

_HUGE_BITS = 128


def type_of(session: Session, column: Column) -> Type:
    """The type of a column of this session."""
    return parse_type(column.type, session.connection.dialect)


def is_nested(kind: Type) -> bool:
    """Whether a value holds values."""
    return isinstance(kind, Sequence | Struct | Map)


def holds_float(kind: Type) -> bool:
    """Whether the type is, or holds, a floating-point number."""
    return any(isinstance(part, Floating) for part in _parts(kind))


def is_huge(kind: Type) -> bool:
    """Whether the type is, or holds, a whole number of more than 64 bits."""
    return any(isinstance(part, Integer) and part.bits >= _HUGE_BITS for part in _parts(kind))


def is_json(column: Column) -> bool:
    """Whether the column's text is JSON already."""
    return column.type.upper() in {"JSON", "JSONB"}


def _parts(kind: Type) -> Iterator[Type]:
    yield kind
    match kind:
        case Sequence(element):
            yield from _parts(element)
        case Struct(fields):
            for _, field in fields:
                yield from _parts(field)
        case Map(key, value):
            yield from _parts(key)
            yield from _parts(value)
