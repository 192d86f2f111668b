"""Where data lives and what it looks like: relations, columns, kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Relation", "RelationInfo", "RelationKind"]

RelationKind = Literal["table", "view"]


@dataclass(frozen=True, slots=True)
class Relation:
    """The address of a table or view in one database: names as they are stored, unquoted."""

    name: str
    schema: str | None = None
    catalog: str | None = None

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are given, outermost first."""
        return tuple(p for p in (self.catalog, self.schema, self.name) if p is not None)

    def __str__(self) -> str:
        return ".".join(self.parts)


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the database reports it: `type` is the text of the session's dialect, such as ``DECIMAL(18,3)``."""

    name: str
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class RelationInfo:
    """What the catalogue says of a relation: its kind, and a token that changes when its columns do."""

    relation: Relation
    kind: RelationKind
    columns: tuple[Column, ...]
