"""Following columns through models: what a column is made of, and what is made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from interlace.model.definition import Model, SeedBody

if TYPE_CHECKING:
    from interlace.lineage.edges import Kind
    from interlace.lineage.models import ModelLineage

__all__ = ["Followed", "Hop", "Place", "columns_of", "downstream", "upstream"]

Place: TypeAlias = tuple[str, str]
"""A model, seed, source or whatever else a query reads, and one of its columns."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One edge between columns of two models; `depth` counts from 1, away from what was asked for."""

    source: Place
    target: Place
    kind: Kind
    depth: int


@dataclass(slots=True)
class Followed:
    """What was found from some columns on, in one direction.

    Attributes:
        hops: each once, the nearest first.
        unknown: what may be missing, by model.
    """

    starts: tuple[Place, ...]
    hops: list[Hop] = field(default_factory=list)
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def say(self, model: str, reasons: Iterable[str]) -> None:
        """Note why something of a model may be missing."""
        known = self.unknown.get(model, ())
        self.unknown[model] = tuple(dict.fromkeys((*known, *reasons)))
        if not self.unknown[model]:
            del self.unknown[model]


def columns_of(models: ModelLineage, name: str, column: str | None = None) -> tuple[Place, ...]:
    """The columns of a node, or the one of this name, compared without case; empty where there is none."""
    lineage = models.of(name)
    if column is None:
        return tuple((name, c) for c in lineage.names)
    found = lineage.column(column)
    return () if found is None else ((name, found.name),)


def upstream(models: ModelLineage, starts: tuple[Place, ...], depth: int | None = None) -> Followed:
    """What columns are made of, over at most `depth` models."""
    followed = Followed(starts)
    seen = set(starts)
    level = list(starts)
    steps = 0
    while level and (depth is None or steps < depth):
        steps += 1
        following = []
        for place in level:
            name, column = place
            node = models.graph.nodes.get(name)
            if not isinstance(node, Model) or isinstance(node.body, SeedBody):
                continue
            lineage = models.of(name)
            found = lineage.column(column)
            followed.say(name, (*lineage.unknown, *(found.unknown if found is not None else ())))
            for edge in lineage.edges(column):
                source = (edge.relation, edge.column)
                followed.hops.append(Hop(source, place, edge.kind, steps))
                if source not in seen:
                    seen.add(source)
                    following.append(source)
        level = following
    return followed


def downstream(models: ModelLineage, starts: tuple[Place, ...], depth: int | None = None) -> Followed:
    """What is made of columns, over at most `depth` models."""
    followed = Followed(starts)
    seen = set(starts)
    level = list(starts)
    readers: dict[str, dict[Place, list[tuple[str, Kind]]]] = {}
    steps = 0
    while level and (depth is None or steps < depth):
        steps += 1
        following = []
        for place in level:
            for child in models.graph.children(place[0]):
                if child not in readers:
                    readers[child] = _readers(models, child, followed)
                for column, kind in readers[child].get((place[0], place[1].casefold()), ()):
                    target = (child, column)
                    followed.hops.append(Hop(place, target, kind, steps))
                    if target not in seen:
                        seen.add(target)
                        following.append(target)
        level = following
    return followed


def _readers(models: ModelLineage, name: str, followed: Followed) -> dict[Place, list[tuple[str, Kind]]]:
    """The columns of a model by what they are made of."""
    lineage = models.of(name)
    followed.say(name, (*lineage.unknown, *(r for c in lineage.columns for r in c.unknown)))
    found: dict[Place, list[tuple[str, Kind]]] = {}
    for column, edges in lineage.all_edges().items():
        for edge in edges:
            found.setdefault((edge.relation, edge.column.casefold()), []).append((column, edge.kind))
    return found
