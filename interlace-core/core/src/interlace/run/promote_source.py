"""The environment that built what is promoted: in the target's databases, or in database files of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, UsageError
from interlace.run.connections import Connections
from interlace.run.deferring import elsewhere, is_file, relations_in, same_database
from interlace.run.recovery import recover_markers

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection
    from interlace.contracts.relation import Relation
    from interlace.contracts.state import StateStore
    from interlace.run.view import View

__all__ = ["PromotedFrom", "promoted_from"]


@dataclass(frozen=True)
class PromotedFrom:
    """An environment as another one takes over what it built.

    Attributes:
        environment: its name.
        relations: where it publishes each model.
        apart: by the names of the connections that are another file there, that file.
        connections: its own.
    """

    environment: str
    relations: Mapping[str, Relation]
    apart: Mapping[str, Path]
    connections: Connections = field(repr=False)

    def recover(self, store: StateStore, names: Iterable[str]) -> list[str]:
        """Bring its state up to its own files; gives what to say of loads that were cut off."""
        said: list[str] = []
        for name in sorted(set(names) & self.apart.keys()):
            if self.apart[name].exists():
                with self._open(name) as connection:
                    said += recover_markers(store, self.environment, [connection])
        return said

    def drop(self, name: str, relations: Iterable[tuple[Relation, str]]) -> str | None:
        """Drop what is the target's now from a file of its own.

        Returns:
            what to say where that could not be done, which does no harm: its state still knows them.
        """
        if not self.apart[name].exists():
            return None
        try:
            with (
                self._open(name) as connection,
                contextlib.closing(connection.session()) as session,
                session.transaction(),
            ):
                for relation, kind in relations:
                    session.drop(relation, kind)
        except InterlaceError as error:
            return f"what was promoted stands in {self.apart[name]} too, and stays there for now: {error.message}"
        return None

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[Connection]:
        connection = self.connections.get(name)
        try:
            yield connection
        finally:
            connection.close()


def promoted_from(view: View, environment: str, names: Collection[str]) -> PromotedFrom:
    """The environment that built some models.

    Raises:
        UsageError: a connection of theirs leads to another database there that is no file of the same type.
    """
    other = elsewhere(view, environment)
    connections = Connections(other, view.loaded.plugins)
    apart: dict[str, Path] = {}
    for name in sorted({view.connection_name(view.models[n]) for n in names if n in view.models}):
        if same_database(view.loaded.config, other, name):
            continue
        if not (view.loaded.connections.get(name).capabilities.beside and is_file(view, other, name)):
            raise UsageError(
                f"promote: {environment} keeps connection {name!r} in another database than {view.environment}.",
                hint="It works where environments share a database and differ by schema (leave {env} out of the connection, "
                "and declare the environments), and where each has a DuckDB file.",
            )
        apart[name] = connections.described(name).files()[0]
    return PromotedFrom(environment, relations_in(view, other, environment), apart, connections)
