"""What is attached to a relation beside its columns and rows, as its model declares it: indexes, constraints, grants, comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Attachments", "Constraint", "Grant", "Index"]


@dataclass(frozen=True, slots=True)
class Index:
    """An index.

    Attributes:
        columns: that it is about, in their order.
        unique: whether no two rows may be equal in them.
        method: such as ``gin``; None for the engine's usual one.
        where: a condition as the engine writes it; rows that do not meet it are left out.
    """

    columns: tuple[str, ...]
    unique: bool = False
    method: str | None = None
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the database itself holds the rows to; one of the two is given.

    Attributes:
        check: a condition as the engine writes it, which is not false for any row.
        unique: the columns in which no two rows are equal.
    """

    check: str | None = None
    unique: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A right that a role, or ``public``, has on the relation: ``select``, ``insert``, ``update``, ``delete`` and so on."""

    privilege: str
    role: str


@dataclass(frozen=True, slots=True)
class Attachments:
    """All that is declared for one relation.

    Attributes:
        indexes: of a table.
        grants: the rights of all roles but the owner; None where the model does not say, and they are left alone.
        comment: of the relation; None where the model does not say, and it is left alone.
        comments: of columns, by their name.
        constraints: of a table.
    """

    indexes: tuple[Index, ...] = ()
    grants: tuple[Grant, ...] | None = None
    comment: str | None = None
    comments: Mapping[str, str] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
