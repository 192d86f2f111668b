"""How names and values are written in PostgreSQL's SQL."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from interlace.errors import UnsupportedCapability

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation

__all__ = ["identifier", "identifiers", "literal", "qualified", "texts"]


LONGEST: Final = 63
"""Bytes of a name; PostgreSQL cuts longer ones without an error."""

OURS: Final = "__interlace_"


def identifier(name: str) -> str:
    """One name, quoted.  A long name of our own is shortened to one that is as unique.

    Raises:
        UnsupportedCapability: the name is longer than PostgreSQL's.
    """
    size = len(name.encode())
    if size > LONGEST:
        if not name.startswith(OURS):
            raise UnsupportedCapability(
                f"The name {name!r} has {size} bytes, and names of PostgreSQL have at most {LONGEST}."
            )
        name = OURS + sha256(name.encode()).hexdigest()[:32]
    return '"' + name.replace('"', '""') + '"'


def identifiers(names: Iterable[str]) -> str:
    """Names, quoted, with commas between."""
    return ", ".join(identifier(name) for name in names)


@lru_cache(maxsize=65_536)
def qualified(relation: Relation) -> str:
    """A relation's name, quoted."""
    return ".".join(identifier(part) for part in relation.parts)


def literal(value: str | float | bool | None) -> str:
    """A value as a literal; a text with a backslash is an ``E''`` one, whatever ``standard_conforming_strings`` says."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            quoted = value.replace("'", "''")
            return " E'" + quoted.replace("\\", "\\\\") + "'" if "\\" in quoted else f"'{quoted}'"


def texts(values: Iterable[str]) -> str:
    """Texts as an array."""
    return f"ARRAY[{', '.join(literal(value) for value in values)}]::text[]"
