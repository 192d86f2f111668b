"""Names that are not found in a connection, and are read from its ``fallback_connections``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation
from interlace.errors import InvalidConfig
from interlace.model.definition import Source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from interlace.model.definition import Node
    from interlace.plan.deferral import Deferral
    from interlace.run.view import View

__all__ = ["found_elsewhere", "has_fallbacks"]


def has_fallbacks(view: View) -> bool:
    """Whether any connection has one."""
    return any(spec.policy.fallback_connections for spec in view.loaded.config.connections.values())


def found_elsewhere(view: View, readers: Collection[str], deferral: Deferral) -> dict[str, tuple[str, Relation]]:
    """What is not in its own connection and is in another one: the connection and the relation, by name.

    Args:
        readers: the models that may run, and so are not looked for; what they read is.  All names are looked for where it
            is empty.
        deferral: what is read from another environment, and so not looked for either.

    Raises:
        InvalidConfig: a fallback has no tables.
        ConnectionFailure: a database that has to be asked cannot be reached.
    """
    by_connection: dict[str, list[str]] = {}
    for name in _wanted(view, readers):
        connection = _own(view, view.loaded.graph.nodes[name])
        if (
            name not in deferral.read
            and name not in view.copies
            and view.loaded.config.connection(connection).policy.fallback_connections
        ):
            by_connection.setdefault(connection, []).append(name)
    found: dict[str, tuple[str, Relation]] = {}
    for connection, names in sorted(by_connection.items()):
        missing = set(names) - _there(view, connection, names)
        for other in view.loaded.config.connection(connection).policy.fallback_connections:
            here = _there(view, other, sorted(missing), connection) if missing else set()
            found |= {n: (other, _place(view, n, other)) for n in here}
            missing -= here
    return found


def _wanted(view: View, readers: Collection[str]) -> Iterator[str]:
    nodes = view.loaded.graph.nodes
    if not readers:
        yield from (n for n in nodes if _has_a_place(view, n))
        return
    seen: set[str] = set()
    pending = [n for n in readers if n in view.models]
    for reader in pending:
        for parent in view.loaded.graph.parents(reader):
            if parent in seen:
                continue
            seen.add(parent)
            if parent in view.inlined:
                pending.append(parent)
            elif (parent not in readers or parent not in view.models) and _has_a_place(view, parent):
                yield parent


def _has_a_place(view: View, name: str) -> bool:
    """Whether a node is a relation that a connection of the project can have; one in an attached database is there."""
    node = view.loaded.graph.nodes[name]
    if isinstance(node, Source):
        return len(node.relation) <= 2  # noqa: PLR2004  schema and name
    return view.relation(name) is not None


def _own(view: View, node: Node) -> str:
    return node.connection or view.loaded.config.default_connection


def _place(view: View, name: str, connection: str) -> Relation:
    """Where a node would be in a fallback: plain names, whatever the environment."""
    node, config = view.loaded.graph.nodes[name], view.loaded.config
    schema = config.default_schema(connection) or view.loaded.connections.default_schema(connection)
    if isinstance(node, Source):
        parts = node.relation or (node.name,)
        return Relation(parts[-1], parts[0] if len(parts) > 1 else schema)
    return Relation(node.name, node.schema or schema)


def _there(view: View, connection: str, names: Collection[str], asking: str | None = None) -> set[str]:
    """Those of some nodes that a connection has: its own by the environment's names, a fallback's by plain ones."""
    if not names:
        return set()
    found = view.loaded.connections.get(connection)
    if not found.has_tables:
        raise InvalidConfig(
            f"connections.{asking}.fallback_connections names {connection!r}, which has files and no tables.",
            where=view.loaded.config.origin("connections", asking or "", "fallback_connections").location(),
        )
    places = {n: _place(view, n, connection) if asking else view.relation(n) for n in names}
    standing = view.loaded.connections.look(connection, sorted({p.schema for p in places.values() if p}, key=str))
    return {n for n, p in places.items() if p and ((p.schema or "").casefold(), p.name.casefold()) in standing}
