"""What is known of a relation before a query is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Expression", "Known"]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a relation that a query reads.

    Attributes:
        name: of the relation in edges.
        columns: their names as they are stored; None where they are not known.
        types: as the database writes them, in the same order; empty where they are not known.
    """

    name: str
    columns: tuple[str, ...] | None = None
    types: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """What a Python model returned as a query, when it last ran.

    Attributes:
        sql: in the dialect of the model's connection.
        relations: what stands in it for each node that the model reads, quoted.
    """

    sql: str
    relations: Mapping[str, str]
