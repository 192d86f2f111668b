"""What is known of a query's columns: edges from the columns that it reads, each of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = [
    "AGGREGATED",
    "DIRECT",
    "FILTER",
    "JOIN",
    "KINDS",
    "TRANSFORMED",
    "ColumnLineage",
    "Deps",
    "Edge",
    "Kind",
    "Lineage",
    "add",
    "edges_of",
    "merged",
    "unknown",
    "within",
]

Kind = Literal["passthrough", "renamed", "transformed", "aggregated", "filter_only", "join_only"]

KINDS: Final[tuple[Kind, ...]] = (
    "passthrough",
    "renamed",
    "transformed",
    "aggregated",
    "filter_only",
    "join_only",
)

# While a query is read, `DIRECT` is passthrough or renamed: the last name decides.
DIRECT: Final = 0
TRANSFORMED: Final = 1
AGGREGATED: Final = 2
FILTER: Final = 3
JOIN: Final = 4
_WORDS: Final[tuple[Kind, ...]] = ("passthrough", "transformed", "aggregated", "filter_only", "join_only")

Deps: TypeAlias = dict[tuple[str, str], int]
"""Kinds by relation and column; by an empty relation and a sentence what cannot be known."""


def within(outer: int, inner: int) -> int:
    """The kind of what has kind `inner` in an expression that itself is used as `outer`.

    >>> within(TRANSFORMED, DIRECT), within(FILTER, AGGREGATED), within(TRANSFORMED, JOIN)
    (1, 3, 4)
    """
    if outer >= FILTER:
        return outer
    return inner if inner >= FILTER else max(outer, inner)


def add(out: Deps, key: tuple[str, str], kind: int) -> None:
    """Note one dependency: what decides a value hides that it decides rows too, and the stronger change the weaker."""
    known = out.get(key)
    if known is None:
        out[key] = kind
    elif known != kind:
        out[key] = max(known, kind) if known < FILTER and kind < FILTER else min(known, kind)


def merged(out: Deps, more: Deps, kind: int = DIRECT) -> None:
    """Note all of `more` as used in an expression of this kind."""
    if not out and kind == DIRECT:
        out.update(more)
        return
    for key, inner in more.items():
        add(out, key, within(kind, inner))


def unknown(reason: str) -> tuple[str, str]:
    """The key that stands for what cannot be known."""
    return ("", reason)


@dataclass(frozen=True, slots=True)
class Edge:
    """One column that is read, and what it does.

    Attributes:
        relation: the node, or what stands in the query where no node has the name.
        kind: ``passthrough``, ``renamed``, ``transformed`` and ``aggregated`` decide the value; ``filter_only`` decides
            which rows there are or how they are grouped, ``join_only`` does so by the condition of a join.
    """

    relation: str
    column: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """One column of a query's result.

    Attributes:
        edges: of its value, and of rows where they decide this column alone.
        unknown: why there may be more edges; empty where all are known.
        named: whether the query says its name; else the database chooses it, and this is the expression.
    """

    name: str
    edges: tuple[Edge, ...]
    unknown: tuple[str, ...] = ()
    named: bool = True


@dataclass(frozen=True, slots=True)
class Lineage:
    """What decides the columns of one query.

    Attributes:
        columns: in the order of the result.
        rows: the edges that decide the rows, and so belong to every column.
        unknown: why there may be more columns or more edges of rows; empty where all is known.
        reads: the relations that are read, those without edges too.
        open: whether there may be more columns.
    """

    columns: tuple[ColumnLineage, ...]
    rows: tuple[Edge, ...] = ()
    unknown: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    open: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> ColumnLineage | None:
        """The column of this name, compared without case where none has it exactly."""
        folded = name.casefold()
        return next((c for c in self.columns if c.name == name), None) or next(
            (c for c in self.columns if c.name.casefold() == folded), None
        )

    def edges(self, name: str) -> tuple[Edge, ...]:
        """All edges of a column: those of its value, then those of the rows that are not among them."""
        column = self.column(name)
        return () if column is None else tuple(self._edges(column))

    def all_edges(self) -> Mapping[str, tuple[Edge, ...]]:
        """All edges by column."""
        return {c.name: tuple(self._edges(c)) for c in self.columns}

    def _edges(self, column: ColumnLineage) -> Iterator[Edge]:
        yield from column.edges
        if self.rows:
            said = {(e.relation, e.column) for e in column.edges}
            yield from (e for e in self.rows if (e.relation, e.column) not in said)


def edges_of(deps: Deps, name: str) -> tuple[tuple[Edge, ...], tuple[str, ...]]:
    """The edges and the unknown of one column of this name; of rows, where the name is empty."""
    edges = []
    reasons = []
    folded = name.casefold()
    for (relation, column), kind in deps.items():
        if not relation:
            reasons.append(column)
        elif kind == DIRECT and column.casefold() != folded:
            edges.append(Edge(relation, column, "renamed"))
        else:
            edges.append(Edge(relation, column, _WORDS[kind]))
    return tuple(edges), tuple(reasons)
