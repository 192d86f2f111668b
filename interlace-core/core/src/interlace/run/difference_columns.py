"""Which columns two tables share, how the others differ, and how the values of a pair are compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from interlace.schema import sql_types
from interlace.schema.sql_types import Fixed, Floating, Integer, Map, Other, Struct, Text, Timestamp, parse_type

if TYPE_CHECKING:
    from interlace.contracts.relation import Column

__all__ = ["Columns", "How", "Pair", "columns_differ", "pair", "paired"]

How = Literal["value", "near", "text"]

_NO_EQUALITY: Final = frozenset({"box", "circle", "json", "line", "lseg", "path", "point", "polygon", "xml"})
"""Types of PostgreSQL that have no equality, or one that is not that of their values."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of both tables.

    Attributes:
        old: its name in the first.
        new: its name in the second; it is known by this one.
        how: ``value`` compares what is there, ``near`` takes numbers that are as close as the tolerance for equal, ``text``
            compares what the engine writes for the values.
    """

    old: str
    new: str
    how: How = "value"


@dataclass(frozen=True, slots=True)
class Columns:
    """How the columns of two tables differ.

    Attributes:
        removed: what only the first has.
        added: what only the second has.
        types: what both have with another type: the name, the type in the first and in the second.
    """

    removed: tuple[Column, ...] = ()
    added: tuple[Column, ...] = ()
    types: tuple[tuple[str, str, str], ...] = ()

    def __bool__(self) -> bool:
        """Whether there is any difference."""
        return bool(self.removed or self.added or self.types)


def paired(old: Sequence[Column], new: Sequence[Column]) -> list[tuple[Column, Column]]:
    """The columns of both, in the order of the second: of the same name, else of one that differs by case only."""
    exact = {c.name: c for c in old}
    taken = exact.keys() & {c.name for c in new}
    folded = {c.name.casefold(): c for c in reversed(old) if c.name not in taken}
    found = ((exact.get(c.name) or folded.get(c.name.casefold()), c) for c in new)
    return [(before, after) for before, after in found if before is not None]


def columns_differ(
    old: Sequence[Column], new: Sequence[Column], old_dialect: str, new_dialect: str | None = None
) -> Columns:
    """Compare the columns of two tables.

    Between two engines types are the same when one is called so in the other's words, or when both are exact numbers,
    texts, or moments.
    """
    both = paired(old, new)
    befores, afters = {before.name for before, _ in both}, {after.name for _, after in both}
    dialects = (old_dialect, new_dialect or old_dialect)
    return Columns(
        tuple(c for c in old if c.name not in befores),
        tuple(c for c in new if c.name not in afters),
        tuple((n.name, o.type, n.type) for o, n in both if not _same_type(o.type, n.type, *dialects)),
    )


def pair(old: Column, new: Column, dialect: str, *, tolerant: bool = False) -> Pair:
    """How the values of two columns of one database are compared.

    Numbers are compared as numbers and texts as texts, whatever their types; what has another type besides, or a type
    without equality (JSON on PostgreSQL), as text.

    Args:
        old: of the first table.
        new: of the second.
        dialect: sqlglot's name of the database's.
        tolerant: floats that are near count as equal.
    """
    one, other = parse_type(old.type, dialect), parse_type(new.type, dialect)
    return Pair(old.name, new.name, _how(one, other, dialect, tolerant=tolerant))


def _how(one: sql_types.Type, other: sql_types.Type, dialect: str, *, tolerant: bool) -> How:
    if _family(one) == _family(other) == "number":
        return "near" if tolerant and isinstance(one, Floating) | isinstance(other, Floating) else "value"
    if dialect == "postgres" and not _has_equality(one):
        return "text"
    same = sql_types.folded(one) == sql_types.folded(other)
    alike = _family(one) is not None and _family(one) == _family(other)
    return "value" if same or alike else "text"


def _same_type(old: str, new: str, old_dialect: str, new_dialect: str) -> bool:
    if old_dialect == new_dialect:
        return sql_types.same_type(old, new, new_dialect)
    one, other = parse_type(_translated(old, old_dialect, new_dialect), new_dialect), parse_type(new, new_dialect)
    floating = isinstance(one, Floating) is isinstance(other, Floating)
    alike = _family(one) is not None and _family(one) == _family(other) and floating
    return alike or sql_types.folded(one) == sql_types.folded(other)


def _translated(text: str, dialect: str, to: str) -> str:
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        return exp.DataType.build(text, dialect=dialect).sql(dialect=to)
    except (SqlglotError, ValueError):
        return text


def _family(kind: sql_types.Type) -> str | None:
    """What values are compared with one another as they are."""
    match kind:
        case Integer() | Fixed() | Floating():
            return "number"
        case Text(padded=False):
            return "text"
        case Timestamp(zoned=zoned):
            return "moment" if zoned else "timestamp"
        case _:
            return None


def _has_equality(kind: sql_types.Type) -> bool:
    return all(not isinstance(part, Other) or part.name not in _NO_EQUALITY for part in _parts(kind))


def _parts(kind: sql_types.Type) -> Iterator[sql_types.Type]:
    """A type and those that it is made of."""
    yield kind
    match kind:
        case sql_types.Sequence(element):
            yield from _parts(element)
        case Struct(fields):
            for _, of in fields:
                yield from _parts(of)
        case Map(key, of):
            yield from _parts(key)
            yield from _parts(of)
        case _:
            return
