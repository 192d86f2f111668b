"""The sources that an environment has copies of: its models read those in place of what something else writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.address import relation_of
from interlace.contracts.relation import Relation
from interlace.errors import UsageError
from interlace.model.definition import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.contracts.state import StateSnapshot
    from interlace.run.view import View

__all__ = ["copies_of", "copies_on", "place_of_copy"]


def place_of_copy(view: View, source: Source) -> Relation:
    """Where an environment keeps its own copy of a source: in its own schemas, under the source's name there."""
    namespace = view.namespace(source.connection)
    there = relation_of(source, namespace)
    return Relation(there.name, namespace.schema(there.schema))


def copies_of(view: View, snapshot: StateSnapshot) -> dict[str, Relation]:
    """Where each source is read that this environment has a copy of.

    Raises:
        UsageError: a source is declared elsewhere than where it was copied from.
    """
    found = {}
    for source, relation in _recorded(view, snapshot):
        found[source.name] = place_of_copy(view, source)
        if str(found[source.name]) != relation:
            raise UsageError(
                f"{view.environment} has a copy of {source.name} as {relation}, and it would be {found[source.name]} now",
                hint=f"Copy it again: interlace env create {view.environment} --sources-only -s {source.name}",
            )
    return found


def copies_on(view: View, snapshot: StateSnapshot, connection: str) -> list[Relation]:
    """The copies that an environment has in one connection."""
    places = [
        (place_of_copy(view, s), r) for s, r in _recorded(view, snapshot) if view.connection_name(s) == connection
    ]
    return [place for place, relation in places if str(place) == relation]


def _recorded(view: View, snapshot: StateSnapshot) -> Iterator[tuple[Source, str]]:
    for name, state in snapshot.models.items():
        node = view.loaded.graph.nodes.get(name)
        if isinstance(node, Source) and state.relation is not None:
            yield node, state.relation
