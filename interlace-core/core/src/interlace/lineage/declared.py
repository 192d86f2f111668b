"""The lineage of an opaque Python model whose author says what its columns are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlace.lineage.edges import ColumnLineage, Edge, Lineage
from interlace.model.declared_lineage import ROWS
from interlace.model.values import split_name

if TYPE_CHECKING:
    from interlace.graph.build import Graph
    from interlace.lineage.edges import Kind
    from interlace.lineage.known import Known
    from interlace.model.definition import Model

__all__ = ["lineage_as_declared"]


def lineage_as_declared(model: Model, graph: Graph, known: Callable[[str], Known], *, current: bool) -> Lineage:
    """What is declared; what is not (a column, or ``*``) is made of all columns of all that the model reads.

    Args:
        model: a Python model that declares its lineage.
        graph: tells what the names mean.
        known: gives the columns of a node.
        current: whether what is known of its own columns comes from its present definition.
    """
    reads = tuple(sorted(set(graph.references(model.name).values())))
    everything = _Made()
    for parent in reads:
        everything.all_of(known(parent))
    declared = {column.casefold(): (column, words) for column, words in model.lineage}

    def made_of(column: str) -> _Made:
        if column.casefold() not in declared:
            return everything
        made = _Made()
        for word in declared[column.casefold()][1]:
            *relation, name = split_name(word)
            made.one_of(known(graph.resolve(tuple(relation))), name)
        return made

    own = known(model.name).columns
    folded = {c.casefold() for c in own or ()}
    more = [column for key, (column, _) in declared.items() if key not in (ROWS, *folded)]
    rows = made_of(ROWS)
    unknown = [*rows.unknown]
    if own is None:
        unknown.append(f"the columns of {model.name} are not known before it has run")
    elif current:
        unknown += [f"its lineage names {column}, which it does not have" for column in more]
        more = []
    made = [(column, made_of(column)) for column in (*(own or ()), *more)]
    columns = tuple(ColumnLineage(c, m.edges("transformed"), tuple(m.unknown)) for c, m in made)
    return Lineage(columns, rows.edges("filter_only"), tuple(unknown), reads, open=own is None)


@dataclass(slots=True)
class _Made:
    """The columns that something is made of, and why there may be more."""

    places: dict[tuple[str, str], None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def all_of(self, known: Known) -> None:
        """All columns of a node."""
        if known.columns is None:
            self.unknown.append(f"the columns of {known.name} are not known")
        self.places.update(((known.name, column), None) for column in known.columns or ())

    def one_of(self, known: Known, name: str) -> None:
        """One column of a node, compared without case."""
        found = name
        if known.columns is not None:
            same = [c for c in known.columns if c.casefold() == name.casefold()]
            if not same:
                self.unknown.append(f"it is declared to be made of {known.name}.{name}, which is not there")
            found = next((c for c in same if c == name), same[0] if same else name)
        self.places[known.name, found] = None

    def edges(self, kind: Kind) -> tuple[Edge, ...]:
        """The edges from them."""
        return tuple(Edge(relation, column, kind) for relation, column in self.places)
