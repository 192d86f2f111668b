"""Another environment that models are read from: where it publishes, and whether that is in the same databases."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from interlace.address import Namespace, relation_of
from interlace.config.environments import Place, place
from interlace.errors import InvalidConfig, UsageError, did_you_mean
from interlace.plan.deferral import Base

if TYPE_CHECKING:
    from collections.abc import Collection

    from interlace.config import LoadedConfig
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import StateStore
    from interlace.run.view import View

__all__ = ["base_of", "elsewhere", "same_database", "wanted_base"]


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


def base_of(view: View, store: StateStore, environment: str, names: Collection[str], asking: str = "defer_to") -> Base:
    """Another environment as this one may read it.

    Args:
        names: the models that may run.
        asking: the word by which the user asked for it.

    Raises:
        UsageError: a connection that they use leads to another database there.
    """
    other = elsewhere(view, environment)
    used = sorted({_connection(view, n) for n in names if n in view.models})
    for connection in used:
        if not same_database(view.loaded.config, other, connection):
            raise UsageError(
                f"{asking}: {environment} keeps connection {connection!r} in another database than {view.environment}.",
                hint="It works where environments share a database and differ by schema: leave {env} out of the "
                "connection, and declare the environments.",
            )
    return Base(store.snapshot(environment), _relations(view, other, environment))


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


def _relations(view: View, other: LoadedConfig, environment: str) -> dict[str, Relation]:
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
