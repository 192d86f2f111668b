"""How names and values are written in DuckDB's SQL."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation

__all__ = ["identifier", "identifiers", "literal", "qualified"]


def identifier(name: str) -> str:
    """One name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def identifiers(names: Iterable[str]) -> str:
    """Names, quoted, with commas between."""
    return ", ".join(identifier(name) for name in names)


@lru_cache(maxsize=65_536)
def qualified(relation: Relation) -> str:
    """A relation's name, quoted."""
    return ".".join(identifier(part) for part in relation.parts)


def literal(value: str | float | bool | None) -> str:
    """A value as a literal.

    Statements carry literals rather than bound parameters: the first bound parameter of a process makes DuckDB import
    numpy, pandas and pyarrow (0.4 s).
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            return "'" + value.replace("'", "''") + "'"
