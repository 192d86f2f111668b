"""The connections of one project: made when they are first used, closed together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation, RelationInfo
from interlace.errors import ConfigurationError, InterlaceError
from interlace.plan.observe import observe_stamp

if TYPE_CHECKING:
    from interlace.config import LoadedConfig
    from interlace.contracts.connection import Connection
    from interlace.contracts.state import StateStore
    from interlace.plugins import PluginManager

__all__ = ["Connections"]


class Connections:
    """Gives connections by name.

    Args:
        config: the project's configuration.
        plugins: where the types come from.
    """

    def __init__(self, config: LoadedConfig, plugins: PluginManager) -> None:
        self._config = config
        self._plugins = plugins
        self._made: dict[str, Connection] = {}
        self._catalogues: dict[str, dict[tuple[str, str], RelationInfo]] = {}
        self._asked: dict[str, list[str | None]] = {}

    def dialects(self) -> dict[str, str]:
        """The dialect of each connection; one whose package is missing matters once it is used (ruling 23).

        Raises:
            UnknownProvider: the default connection's type is not installed.
        """
        found = {}
        for name in self._config.connections:
            try:
                found[name] = self._class(name).dialect
            except InterlaceError:
                if name == self._config.default_connection:
                    raise
        return found

    def get(self, name: str | None = None) -> Connection:
        """A connection, made but not opened.

        Raises:
            InvalidConfig: its options are wrong, or there is none of this name.
            UnknownProvider: its type is not installed.
        """
        name = name or self._config.default_connection
        if name not in self._made:
            self._config.connection(name).require()
            cls = self._class(name)
            options = self._config.options(cls.Config, "connections", name)
            self._made[name] = cls(name, options, root=self._config.root)
        return self._made[name]

    def standing(self, name: str, schemas: Iterable[str | None]) -> Mapping[tuple[str, str], RelationInfo]:
        """What stands in some schemas, by (schema, name) in lower case, by one query; nothing is created by asking."""
        if name not in self._catalogues:
            self._asked[name] = list(schemas)
            self._catalogues[name] = self._look(self.get(name), self._asked[name])
        return self._catalogues[name]

    def moved(self, name: str) -> bool:
        """Whether what stands on a server is no longer what `standing` gave; nobody else writes to a file that is open."""
        connection = self.get(name)
        if name not in self._catalogues or connection.capabilities.embedded:
            return False
        return self._look(connection, self._asked[name]) != self._catalogues[name]

    def forget(self) -> None:
        """What stands has to be looked up anew."""
        self._catalogues.clear()

    def close(self, *, only_persistent: bool = False) -> None:
        """Close all; those that live in memory only when the project ends."""
        for connection in self._made.values():
            if connection.capabilities.persistent or not only_persistent:
                connection.close()
        self._catalogues.clear()

    # --- whether somebody else wrote --------------------------------------------------------------------------

    def untouched(self, name: str, store: StateStore) -> bool:
        """Whether nobody wrote to an embedded database since Interlace closed it: then the state knows what stands."""
        files = self.get(name).files()
        if not files:
            return False
        saved = store.answer(self._stamp_key(name))
        return saved is not None and json.loads(saved) == self._stamp(name)

    def save_stamps(self, store: StateStore) -> None:
        """Remember how the files of the embedded databases look now that they are closed."""
        for name, connection in self._made.items():
            if connection.files():
                store.save_answer(self._stamp_key(name), json.dumps(self._stamp(name)).encode())

    def _stamp(self, name: str) -> list[list[str]]:
        return [list(observe_stamp(str(path))) for path in self.get(name).files()]

    def _stamp_key(self, name: str) -> str:
        return "stamp:" + "|".join(str(p) for p in self.get(name).files())

    def _class(self, name: str) -> type[Connection]:
        from interlace.contracts.connection import Connection

        spec = self._config.connection(name)
        try:
            return self._plugins.registry(Connection).get(spec.type)
        except ConfigurationError as error:
            error.where = error.where or self._config.origin("connections", name, "type").location()
            raise

    def _look(self, connection: Connection, schemas: list[str | None]) -> dict[tuple[str, str], RelationInfo]:
        files = connection.files()
        if files and not any(f.exists() for f in files):
            return {}
        session = connection.session()
        try:
            found = session.catalogue(schemas)
        finally:
            session.close()
        return {_folded(relation): info for relation, info in found.items()}


def _folded(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()
