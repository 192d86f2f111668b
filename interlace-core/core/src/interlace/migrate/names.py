"""What the names in a migration stand for: the relations of the environment that it goes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation
from interlace.errors import InvalidMigration, Location, did_you_mean
from interlace.model.definition import Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlglot import exp

    from interlace.model.definition import Node
    from interlace.run.view import View

__all__ = ["Named", "Names"]


@dataclass(frozen=True, slots=True)
class Named:
    """What a name stands for.

    Attributes:
        relation: where it is.
        schema: without what keeps environments apart; a policy is about this one.
        node: the model, seed or source, where it is one.
    """

    relation: Relation
    schema: str
    node: Node | None = None


class Names:
    """Gives relations to names, in one connection and one environment.

    Args:
        view: the project.
        connection: where the migration goes.
        file: for messages.
    """

    def __init__(self, view: View, connection: str, file: str) -> None:
        self.view = view
        self.connection = connection
        self.dialect = view.loaded.connections.dialects().get(connection, "")
        self.namespace = view.namespace(connection)
        self._spec = view.loaded.config.connection(connection)
        self._file = file

    @property
    def apart(self) -> bool:
        """Whether only the names keep this environment apart from others in the database."""
        return bool(self.namespace.prefix) or self._spec.schema_only

    @property
    def limited(self) -> bool:
        """Whether the connection allows some schemas only."""
        return self._spec.policy.allowed_schemas is not None

    def quoted(self, *parts: str) -> str:
        """Identifiers, quoted and joined by dots."""
        from sqlglot import exp

        return ".".join(exp.to_identifier(part, quoted=True).sql(dialect=self.dialect) for part in parts)

    def of(self, identifiers: Sequence[exp.Expr], line: int) -> Named:
        """What a table's name stands for.

        Raises:
            InvalidMigration: it leads to another database, or to where another environment is.
        """
        parts = tuple(i.name for i in identifiers)
        node = self._node(parts)
        if node is not None:
            relation = self.view.relation(node.name)
            if relation is None:
                raise self._error(f"{node.name} has no relation: it is 'materialise: {self._how(node)}'", line)
            return Named(relation, relation.schema.removeprefix(self.namespace.prefix) if relation.schema else "", node)
        spelled = tuple(self._spelled(i) for i in identifiers)
        if len(spelled) > 2:  # noqa: PLR2004  a catalog, a schema and a name
            raise self._error(f"{'.'.join(parts)} is in another database than the connection's", line)
        schema = spelled[0] if len(spelled) > 1 else None
        plain = (schema or self.namespace.default_schema).removeprefix(self.namespace.prefix)
        return Named(Relation(spelled[-1], self.schema(schema, line)), plain)

    def schema(self, name: str | None, line: int) -> str:
        """A schema of this environment; one that is its own already is left as it is.

        Raises:
            InvalidMigration: only the connection's own schema keeps environments apart.
        """
        if name is None or (self.namespace.prefix and name.startswith(self.namespace.prefix)):
            return name or self.namespace.schema(None)
        if self._spec.schema_only and name != self.namespace.schema(None):
            raise self._error(
                f"the schema {name!r} would be that of all environments: in connection {self.connection!r} only the "
                "schema keeps them apart",
                line,
                hint="Leave the schema out, or put {env} into the connection's path or database.",
            )
        return self.namespace.schema(name)

    def refuse_write(self, named: Named, line: int) -> None:
        """Refuse to touch what this environment, or this connection, must not.

        Raises:
            InvalidMigration: a source that other environments read, or a schema that is not allowed.
        """
        base = self.view.loaded.config.config.base_environment
        if isinstance(named.node, Source) and self.apart and self.view.environment != base:
            raise self._error(
                f"{named.node.name} is a source, which all environments read, and this is {self.view.environment}",
                line,
                hint=f"Let the migration go to {base} alone: -- @environments: {base}",
            )
        self.refuse_schema(named.schema, line)

    def refuse_schema(self, schema: str, line: int) -> None:
        """Refuse a schema that the connection does not allow.

        Raises:
            InvalidMigration: says which are allowed.
        """
        allowed = self._spec.policy.allowed_schemas
        if allowed is None or schema.casefold() in {one.casefold() for one in allowed}:
            return
        raise self._error(
            f"it would write to the schema {schema!r}, which the connection {self.connection!r} does not allow",
            line,
            hint=did_you_mean(schema, allowed, label="Allowed"),
        )

    def nodes_at(self, relation: Relation) -> list[Node]:
        """The models, seeds and sources that are at a relation."""
        return [node for node, found in self._placed() if _address(found) == _address(relation)]

    def nodes_in(self, schema: str) -> list[Node]:
        """Those that are in a schema."""
        return [node for node, found in self._placed() if (found.schema or "").casefold() == schema.casefold()]

    def _placed(self) -> Iterator[tuple[Node, Relation]]:
        for node in self.view.loaded.graph.nodes.values():
            found = self.view.relation(node.name)
            if found is not None and self.view.connection_name(node) == self.connection:
                yield node, found

    def _node(self, parts: tuple[str, ...]) -> Node | None:
        graph = self.view.loaded.graph
        found = graph.find(parts)
        if found is None or self.view.connection_name(graph.nodes[found]) != self.connection:
            return None
        return graph.nodes[found]

    def _spelled(self, identifier: exp.Expr) -> str:
        """A name as the engine stores it: PostgreSQL folds what is not quoted."""
        name = identifier.name
        return name.lower() if self.dialect == "postgres" and not identifier.args.get("quoted") else name

    def _how(self, node: Node) -> str:
        return str(getattr(node, "materialise", ""))

    def _error(self, message: str, line: int, hint: str | None = None) -> InvalidMigration:
        return InvalidMigration(message, where=Location(self._file, line or None), hint=hint or None)


def _address(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()
