"""Dropping what an environment has: its own relations and what is known of them, and nothing of another's."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation
from interlace.errors import UsageError
from interlace.migrate.ledger import entries, forget_all
from interlace.run.copies import copies_on
from interlace.run.intervals import written_models
from interlace.run.kept import kept
from interlace.run.promote import drop_kept, right_to_write
from interlace.run.snapshots import drop_snapshots
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import RelationKind
    from interlace.contracts.state import StateStore
    from interlace.run.view import View

__all__ = ["Doomed", "doomed", "drop_environment"]


@dataclass(frozen=True, slots=True)
class Doomed:
    """What goes with an environment, of one connection: relations, schemas, or the whole file."""

    connection: Connection
    relations: Sequence[tuple[Relation, RelationKind]]
    schemas: Sequence[str] = ()
    files: Sequence[Path] = ()


def doomed(view: View, store: StateStore, only: Collection[str] | None = None) -> list[Doomed]:
    """What the environment has of its own; `only` names connections, where the others are left alone.

    Raises:
        UsageError: it is the one that owns the plain names, or nothing keeps it apart from others.
    """
    config = view.loaded.config
    if view.environment == config.config.base_environment:
        raise UsageError(f"{view.environment} is the base environment, which is not dropped.")
    found = []
    for name in config.connections:
        used = any((m.connection or config.default_connection) == name for m in view.models.values())
        if not used and not copies_on(view, store.snapshot(view.environment), name):
            continue
        if only is not None and name not in only:
            continue
        if config.connection(name).policy.shared:
            continue
        if not config.prefix(name) and not config.connection(name).isolated:
            raise UsageError(
                f"In connection {name!r} nothing keeps {view.environment} apart from other environments.",
                hint="Declare the environments in config.yaml, or put {env} into the connection's path or database.",
            )
        found.append(_of_prefix(view, store, name) if config.prefix(name) else _of_place(view, store, name))
    return found


def drop_environment(view: View, store: StateStore, only: Collection[str] | None = None) -> list[Doomed]:
    """Drop it: one transaction for each connection, then the state; `only` is as for `doomed`.

    Raises:
        UsageError: as for `doomed`.
        RunUnderWay: a run of the environment has not ended.
        QueryFailed: something else depends on a relation of its.
    """
    run = new_id()
    connections = [d.connection for d in doomed(view, store, only)]
    there = [c for c in connections if not c.files() or any(f.exists() for f in c.files())]
    with right_to_write(view, store, run, [view.environment], there):
        going = doomed(view, store, only)
        for one in going:
            _drop(view, one)
        store.forget_models(view.environment, store.snapshot(view.environment).models)
        for held in {h.run for h in store.held(view.environment)}:
            store.drop_held(held)
        store.purge_dead_letters(view.environment, datetime.now(UTC), include_open=True)
    return going


def _of_prefix(view: View, store: StateStore, name: str) -> Doomed:
    """All that is in the environment's own schemas, but for what something else writes (``strategy: none``)."""
    connection, prefix = view.loaded.connections.get(name), view.loaded.config.prefix(name)
    default = view.loaded.config.default_connection
    wanted = {view.namespace(name).schema(None)}
    wanted |= {r.schema or "" for n, r in view.relations.items() if (view.models[n].connection or default) == name}
    published = (s.relation for s in store.snapshot(view.environment).models.values() if s.relation is not None)
    wanted |= {relation.rpartition(".")[0] for relation in published if relation.startswith(prefix)}
    if not _there(connection):
        return Doomed(connection, ())
    session = connection.session()
    try:
        wanted |= {schema for entry in entries(session, prefix).values() for schema in entry.schemas}
        found = session.catalogue(sorted(s for s in wanted if s.startswith(prefix)))
    finally:
        session.close()
    written = written_models(view)
    others = {r for n, r in view.relations.items() if n not in written}
    relations = [(r, info.kind) for r, info in found.items() if r not in others]
    return Doomed(connection, relations, sorted(s for s in wanted if s.startswith(prefix)))


def _of_place(view: View, store: StateStore, name: str) -> Doomed:
    """The environment's own file; elsewhere what it is known to have published in its own database."""
    connection = view.loaded.connections.get(name)
    if connection.files():
        return Doomed(connection, (), files=[f for f in connection.files() if f.exists()])
    default = view.loaded.config.default_connection
    snapshot = store.snapshot(view.environment)
    known = snapshot.models
    own = [(view.relations[n], s.kind) for n, s in known.items() if n in view.relations and s.kind is not None]
    copies: list[tuple[Relation, RelationKind]] = [(r, "table") for r in copies_on(view, snapshot, name)]
    return Doomed(connection, [*((r, k) for (r, k) in own if _is_on(view, r, name, default)), *copies])


def _is_on(view: View, relation: Relation, name: str, default: str) -> bool:
    return any(r == relation and (view.models[n].connection or default) == name for n, r in view.relations.items())


def _there(connection: Connection) -> bool:
    return not connection.files() or any(f.exists() for f in connection.files())


def _drop(view: View, going: Doomed) -> None:
    if going.files:
        going.connection.close()
        for file in going.files:
            file.unlink(missing_ok=True)
        drop_snapshots(going.connection.files()[0])
        return
    if not _there(going.connection):
        return
    with contextlib.closing(going.connection.session()) as session, session.transaction():
        drop_kept(session, kept(session, view.environment))
        if prefix := view.loaded.config.prefix(going.connection.name):
            forget_all(session, prefix)
        _drop_views(session, [r for r, kind in going.relations if kind == "view"], view)
        for relation, kind in going.relations:
            if kind == "table":
                session.drop(relation, "table")
        for schema in going.schemas:  # one that a run made before it failed has nothing in it
            if not session.catalogue([schema]):
                session.execute(f"DROP SCHEMA IF EXISTS {session.quote(schema)}")


def _drop_views(session: Session, views: Sequence[Relation], view: View) -> None:
    """Drop views, those that read others first."""
    order = {view.relations[n]: at for at, n in enumerate(view.loaded.graph.order()) if n in view.relations}
    for relation in sorted(views, key=lambda r: order.get(r, len(order)), reverse=True):
        session.drop(relation, "view")
