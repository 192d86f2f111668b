"""From the word that a user typed to a node of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UsageError, did_you_mean
from interlace.model.definition import Model

if TYPE_CHECKING:
    from interlace.model.definition import Node
    from interlace.run.project import Project

__all__ = ["model_named", "node_named"]


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
