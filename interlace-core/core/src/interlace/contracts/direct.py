"""Rows that one engine moves to or from another's database by itself, without a detour through this process's Arrow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.contracts.relation import Relation

__all__ = ["Door", "Reached"]


@dataclass(frozen=True, slots=True)
class Door:
    """Where another engine may enter a database.

    Attributes:
        kind: what it speaks: ``postgres``.
        parameters: of the connection, by libpq's names; a password is among them.
    """

    kind: str
    parameters: Mapping[str, str] = field(repr=False)


class Reached(ABC):
    """Another database, as an engine reaches it by itself."""

    @abstractmethod
    def take(self, sql: str, relation: Relation, names: Sequence[str]) -> int:
        """Make a table of the rows of a query there, inside the session's open transaction; gives their number.

        Args:
            sql: in the other database's dialect, as `Session.readable` gives it.
            relation: the table; it is not there.
            names: of its columns; its types are those that `Session.load_arrow` would give them.

        Raises:
            QueryFailed: either database refused.
        """

    @abstractmethod
    def give(self, sql: str, relation: Relation) -> int:
        """Fill a table there with the rows of a query of the engine, all or none; gives their number.

        Args:
            sql: as `Session.readable` gives it.
            relation: an empty table there, committed, whose columns are the query's, in order.

        Raises:
            QueryFailed: either database refused; the table is empty.
        """
