"""From the word that a user typed to a node of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UsageError, did_you_mean
from interlace.model.definition import Model

if TYPE_CHECKING:
    from interlace.model.definition import Node
    from interlace.run.project import Project

__all__ = ["model_named", "node_named", "node_or_beside"]


def node_named(project: Project, word: str) -> Node:
    """The model, seed or source of this name: ``name`` or ``schema.name``, compared without case.

    Raises:
        UsageError: there is none; says the nearest.
    """
    nodes = project.graph.nodes
    if word in nodes:
        return nodes[word]
    for node in nodes.values():
        if word.casefold() in {node.name.casefold(), f"{node.schema}.{node.name}".casefold()}:
            return node
    raise UsageError(
        f"There is no model or source {word!r}. {did_you_mean(word, nodes, label='There are')}".rstrip(),
        hint="'interlace list' shows all names.",
    )


def node_or_beside(project: Project, word: str) -> tuple[tuple[str, ...], str | None]:
    """As `node_named`, or the table of this name that is kept beside a model's own: the parts of its name, its connection.

    Raises:
        UsageError: there is neither; says the nearest.
    """
    try:
        node = node_named(project, word)
    except UsageError:
        if (beside := project.side_table(word)) is None:
            raise
        relation, connection = beside
        return relation.parts, connection
    return (node.name,), node.connection


def model_named(project: Project, word: str) -> Model:
    """As `node_named`, but no source.

    Raises:
        UsageError: there is none, or it is a source.
    """
    node = node_named(project, word)
    if not isinstance(node, Model):
        raise UsageError(
            f"{node.name!r} is a source ({node.file}:{node.line}): Interlace reads it and never builds it."
        )
    return node
