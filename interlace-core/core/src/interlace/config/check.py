"""``interlace config validate``: what is wrong with a configuration that loads, connections that nothing uses included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from interlace.errors import ConfigurationError, InterlaceError, InvalidProject

if TYPE_CHECKING:
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
    """Every connection's and the state store's options, validated by who owns them.

    Args:
        connections: connection types.
        stores: state stores.
    """
    found: list[InterlaceError] = []
    for name, spec in loaded.connections.items():
        found += _option_errors(loaded, connections, spec.type, "connections", name)
    found += _option_errors(loaded, stores, loaded.config.state.type, "state")
    return found


def _option_errors(loaded: LoadedConfig, kinds: Kinds, kind: str, *path: str) -> list[InterlaceError]:
    try:
        loaded.options(_model(loaded, kinds, kind, *path), *path)
    except InvalidProject as error:
        return list(error.errors)
    except InterlaceError as error:
        return [error]
    return []


def _model(loaded: LoadedConfig, kinds: Kinds, kind: str, *path: str) -> type[BaseModel]:
    try:
        return kinds.get(kind).Config
    except ConfigurationError as error:
        if error.where is None:
            error.where = loaded.origin(*path, "type").location()
        raise
