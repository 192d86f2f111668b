"""A conversation with a backend of ibis."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from interlace.contracts.arrow_stream import stream_ended
from interlace.contracts.connection import Marker, Session
from interlace.contracts.load import Step
from interlace.contracts.read_only_sql import UNPARSED, why_no_reading
from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import ConnectionFailure, InterlaceError, QueryFailed, UnsupportedCapability
from interlace_ibis.markers import markers_of
from interlace_ibis.rendering import statements
from interlace_ibis.transaction import Transaction

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace_ibis.connection import IbisConnection
    from interlace_ibis.engines.engine import Engine

__all__ = ["IbisSession"]

T = TypeVar("T")


class IbisSession(Session):
    """One open backend; its engine knows the ways of the database behind it."""

    connection: IbisConnection

    def __init__(self, connection: IbisConnection, engine: Engine) -> None:
        self.connection = connection
        self.engine = engine
        self._transaction = Transaction(
            lambda: self._command("BEGIN", engine.begin),
            self._commit,
            lambda: self._command("ROLLBACK", engine.roll_back),
        )
        self._temporaries: dict[Relation, None] = {}
        self._ibis: ibis.BaseBackend | None = None
        self._turn = 0
        self._busy = False
        self._closed = False
        self._stream: Any = None

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run one statement."""
        self._read_only(sql)
        return self.guarded(sql, lambda: self.engine.execute(sql))

    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query; values as the driver gives them."""
        self._read_only(sql)
        return self.guarded(sql, lambda: self.engine.fetch(sql, limit))

    def arrow(self, sql: str, *, batch_size: int = 100_000) -> pa.RecordBatchReader:
        """Run a query and stream its rows; what fails later is raised by the reader, as `QueryFailed`."""
        import pyarrow as pa

        self._read_only(sql)
        schema, batches = self.guarded(sql, lambda: self.engine.stream(sql, batch_size))
        self._stream = batches
        return pa.RecordBatchReader.from_batches(schema, self._batches(sql, batches, self._turn))

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give."""
        self._read_only(sql)
        return self.guarded(sql, lambda: self.engine.describe(sql))

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation."""
        return self.guarded(f"SELECT * FROM {self.name(relation)}", lambda: self.engine.columns(relation))

    def catalogue(self, schemas: Sequence[str | None]) -> dict[Relation, RelationInfo]:
        """All tables and views in the given schemas."""
        named = [schema or self.connection.default_schema() for schema in schemas]
        asked = list(dict.fromkeys(schema for schema in named if schema is not None))
        return self.guarded("SELECT", lambda: self.engine.catalogue(asked)) if asked else {}

    def create_schema(self, schema: str) -> None:
        """Make a schema unless it is there, on a connection of its own."""
        self.refuse_without("schemas", "make schemas")
        with self.connection.borrowed() as engine:
            try:
                engine.create_schema(schema)
            except Exception as error:
                raise engine.failed(error, f"CREATE SCHEMA {self.quote(schema)}") from error

    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a relation of this kind."""
        self.refuse_without("writes", f"drop a {kind}: it is only read")
        if relation in self._temporaries:
            self.execute(self.engine.drop_temporary(relation))
            del self._temporaries[relation]
            return
        self.execute(f"DROP {kind.upper()} IF EXISTS {self.name(relation)}")

    # --- loading ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit when the block ends, roll back when it raises or when anything in it was refused.

        On a backend without transactions nothing rolls back: what is loaded there is replaced in one statement.
        """
        with self._transaction:
            yield

    def statements(self, step: Step) -> tuple[str, ...]:
        """The SQL of one step."""
        return statements(self, step)

    def swap(self, new: Relation, target: Relation, kind: str | None) -> None:
        """Put a table in the place of what stands at the target."""
        self.fence()
        for statement in self.engine.swap(new, target, kind):
            self.execute(statement)

    def mark(self, marker: Marker) -> None:
        """Leave a marker."""
        self.refuse_without("transactions", "leave a marker together with a load")
        self.connection.make_markers(self)
        self.execute(self.connection.markers.insert(marker))

    def markers(self) -> list[Marker]:
        """The markers that are there."""
        return markers_of(self.fetch(self.connection.markers.read())) if self._has_markers() else []

    def forget_markers(self, attempts: Sequence[str]) -> None:
        """Delete the markers of these attempts."""
        if attempts and self._has_markers():
            self.execute(self.connection.markers.forget(attempts))

    def create_view(self, relation: Relation, sql: str) -> None:
        """Make or replace a view."""
        self.refuse_without("views", "make views")
        for statement in self.engine.view(relation, sql):
            self.execute(statement)

    def load_arrow(
        self, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None, *, temporary: bool = True
    ) -> int:
        """Load batches; a table that is not temporary takes the place of what stands there once all rows are in it."""
        from interlace_ibis.loading import ArrowLoad

        self.refuse_without("arrow_in", "take rows of Python")
        if temporary:
            self.execute(self.engine.drop_temporary(relation))
            self._temporaries[relation] = None
            return ArrowLoad(self, relation, temporary=True).run(batches, schema)
        with contextlib.nullcontext() if self._transaction.open else self.transaction():
            standing = self.standing(relation)
            if standing is None:
                return ArrowLoad(self, relation, temporary=False).run(batches, schema)
            new = Relation(f"__interlace_loaded_{relation.name}"[:63], relation.schema, relation.catalog)
            self.drop(new, "table")
            rows = ArrowLoad(self, new, temporary=False).run(batches, schema)
            self.swap(new, relation, standing.kind)
            return rows

    def copy_out(self, sql: str, path: Path, format: str, options: dict[str, object]) -> int:  # noqa: A002
        """Refuse: what is exported is streamed as Arrow."""
        del sql, path, options
        raise UnsupportedCapability(f"{self.connection.backend.title} writes no {format} files on this machine.")

    # --- other ------------------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """One identifier, quoted."""
        return self.engine.quote(name)

    def name(self, relation: Relation) -> str:
        """A relation's quoted name."""
        return self.engine.name(relation)

    def ibis(self) -> ibis.BaseBackend:
        """The backend, which sees what this session sees."""
        if self._ibis is None:
            self._ibis = self.engine.backend_for(self)
        return self._ibis

    def interrupt(self) -> None:
        """Stop the running statement; it raises `QueryFailed`."""
        self.refuse_without("interrupt", "stop a statement")
        if self._busy and not self._closed:
            self.engine.interrupt()

    def close(self) -> None:
        """End the conversation; an open transaction rolls back."""
        if self._closed:
            return
        self._end_stream()
        self._transaction.leave()
        self._closed = True
        self.connection.give_back(self, reusable=self._ibis is None and not self._busy)

    # --- inside this distribution -----------------------------------------------------------------------------

    @property
    def temporaries(self) -> tuple[Relation, ...]:
        """The temporary relations that it made and left."""
        return tuple(self._temporaries)

    def standing(self, relation: Relation) -> RelationInfo | None:
        """What stands under a name."""
        found = self.catalogue([relation.schema])
        return found.get(Relation(relation.name, relation.schema or self.connection.default_schema()))

    def temporary(self, relation: Relation, query: str) -> tuple[str, ...]:
        """The statements that keep a query's rows; the session drops what they make."""
        self._temporaries[relation] = None
        return self.guarded(query, lambda: self.engine.temporary(relation, query))

    def perform(self, step: Step) -> None:
        """Run the statements of a step."""
        for statement in self.statements(step):
            self.execute(statement)

    def fence(self) -> None:
        """Make sure that nobody took over the right to write.

        Raises:
            RunUnderWay: somebody did.
        """
        if self.connection.leases is not None:
            self.connection.leases.check(self.fetch)

    def insert(self, relation: Relation, table: pa.Table) -> None:
        """Insert rows."""
        self.guarded(f"INSERT INTO {self.name(relation)}", lambda: self.engine.insert(relation, table))

    def refuse_without(self, capability: str, what: str) -> None:
        """Refuse what the backend does not declare.

        Raises:
            UnsupportedCapability: it does not.
        """
        if not getattr(self.connection.capabilities, capability):
            raise UnsupportedCapability(
                f"Connection {self.connection.name!r} ({self.connection.backend.title}) cannot {what}."
            )

    def guarded(self, sql: str, act: Callable[[], T]) -> T:
        """Use the backend; whatever is raised kills the open transaction."""
        self._transaction.refuse_when_dead(sql)
        if self._closed:
            raise QueryFailed("The session is closed.", sql=sql)
        self._end_stream()
        self._turn += 1
        return self._guarded(sql, act)

    # --- inside -----------------------------------------------------------------------------------------------

    def _read_only(self, sql: str) -> None:
        """Refuse what is no query where nothing is written."""
        if self.connection.capabilities.writes:
            return
        why = why_no_reading(sql, self.connection.dialect)
        if why == UNPARSED:
            failed = QueryFailed(why, sql=sql)
            self._transaction.kill(failed)
            raise failed
        if why is not None:
            refused = UnsupportedCapability(f"Interlace writes nothing to {self.connection.backend.title}: {why}.")
            self._transaction.kill(refused)
            raise refused

    def _guarded(self, sql: str, act: Callable[[], T]) -> T:
        try:
            self._busy = True
            return act()
        except InterlaceError as error:
            self._transaction.kill(error)
            raise
        except Exception as error:
            failed = self.engine.failed(error, sql)
            self._transaction.kill(failed)
            raise failed from error
        except BaseException as error:
            self._transaction.kill(error)
            raise
        finally:
            self._busy = False

    def _command(self, word: str, act: Callable[[], None]) -> None:
        """Begin or end a transaction."""
        self._end_stream()
        try:
            act()
        except Exception as error:
            raise self.engine.failed(error, word) from error

    def _commit(self) -> None:
        self.fence()
        try:
            self._command("COMMIT", self.engine.commit)
        except ConnectionFailure as lost:
            lost.transient = False
            lost.in_doubt = True
            raise

    def _end_stream(self) -> None:
        stream, self._stream = self._stream, None
        close = getattr(stream, "close", None)
        if close is not None:
            close()

    def _batches(self, sql: str, batches: Iterator[pa.RecordBatch], turn: int) -> Iterator[pa.RecordBatch]:
        while True:
            if turn != self._turn:
                ended = stream_ended(sql)
                self._transaction.kill(ended)
                raise ended
            batch = self._guarded(sql, lambda: next(batches, None))
            if batch is None:
                return
            yield batch

    def _has_markers(self) -> bool:
        if not self.connection.capabilities.transactions:
            return False
        return self.connection.has_markers(self)
