"""SQL types as values, so that ``INT``, ``INTEGER`` and ``int4`` are one type and wider can be told from other.

sqlglot parses the text; what matters for comparing is kept, and names that only one engine has become `Other`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sqlglot import exp

__all__ = [
    "Enumeration",
    "Fixed",
    "Floating",
    "Integer",
    "Map",
    "Nothing",
    "Other",
    "Sequence",
    "Struct",
    "Text",
    "Timestamp",
    "Type",
    "folded",
    "parse_type",
    "same_type",
    "type_of",
]


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number of so many bits."""

    bits: int
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Fixed:
    """A decimal of `precision` digits, `scale` of them after the point; both None where the engine sets no bound."""

    precision: int | None = None
    scale: int | None = None


@dataclass(frozen=True, slots=True)
class Floating:
    """A binary floating-point number of 32 or 64 bits."""

    bits: int


@dataclass(frozen=True, slots=True)
class Text:
    """Characters, at most `length` of them; padded where it is a ``CHAR``."""

    length: int | None = None
    padded: bool = False


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A date with a time, `digits` of the second after the point; `zoned` where it is a moment."""

    digits: int = 6
    zoned: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; of exactly `size` elements where that is set."""

    element: Type
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    """Named fields, the names as written."""

    fields: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Map:
    """Keys and values."""

    key: Type
    value: Type


@dataclass(frozen=True, slots=True)
class Enumeration:
    """One of the listed texts, in this order."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """The type of a bare NULL."""


@dataclass(frozen=True, slots=True)
class Other:
    """Any other type, equal only to itself: its name as sqlglot writes it, or the text as it was given."""

    name: str


Type = Integer | Fixed | Floating | Text | Timestamp | Sequence | Struct | Map | Enumeration | Nothing | Other

_INTEGERS: Final = {
    "TINYINT": Integer(8),
    "SMALLINT": Integer(16),
    "MEDIUMINT": Integer(24),
    "INT": Integer(32),
    "BIGINT": Integer(64),
    "INT128": Integer(128),
    "INT256": Integer(256),
    "UTINYINT": Integer(8, signed=False),
    "USMALLINT": Integer(16, signed=False),
    "UMEDIUMINT": Integer(24, signed=False),
    "UINT": Integer(32, signed=False),
    "UBIGINT": Integer(64, signed=False),
    "UINT128": Integer(128, signed=False),
    "UINT256": Integer(256, signed=False),
}
_FLOATS: Final = {"FLOAT": Floating(32), "DOUBLE": Floating(64)}
_TEXTS: Final = frozenset({"TEXT", "VARCHAR", "NVARCHAR", "TINYTEXT", "MEDIUMTEXT", "LONGTEXT"})
_PADDED: Final = frozenset({"CHAR", "NCHAR", "BPCHAR"})
_TIMESTAMPS: Final = {
    "TIMESTAMP": (6, False),
    "TIMESTAMPNTZ": (6, False),
    "DATETIME": (6, False),
    "TIMESTAMP_S": (0, False),
    "TIMESTAMP_MS": (3, False),
    "TIMESTAMP_NS": (9, False),
    "TIMESTAMPTZ": (6, True),
    "TIMESTAMPLTZ": (6, True),
}


@lru_cache(maxsize=8192)
def parse_type(text: str, dialect: str) -> Type:
    """The type that a text names in a dialect (sqlglot's name of it).

    Text that sqlglot does not know as a type, such as the name of a type of the user's own, gives `Other`.
    """
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if text.strip('"').upper() == "NULL":
        return Nothing()
    try:
        parsed = exp.DataType.build(text, dialect=dialect)
    except (SqlglotError, ValueError):
        return Other(text.strip().casefold())
    return type_of(parsed, dialect)


def same_type(one: str, other: str, dialect: str) -> bool:
    """Whether two texts name the same type: ``INT`` and ``INTEGER`` do, the names of a struct's fields ignore case."""
    if one == other:
        return True
    return folded(parse_type(one, dialect)) == folded(parse_type(other, dialect))


def folded(value: Type) -> Type:
    """The type for comparing: a struct's fields by their names in lower case, in order (engines match them by name)."""
    match value:
        case Struct(fields):
            return Struct(tuple(sorted(((name.casefold(), folded(of)) for name, of in fields), key=lambda f: f[0])))
        case Sequence(element, size):
            return Sequence(folded(element), size)
        case Map(key, of):
            return Map(folded(key), folded(of))
        case _:
            return value


def type_of(node: exp.DataType, dialect: str) -> Type:
    """The type that a parsed one is."""
    name = getattr(node.this, "name", str(node.this))
    if name in _INTEGERS:
        return _INTEGERS[name]
    if name in _FLOATS:
        return _FLOATS[name]
    if name in {"DECIMAL", "BIGDECIMAL"}:
        return _fixed(_numbers(node))
    if name in _TEXTS or name in _PADDED:
        return _text(_numbers(node), padded=name in _PADDED)
    if name in _TIMESTAMPS:
        digits, zoned = _TIMESTAMPS[name]
        return Timestamp(next(iter(_numbers(node)), digits), zoned)
    if name == "NULL":
        return Nothing()
    if name == "ENUM":
        return Enumeration(tuple(value.name for value in node.expressions))
    return _nested(name, node, dialect)


def _nested(name: str, node: exp.DataType, dialect: str) -> Type:
    from sqlglot import exp

    inner = node.expressions
    if name in {"ARRAY", "LIST"} and inner:
        size = next((int(v.name) for v in node.args.get("values") or () if v.name.isdigit()), None)
        return Sequence(_child(inner[0], dialect), size)
    if name == "STRUCT" and inner and all(isinstance(f, exp.ColumnDef) for f in inner):
        return Struct(tuple((field.name, _child(field.args["kind"], dialect)) for field in inner))
    if name == "MAP" and len(inner) == 2:  # noqa: PLR2004
        return Map(_child(inner[0], dialect), _child(inner[1], dialect))
    return Other(node.sql(dialect=dialect).casefold())


def _child(node: Any, dialect: str) -> Type:
    from sqlglot import exp

    return type_of(node, dialect) if isinstance(node, exp.DataType) else Other(node.sql(dialect=dialect).casefold())


def _numbers(node: exp.DataType) -> list[int]:
    """The parameters in parentheses, as far as they are whole numbers."""
    return [int(p.name) for p in node.expressions if p.name.isdigit()]


def _fixed(numbers: list[int]) -> Fixed:
    match numbers:
        case []:
            return Fixed()
        case [precision]:
            return Fixed(precision, 0)
        case _:
            return Fixed(numbers[0], numbers[1])


def _text(numbers: list[int], *, padded: bool) -> Text:
    length = numbers[0] if numbers else None
    # SQL's bare CHAR is CHAR(1); a padded text without a bound is no different from text.
    return Text(length, padded and length is not None)
