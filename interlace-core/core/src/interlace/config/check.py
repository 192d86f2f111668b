"""``interlace config validate``: what is wrong with a configuration that loads, connections that nothing uses included."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from interlace.errors import ConfigurationError, InterlaceError, InvalidProject

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pydantic import BaseModel

    from interlace.config.loaded import LoadedConfig
    from interlace.contracts.options import Options

__all__ = ["Kinds", "problems"]


class _HasConfig(Protocol):
    Config: type[Options]


class Kinds(Protocol):
    """What offers connection types or state stores by name: a plugin registry."""

    def get(self, word: str) -> type[_HasConfig]:
        """The class behind a name.

        Raises:
            UnknownProvider: nothing offers it.
        """
        ...


def problems(loaded: LoadedConfig, connections: Kinds, stores: Kinds) -> list[InterlaceError]:
    """The options of connections, of the state store and of stores of secrets, validated by who owns them.

    No secret is fetched.

    Args:
        connections: connection types.
        stores: state stores.
    """
    found: list[InterlaceError] = [*loaded.secret_errors.values()]
    for name in loaded.config.secrets:
        if name not in loaded.secret_errors:
            found += _errors(partial(_store_errors, loaded, name))
    for name, spec in loaded.connections.items():
        found += _option_errors(loaded, connections, spec.type, "connections", name)
    found += _option_errors(loaded, stores, loaded.config.state.type, "state")
    return found


def _store_errors(loaded: LoadedConfig, name: str) -> Sequence[InterlaceError]:
    return loaded.option_errors(loaded.secrets.kind(name).Config, "secrets", name)


def _option_errors(loaded: LoadedConfig, kinds: Kinds, kind: str, *path: str) -> list[InterlaceError]:
    return _errors(lambda: loaded.option_errors(_model(loaded, kinds, kind, *path), *path))


def _errors(find: Callable[[], Sequence[InterlaceError]]) -> list[InterlaceError]:
    try:
        return list(find())
    except InvalidProject as error:
        return list(error.errors)
    except InterlaceError as error:
        return [error]


def _model(loaded: LoadedConfig, kinds: Kinds, kind: str, *path: str) -> type[BaseModel]:
    try:
        return kinds.get(kind).Config
    except ConfigurationError as error:
        if error.where is None:
            error.where = loaded.origin(*path, "type").location()
        raise
