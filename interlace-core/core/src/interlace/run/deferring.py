"""Another environment that models are read from: where it publishes, and whether that is in the same databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from interlace.address import Namespace, relation_of
from interlace.config.environments import Place, place
from interlace.errors import InvalidConfig, UsageError, did_you_mean
from interlace.plan.deferral import Base
from interlace.run.connections import Connections

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from interlace.config import LoadedConfig
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import AttemptRecord, StateSnapshot, StateStore
    from interlace.run.snapshots import Snapshot
    from interlace.run.view import View

__all__ = ["base_of", "elsewhere", "is_file", "relations_in", "same_database", "wanted_base"]


def wanted_base(config: LoadedConfig, asked: str | None) -> str | None:
    """The environment to defer to: what was asked for, else ``defer_to``; None where there is none.

    Raises:
        UsageError: what was asked for is the environment itself, or none of the project's.
        InvalidConfig: ``defer_to`` names none of the project's.
    """
    wanted = asked or config.config.defer_to
    if wanted is None or (wanted == config.environment and not asked):
        return None  # at the top level of config.yaml it is for the others
    if wanted == config.environment:
        raise UsageError(f"--defer-to {wanted}: that is the environment itself.")
    if wanted in config.environments or not config.declared:
        return wanted
    hint = did_you_mean(wanted, config.environments, label="Environments") or None
    said = f"The project has no environment {wanted!r}."
    if asked:
        raise UsageError(f"--defer-to: {said}", hint=hint)
    raise InvalidConfig(f"defer_to: {said}", where=config.origin("defer_to").location(), hint=hint)


def base_of(view: View, store: StateStore, environment: str, names: Collection[str]) -> Base:
    """Another environment as this one may read it: in the same database, or by a snapshot of its file.

    Args:
        names: the models that may run.

    Raises:
        UsageError: a connection that they use leads to another database there, or to a file without a snapshot.
    """
    other, state = elsewhere(view, environment), store.snapshot(environment)
    read = _read_by(view, names)
    apart = sorted(c for c in read if not same_database(view.loaded.config, other, c))
    snapshots = {c: s for c in apart if (s := _snapshot(view, other, state, c)) is not None}
    return _with_snapshots(view, Base(state, relations_in(view, other, environment)), snapshots)


def _read_by(view: View, names: Collection[str]) -> set[str]:
    """The connections of some models, and of what they read."""
    found: set[str] = set()
    pending, seen = [n for n in names if n in view.models], set(names)
    for name in pending:
        found.add(_connection(view, name))
        for parent in view.loaded.graph.parents(name):
            if parent not in view.models or parent in seen:
                continue
            if parent in view.inlined:
                seen.add(parent)
                pending.append(parent)
            found.add(_connection(view, parent))
    return found


def _snapshot(view: View, other: LoadedConfig, state: StateSnapshot, connection: str) -> Snapshot | None:
    """The last snapshot of another environment's file; None where it has built nothing there.

    Raises:
        UsageError: there is none, or it is no file.
    """
    from interlace.run.snapshots import newest

    if not (view.loaded.connections.get(connection).capabilities.beside and is_file(view, other, connection)):
        raise UsageError(
            f"defer_to: {state.environment} keeps connection {connection!r} in another database than {view.environment}.",
            hint="It works where environments share a database and differ by schema (leave {env} out of the connection, and "
            "declare the environments), and where each has a DuckDB file.",
        )
    file = Connections(other, view.loaded.plugins).described(connection).files()[0]
    found = newest(file)
    if found is None and any(_connection(view, n) == connection for n in state.models if n in view.models):
        raise UsageError(
            f"defer_to: there is no snapshot of {file}, and {state.environment}'s own file is not read by others.",
            hint=f"Make one: interlace env snapshot {state.environment} (each successful run of {state.environment} makes the "
            f"next, while the configuration of an environment says 'defer_to: {state.environment}').",
        )
    return found


def is_file(view: View, other: LoadedConfig, connection: str) -> bool:
    """Whether a connection is a database file in another environment, of the same type as here."""
    spec = other.connections.get(connection)
    if spec is None or spec.error is not None or spec.type != view.loaded.config.connection(connection).type:
        return False
    return bool(Connections(other, view.loaded.plugins).described(connection).files())


def _with_snapshots(view: View, base: Base, snapshots: Mapping[str, Snapshot]) -> Base:
    """The same environment, where its files are read by snapshots as it was when they were made."""
    if not snapshots:
        return base
    models = dict(base.state.models)
    catalogs: dict[str, str] = {}
    records: dict[str, AttemptRecord] = {}
    notices: list[str] = []
    for name in list(models):
        if name in view.models and (snapshot := snapshots.get(_connection(view, name))) is not None:
            record = snapshot.records.get(name)
            if record is None:
                del models[name]
            else:
                models[name], records[name] = record.state, record
    for connection, snapshot in snapshots.items():
        catalog = f"__interlace_{base.environment}_{snapshot.id[-8:]}"
        view.loaded.connections.get(connection).read_beside({catalog: snapshot.file})
        catalogs |= {n: catalog for n in base.relations if _connection(view, n) == connection}
        if snapshot.revision != base.state.revision:
            notices.append(
                f"{base.environment} was written since the snapshot of {snapshot.at:%Y-%m-%d %H:%M:%S} UTC, which is read"
            )
    return replace(
        base, state=replace(base.state, models=models), catalogs=catalogs, records=records, notices=tuple(notices)
    )


def elsewhere(view: View, environment: str) -> LoadedConfig:
    """The configuration as another environment has it."""
    from interlace.config import load_config

    return load_config(view.loaded.root, environment, environ=view.loaded.environ)


def same_database(one: LoadedConfig, other: LoadedConfig, connection: str) -> bool:
    """Whether a connection leads to the same database in two environments, whoever logs in there."""
    if connection not in other.connections:
        return False
    mine, theirs = (_database(config, connection) for config in (one, other))
    return bool(mine.options) and mine == theirs


def _connection(view: View, name: str) -> str:
    return view.models[name].connection or view.loaded.config.default_connection


def relations_in(view: View, other: LoadedConfig, environment: str) -> dict[str, Relation]:
    """Where another environment publishes each model, in its own database."""
    namespaces: dict[str, Namespace] = {}
    found = {}
    for name in view.relations:
        connection = _connection(view, name)
        if connection not in other.connections:
            continue
        if connection not in namespaces:
            own = view.namespace(connection)
            schema = other.default_schema(connection) or own.default_schema
            namespaces[connection] = Namespace(environment, other.prefix(connection), schema)
        found[name] = relation_of(view.models[name], namespaces[connection])
    return found


def _database(config: LoadedConfig, connection: str) -> Place:
    spec = config.connection(connection)
    found = place({"type": spec.type, **spec.require()}, config.root)
    return replace(found, options=tuple((n, _without_user(v) if n in {"url", "dsn"} else v) for n, v in found.options))


def _without_user(url: str) -> str:
    """A URL without who logs in, and how."""
    parts = urlsplit(url)
    kept = "&".join(sorted(w for w in parts.query.split("&") if w.startswith(("host=", "port=", "dbname="))))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=kept, fragment=""))
