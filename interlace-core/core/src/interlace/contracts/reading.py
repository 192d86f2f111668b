"""Connections that are ``access: read``: whatever a session is asked to write is refused before the database sees it.

The database's own read-only mode comes on top, where a connector declares `Capabilities.read_only`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, cast

from interlace.contracts.connection import Connection, Marker, Session
from interlace.contracts.files import FileConnection
from interlace.contracts.read_only_sql import require_reading, write_refused
from interlace.errors import UnsupportedCapability

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace.contracts.load import LoadCounts, LoadPlan
    from interlace.contracts.relation import Column, Relation, RelationInfo

__all__ = ["ReadSession", "reading"]


@cache
def reading(kind: type[Connection]) -> type[Connection]:
    """The same type of connection, through which nothing can be written."""
    guard = _ReadingFiles if issubclass(kind, FileConnection) else _Reading
    return cast("type[Connection]", type(kind.__name__, (guard, kind), {"access": "read", "__doc__": kind.__doc__}))


class _Reading(Connection):
    """What comes before a connection's own methods."""

    def session(self) -> Session:
        """Begin a conversation that only reads."""
        inner: Session = super().session()  # type: ignore[safe-super]  # the connection's own comes after this one
        return ReadSession(inner, self)

    def take_lease(self, name: str, holder: str, ttl: timedelta, *, instead_of: str | None = None) -> str | None:
        """Who only reads needs no right to write."""
        del name, holder, ttl, instead_of
        return None

    def renew_lease(self, name: str, holder: str, ttl: timedelta) -> bool:
        """As above."""
        del name, holder, ttl
        return True

    def release_lease(self, name: str, holder: str) -> None:
        """As above."""


class _ReadingFiles(_Reading, FileConnection):
    """The same for a place with files."""

    def session(self) -> Session:
        """Refuse, as a place with files does."""
        return FileConnection.session(self)

    def write(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Refuse."""
        refuse(self, f"the file {path!r} is not written")

    def upload(self, source: Path, path: str) -> None:
        """Refuse."""
        del source
        refuse(self, f"the file {path!r} is not written")

    def delete(self, path: str) -> None:
        """Refuse."""
        refuse(self, f"the file {path!r} is not deleted")

    def move(self, path: str, target: str) -> None:
        """Refuse."""
        del target
        refuse(self, f"the file {path!r} is not moved")


def refuse(connection: Connection, what: str) -> NoReturn:
    """Raise the error for a write.

    Raises:
        WriteRefused: always.
    """
    raise write_refused(connection.name, what, connection.written_by)


class ReadSession(Session):
    """A session of which only the reading half is left."""

    def __init__(self, session: Session, connection: Connection) -> None:
        self.connection = connection
        self._session = session

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run a query, and nothing else."""
        return self._session.execute(self._reading(sql))

    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query."""
        return self._session.fetch(self._reading(sql), limit)

    def arrow(self, sql: str, *, batch_size: int = 100_000) -> pa.RecordBatchReader:
        """Stream the rows of a query."""
        return self._session.arrow(self._reading(sql), batch_size=batch_size)

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns of a query."""
        return self._session.describe(self._reading(sql))

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation."""
        return self._session.columns(relation)

    def catalogue(self, schemas: Sequence[str | None]) -> dict[Relation, RelationInfo]:
        """All tables and views in the given schemas."""
        return self._session.catalogue(schemas)

    def create_schema(self, schema: str) -> None:
        """Refuse."""
        refuse(self.connection, f"the schema {schema!r} is not made")

    def drop(self, relation: Relation, kind: str) -> None:
        """Refuse."""
        refuse(self.connection, f"the {kind} {relation} is not dropped")

    # --- loading ----------------------------------------------------------------------------------------------

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction that reads, where the database itself refuses to write in it."""
        self._require_its_own("transactions")
        return self._session.transaction()

    def apply(self, plan: LoadPlan) -> LoadCounts:
        """Perform a plan of nothing; refuse every other."""
        if plan.steps:
            refuse(self.connection, "nothing is loaded")
        return super().apply(plan)

    def mark(self, marker: Marker) -> None:
        """Refuse."""
        refuse(self.connection, f"{marker.target} is not loaded")

    def markers(self) -> list[Marker]:
        """None: nothing was loaded through this connection."""
        return []

    def forget_markers(self, attempts: Sequence[str]) -> None:
        """Nothing: there are none."""

    def create_view(self, relation: Relation, sql: str) -> None:
        """Refuse."""
        del sql
        refuse(self.connection, f"the view {relation} is not made")

    def load_arrow(
        self, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None, *, temporary: bool = True
    ) -> int:
        """Refuse."""
        del batches, schema, temporary
        refuse(self.connection, f"the table {relation} is not loaded")

    def copy_out(self, sql: str, path: Path, format: str, options: dict[str, object]) -> int:  # noqa: A002
        """Write a query's rows to a local file."""
        return self._session.copy_out(self._reading(sql), path, format, options)

    # --- other ------------------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """One identifier, quoted."""
        return self._session.quote(name)

    def name(self, relation: Relation) -> str:
        """A relation's quoted name."""
        return self._session.name(relation)

    def ibis(self) -> ibis.BaseBackend:
        """An ibis backend, where the database itself refuses what is written through it."""
        self._require_its_own("ibis")
        return self._session.ibis()

    def expect(self, rows: int | None) -> None:
        """Hear how many rows are read."""
        self._session.expect(rows)

    def interrupt(self) -> None:
        """Stop the running statement."""
        self._session.interrupt()

    def close(self) -> None:
        """End the conversation."""
        self._session.close()

    # --- inside -----------------------------------------------------------------------------------------------

    def _reading(self, sql: str) -> str:
        require_reading(sql, self.connection.dialect, self.connection.name, self.connection.written_by)
        return sql

    def _require_its_own(self, what: str) -> None:
        if not self.connection.capabilities.read_only:
            raise UnsupportedCapability(
                f"The connection {self.connection.name!r} is 'access: read' and its database has no read-only mode that "
                f"Interlace uses: {what} are not offered, for nobody would see what is written there."
            )
