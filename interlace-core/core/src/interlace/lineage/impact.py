"""What depends on a column, across models: by its values, by the rows that it decides, and what may depend on it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from interlace.lineage.edges import Kind, Lineage
    from interlace.lineage.follow import Place
    from interlace.lineage.models import ModelLineage

__all__ = ["Affected", "How", "Spot", "Step", "affected_by"]

Spot: TypeAlias = tuple[str, str | None]
"""A node and one of its columns; None for its rows: which there are."""

How: TypeAlias = "Kind | Literal['rows', 'unknown']"
"""The kind of an edge; ``rows`` where the reader has the rows of what it reads, ``unknown`` where nobody knows."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: what is reached, and by which kind of edge."""

    model: str
    column: str | None
    kind: How

    @property
    def spot(self) -> Spot:
        """What is reached."""
        return (self.model, self.column)


@dataclass(frozen=True, slots=True)
class Affected:
    """A column, or the rows of a node, that depends on what was asked for.

    Attributes:
        start: the column, or the rows, that the path begins with.
        path: a shortest one, without the start; the last step is what is affected.
        reasons: why it is not certain; empty where it is.
    """

    start: Spot
    path: tuple[Step, ...] = ()
    reasons: tuple[str, ...] = ()

    @property
    def spot(self) -> Spot:
        """What is affected."""
        return self.path[-1].spot if self.path else self.start

    @property
    def rows(self) -> bool:
        """Whether it is by which rows there are, and not by a value."""
        return bool(self.path) and (self.path[-1].kind in _OF_ROWS or self.path[-1].column is None)

    @property
    def came_from(self) -> Spot:
        """What the last step leads from."""
        return self.path[-2].spot if len(self.path) > 1 else self.start


_OF_ROWS = ("filter_only", "join_only", "rows")


def affected_by(models: ModelLineage, starts: tuple[Spot, ...], depth: int | None = None) -> list[Affected]:
    """All that depends on columns, over at most `depth` models: what is certain first, then the nearest.

    Rows are a place of their own: a column that decides the rows of a model decides those of whatever reads the model,
    by whichever columns.
    """
    numbers = count()
    waiting = [(False, 0, next(numbers), Affected(start)) for start in starts]
    readers = _Readers(models)
    found: dict[Spot, Affected] = {}
    while waiting:
        may, steps, _, affected = heapq.heappop(waiting)
        if affected.spot in found:
            continue
        found[affected.spot] = affected
        if depth is not None and steps >= depth:
            continue
        for step, reasons in readers.of(affected.spot):
            if step.spot not in found:
                reached = Affected(affected.start, (*affected.path, step), affected.reasons or reasons)
                heapq.heappush(waiting, (may or bool(reasons), steps + 1, next(numbers), reached))
    return [affected for affected in found.values() if affected.path]


Reached: TypeAlias = tuple[Step, tuple[str, ...]]
"""What is reached, and why that is not certain."""


@dataclass(slots=True)
class _Readers:
    """Gives what is made of columns and rows by the next models."""

    models: ModelLineage
    _edges: dict[str, dict[Place, list[Step]]] = field(default_factory=dict)
    _unseen: dict[str, str | None] = field(default_factory=dict)

    def of(self, spot: Spot) -> Iterator[Reached]:
        """What the next models make of it."""
        for child in self.models.graph.children(spot[0]):
            yield from self._of_child(spot, child)

    def _of_child(self, spot: Spot, child: str) -> Iterator[Reached]:
        name, column = spot
        named = name in self.models.graph.references(child).values()
        if child not in self._unseen:
            self._unseen[child] = self.models.unseen(child)
        reason = self._unseen[child]
        if reason is not None:
            if named:
                yield Step(child, None, "unknown"), (reason,)
            return
        lineage = self.models.of(child)
        if column is None:
            if name in lineage.reads:
                yield Step(child, None, "rows"), ()
        else:
            for step in self._index(child, lineage).get((name, column.casefold()), ()):
                yield step, ()
        if named:
            yield from _not_known(child, lineage)

    def _index(self, child: str, lineage: Lineage) -> dict[Place, list[Step]]:
        if child not in self._edges:
            found = self._edges[child] = {}
            for column in lineage.columns:
                for edge in column.edges:
                    key = (edge.relation, edge.column.casefold())
                    found.setdefault(key, []).append(Step(child, column.name, edge.kind))
            for edge in lineage.rows:
                found.setdefault((edge.relation, edge.column.casefold()), []).append(Step(child, None, edge.kind))
        return self._edges[child]


def _not_known(child: str, lineage: Lineage) -> Iterator[Reached]:
    if lineage.unknown:
        yield Step(child, None, "unknown"), lineage.unknown
    for column in lineage.columns:
        if column.unknown:
            yield Step(child, column.name, "unknown"), column.unknown
