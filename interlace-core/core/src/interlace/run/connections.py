"""The connections of one project: made when they are first used, closed together."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation, RelationInfo
from interlace.errors import ConfigurationError, InterlaceError, InvalidConfig, did_you_mean
from interlace.plan.observe import observe_stamp
from interlace.run.opening import open_again

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from interlace.config import LoadedConfig
    from interlace.contracts.connection import Connection
    from interlace.contracts.files import FileConnection
    from interlace.contracts.state import StateStore
    from interlace.plugins import PluginManager

__all__ = ["Connections"]


class Connections:
    """Gives connections by name.

    Args:
        config: the project's configuration.
        plugins: where the types come from.

    Attributes:
        sleep: waits before a connection is tried again; raises when it is told to stop.
    """

    def __init__(self, config: LoadedConfig, plugins: PluginManager) -> None:
        self._config = config
        self._plugins = plugins
        self._made: dict[str, Connection] = {}
        self._catalogues: dict[str, dict[tuple[str, str], RelationInfo]] = {}
        self._asked: dict[str, list[str | None]] = {}
        self._opened_late: list[str] = []
        self._found: dict[str, list[list[str]]] = {}
        self.sleep: Callable[[float], None] = time.sleep

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
            made = self._make(name)
            if names := made.reads_files_of():
                made.use_files([self._with_files(name, other) for other in names])
            self._made[name] = made
            if made.files():
                self._found[name] = self._stamp(name)
        return self._made[name]

    def default_schema(self, name: str | None = None) -> str | None:
        """The schema where unqualified names live in a connection; no secret is fetched to know it.

        Raises:
            InvalidConfig: its options are wrong, or there is none of this name.
            UnknownProvider: its type is not installed.
        """
        name = name or self._config.default_connection
        if name in self._made or not self._config.uses_secrets("connections", name):
            return self.get(name).default_schema()
        return self.described(name).default_schema()

    def open(self, connection: Connection, sleep: Callable[[float], None] | None = None) -> None:
        """Open one of them, as often as its ``retry`` says.

        Args:
            sleep: in place of the attribute.

        Raises:
            ConnectionFailure: it cannot be opened.
        """
        policy = self._config.connection(connection.name).policy.retry
        open_again(connection, policy, sleep or self.sleep, self._opened_late.append)

    def opened_late(self) -> list[str]:
        """What to say of those that were not opened at once; told once."""
        said, self._opened_late = self._opened_late, []
        return said

    def standing(self, name: str, schemas: Iterable[str | None]) -> Mapping[tuple[str, str], RelationInfo]:
        """What stands in some schemas, by (schema, name) in lower case, by one query; nothing is created by asking."""
        if name not in self._catalogues:
            self._asked[name] = list(schemas)
            self._catalogues[name] = self._look(self.get(name), self._asked[name])
        return self._catalogues[name]

    def look(self, name: str, schemas: Iterable[str | None]) -> Mapping[tuple[str, str], RelationInfo]:
        """The same for any schemas, asked anew."""
        return self._look(self.get(name), list(schemas))

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
        for name, connection in list(self._made.items()):
            if connection.capabilities.persistent or not only_persistent:
                connection.close()
                if self._config.uses_secrets("connections", name) and not connection.files():
                    del self._made[name]  # whoever uses it next gets the secrets as they are then
        if not only_persistent:
            self._config.close()
        self._catalogues.clear()

    # --- whether somebody else wrote --------------------------------------------------------------------------

    def untouched(self, name: str, store: StateStore, environment: str) -> bool:
        """Whether nobody wrote to an embedded database since Interlace closed it: then the state knows what stands."""
        return bool(self.get(name).files()) and self._saved(name, store, environment) == self._stamp(name)

    def note_files(self) -> None:
        """Note how the files look before they are written to; of a connection that is not made yet it is then noted."""
        for name, connection in self._made.items():
            if connection.files():
                self._found[name] = self._stamp(name)

    def save_stamps(self, store: StateStore, environment: str, unseen: Container[str]) -> None:
        """Remember how the files of the embedded databases look now that they are closed.

        Args:
            store: of the state.
            environment: its name: of what it has published the stamp tells that it stands.
            unseen: connections where not all of that was looked at.  Where somebody had written there, it stays unknown.
        """
        for name, connection in self._made.items():
            known = name not in unseen or self._saved(name, store, environment) == self._found.get(name)
            if connection.files() and known:
                key = self._stamp_key(name, environment)
                store.save_answer(key, json.dumps(self._stamp(name)).encode())

    def _saved(self, name: str, store: StateStore, environment: str) -> list[list[str]] | None:
        saved = store.answer(self._stamp_key(name, environment))
        found: list[list[str]] | None = None if saved is None else json.loads(saved)
        return found

    def _stamp(self, name: str) -> list[list[str]]:
        return [list(observe_stamp(str(path))) for path in self.get(name).files()]

    def _stamp_key(self, name: str, environment: str) -> str:
        return f"stamp:{environment}:" + "|".join(str(p) for p in self.get(name).files())

    def _make(self, name: str) -> Connection:
        cls = self._class(name)
        options = self._config.options(cls.Config, "connections", name)
        if self._config.connection(name).policy.access == "readwrite":
            return cls(name, options, root=self._config.root)
        from interlace.contracts.reading import reading

        made = reading(cls)(name, options, root=self._config.root)
        made.written_beside = self._config.written_beside(name)
        base = self._config.config.base_environment
        shared = self._config.connection(name).policy.shared and self._config.environment != base
        made.written_by = base if shared else None
        return made

    def described(self, name: str) -> Connection:
        """A connection that is asked what it would be, and never opened: no secret is fetched.

        Raises:
            InvalidConfig: its options are wrong, or there is none of this name.
            UnknownProvider: its type is not installed.
        """
        self._config.connection(name).require()
        cls = self._class(name)
        options = self._config.options(cls.Config, "connections", name, secrets=False)
        return cls(name, options, root=self._config.root)

    def _with_files(self, reader: str, name: str) -> FileConnection:
        """A connection to files that another one reads.

        Raises:
            InvalidConfig: there is none of this name, or it has tables.
        """
        from interlace.contracts.files import FileConnection

        known = self._config.connections
        found = self.get(name) if name in known and name != reader else None
        if isinstance(found, FileConnection):
            return found
        said = "which has tables" if name in known else "which does not exist"
        raise InvalidConfig(
            f"connections.{reader}.files names the connection {name!r}, {said}.",
            where=self._config.origin("connections", reader, "files").location(),
            hint=did_you_mean(name, [n for n in known if n != reader], label="Connections") or None,
        )

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
        self.open(connection)
        session = connection.session()
        try:
            found = session.catalogue(schemas)
        finally:
            session.close()
        return {_folded(relation): info for relation, info in found.items()}


def _folded(relation: Relation) -> tuple[str, str]:
    return (relation.schema or "").casefold(), relation.name.casefold()
