"""What a load is: the specification that a strategy sees, and the plan that a session performs.

A plan is data: frozen steps from a closed vocabulary, which a test can compare, a user can print and a
session renders for its own engine.  Strategies are pure functions from `LoadSpec` to `LoadPlan`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.connection import Capabilities
    from interlace.contracts.relation import Column, Relation

__all__ = [
    "AddColumn",
    "AlterType",
    "Insert",
    "LoadCounts",
    "LoadPlan",
    "LoadSpec",
    "Publish",
    "Query",
    "Source",
    "Step",
]

O = TypeVar("O")  # noqa: E741  the strategy's own options


@dataclass(frozen=True, slots=True)
class Query:
    """Rows given by a query: text in the dialect of the session that runs it, names already physical."""

    sql: str


Source = "Query | Relation"
"""Where the rows of a load come from: a query, or a relation (a staged or registered one)."""


@dataclass(frozen=True, slots=True)
class LoadSpec(Generic[O]):
    """All that a strategy may look at.  Never data.

    Attributes:
        target: the relation to load.
        source: the rows; executed once.
        source_columns: the columns of the source, or None where the strategy said that it does not need them.
        target_columns: the columns of the target; None where it does not exist.
        key: the columns of the model's key.
        options: the strategy's own `Config`, validated.
        execution_time: the moment that this load counts as, in UTC; the same for each retry.
        capabilities: of the session that will perform the plan.
        dialect: sqlglot's name of that session's dialect, in which the types of the columns are written.
    """

    target: Relation
    source: Query | Relation
    source_columns: tuple[Column, ...] | None
    target_columns: tuple[Column, ...] | None
    key: tuple[str, ...]
    options: O
    execution_time: datetime
    capabilities: Capabilities
    dialect: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Make the target be what the source gives: in place where DDL is transactional, by a swap elsewhere."""

    target: Relation
    source: Query | Relation


@dataclass(frozen=True, slots=True)
class AddColumn:
    """Add a column, NULL in the rows that are there."""

    target: Relation
    column: Column


@dataclass(frozen=True, slots=True)
class AlterType:
    """Widen a column to another type, given as text of the session's dialect."""

    target: Relation
    column: str
    type: str


@dataclass(frozen=True, slots=True)
class Insert:
    """Insert the source's rows; `columns` are matched by name on both sides, the others stay NULL."""

    target: Relation
    columns: tuple[str, ...]
    source: Query | Relation


Step = Publish | AddColumn | AlterType | Insert


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a session performs, in order, in one transaction.

    Attributes:
        steps: the statements to be.
        idempotent: whether running the whole load again gives the same table; when it does not, the session leaves
            a marker in the same transaction.
    """

    steps: Sequence[Step]
    idempotent: bool


@dataclass(frozen=True, slots=True)
class LoadCounts:
    """Rows by what became of them; None where the engine does not report it (shown as ``unknown``)."""

    inserted: int | None = None
    updated: int | None = None
    unchanged: int | None = None
    deleted: int | None = None
    closed: int | None = None
    rejected: int | None = None
    late: int | None = None
    conflict: int | None = None

    def known(self) -> dict[str, int]:
        """The counts that the engine reported, by name."""
        return {name: n for name in _COUNTS if (n := getattr(self, name)) is not None}

    @property
    def moved(self) -> bool:
        """Whether rows of the target changed, as far as is known."""
        known = self.known()
        if not known:
            return True
        return any(known.get(name, 0) for name in ("inserted", "updated", "deleted", "closed"))


_COUNTS = tuple(f.name for f in fields(LoadCounts))
