"""The only place that maps a node and an environment to a relation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    from interlace.model.definition import Node

__all__ = ["Namespace", "relation_of"]


@dataclass(frozen=True, slots=True)
class Namespace:
    """Where one environment writes in one connection.

    Attributes:
        environment: its name.
        prefix: put before each schema, such as ``dev__``; empty where names stay plain (ruling 30).
        default_schema: the schema of models that name none.
    """

    environment: str
    prefix: str
    default_schema: str

    def schema(self, name: str | None) -> str:
        """The physical schema for a model's schema."""
        return f"{self.prefix}{name or self.default_schema}"


def relation_of(node: Node, namespace: Namespace) -> Relation:
    """The relation that a node is read from and, for a model, written to.

    A source lives where it says, in every environment.
    """
    match node.kind:
        case "source":
            parts = node.relation or (node.name,)
            padded: tuple[str | None, ...] = (*(None,) * (3 - len(parts)), *parts)
            catalog, schema, name = padded
            return Relation(name or node.name, schema or node.schema, catalog)
        case _:
            return Relation(node.name, namespace.schema(node.schema))
