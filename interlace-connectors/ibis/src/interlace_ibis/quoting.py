"""How names and values are written in a dialect: by sqlglot's own tables."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation

__all__ = ["identifier", "literal", "qualified"]


@lru_cache(maxsize=65_536)
def identifier(name: str, dialect: str) -> str:
    """One name, quoted."""
    from sqlglot import exp

    return exp.to_identifier(name, quoted=True).sql(dialect=dialect)


@lru_cache(maxsize=65_536)
def qualified(relation: Relation, dialect: str) -> str:
    """A relation's name, quoted."""
    return ".".join(identifier(part, dialect) for part in relation.parts)


def literal(value: str | None, dialect: str) -> str:
    """A text as a literal."""
    from sqlglot import exp

    return "NULL" if value is None else exp.Literal.string(value).sql(dialect=dialect)
