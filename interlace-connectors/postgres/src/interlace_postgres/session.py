"""A conversation with PostgreSQL: one connection of the pool."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import psycopg
from psycopg.pq import ExecStatus, TransactionStatus

from interlace.contracts.connection import Marker, Published, Session
from interlace.contracts.load import Publish, Step
from interlace.contracts.relation import Column, Relation, RelationInfo, RelationKind
from interlace.errors import InterlaceError, QueryFailed, UnsupportedCapability
from interlace_postgres import markers, quoting, render
from interlace_postgres.binding import Bound, bind, columns_bound, elements_of
from interlace_postgres.catalogue import catalogue_query, columns_of, columns_query, relations_of
from interlace_postgres.failures import commit_in_doubt, query_failed
from interlace_postgres.transaction import Transaction

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace.contracts.attachments import Attachments
    from interlace.contracts.exchange import Exchange
    from interlace_postgres.connection import PostgresConnection
    from interlace_postgres.copying import CopyStream
    from interlace_postgres.streaming import Stream

__all__ = ["PostgresSession"]

T = TypeVar("T")

# What a cursor of the server can be made for.
_QUERY: Final = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(?:SELECT|WITH|VALUES|TABLE)\b", re.IGNORECASE | re.DOTALL)


class PostgresSession(Session):
    """One connection to the server, given back to the pool when the session ends."""

    connection: PostgresConnection

    def __init__(self, connection: PostgresConnection, server: psycopg.Connection[Any]) -> None:
        self.connection = connection
        self._server = server
        self._transaction = Transaction(self._command, self._fence)
        self._ibis: ibis.BaseBackend | None = None
        self._stream: Stream | CopyStream | None = None
        self._busy = False
        self._temporary = False
        self._closed = False

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run one statement; of several, which the server runs as one, the rows of the first count."""
        self.connection.make_default_schema()
        return self._run(sql, _changed)

    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query; moments come in UTC, JSON as its text."""
        if limit is None:
            return self._run(sql, _rows)
        if limit <= 0 or not _QUERY.match(sql):
            return self._run(sql, _rows)[: max(limit, 0)]
        # In one message, which is a transaction of its own where none is open.
        first = (
            f'DECLARE "__interlace_first" NO SCROLL CURSOR FOR {sql}\n; FETCH FORWARD {limit} FROM "__interlace_first"'
        )
        return self._run(f'{first}; CLOSE "__interlace_first"', _rows_of_second, shown=sql)

    def arrow(self, sql: str, *, batch_size: int = 100_000) -> pa.RecordBatchReader:
        """Run a query and stream its rows; what fails later is raised by the reader, as `QueryFailed`."""
        return self.stream(sql, batch_size)

    def stream(self, sql: str, size: int, *, cursor: bool = False) -> pa.RecordBatchReader:
        """As `arrow` does; from a cursor, the rows can be read while ibis uses the connection."""
        import pyarrow as pa

        from interlace_postgres.streaming import begin

        stream = begin(self, sql, size, cursor=cursor)
        self._stream = stream
        return pa.RecordBatchReader.from_batches(stream.schema, stream.batches())

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give: the server is asked to prepare it."""
        return columns_bound(self.bound(sql), self.fetch)

    def bound(self, sql: str) -> list[Bound]:
        """The name, type and modifier of each column that a query would give."""
        self._end_stream()
        return self.guarded(sql, lambda server: bind(server, sql))

    def elements(self, types: Iterable[int]) -> dict[int, int]:
        """The types of the elements of those types that are arrays."""
        return elements_of(types, self._server.adapters.types, self.fetch)

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation."""
        return columns_of(self.fetch(columns_query(relation))[0][0])

    def catalogue(self, schemas: Sequence[str | None]) -> dict[Relation, RelationInfo]:
        """All tables and views in the given schemas."""
        asked = list(dict.fromkeys(schema or self.connection.default_schema() for schema in schemas))
        return relations_of(self.fetch(catalogue_query(asked))) if asked else {}

    def create_schema(self, schema: str) -> None:
        """Make a schema unless it is there, on a connection of its own."""
        self.connection.make_schema(schema)

    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a relation of this kind; refused where another depends on it."""
        self.execute(f"DROP {kind.upper()} IF EXISTS {quoting.qualified(relation)}")

    # --- loading ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit when the block ends, roll back when it raises or when anything in it was refused."""
        self.connection.make_default_schema()
        self._end_stream()
        with self._transaction:
            yield

    def statements(self, step: Step) -> tuple[str, ...]:
        """The SQL of one step; what stands at the target of a `Publish` is looked up."""
        return render.statements(self, step)

    def publish_together(self, steps: Sequence[Publish]) -> list[Published]:
        """Make several tables by two messages; one that something stands on needs its own."""
        from interlace_postgres.together import publish_together

        return publish_together(self, steps)

    def mark(self, marker: Marker) -> None:
        """Leave a marker, with the token of the lease that is held."""
        self.connection.make_commits()
        self.execute(markers.insert(marker, self.connection.leases.token()))

    def markers(self) -> list[Marker]:
        """The markers that are there, those of commits that the server was still asked for included."""
        if not self.fetch(markers.EXISTS):
            return []
        if not self.in_transaction:
            self.connection.leases.settle(self.fetch)
        return markers.markers_of(self.fetch(markers.READ))

    def forget_markers(self, attempts: Sequence[str]) -> None:
        """Delete the markers of these attempts."""
        if attempts and self.fetch(markers.EXISTS):
            self.execute(markers.forget(attempts))

    def create_view(self, relation: Relation, sql: str) -> None:
        """Make or replace a view: in place where its old columns stay, so that views on it stay as they are.

        Elsewhere a new one gets the owner, the grants and the comments of the old one.
        """
        from interlace_postgres.dressing import dress
        from interlace_postgres.standing import standing

        before = standing(self, relation)
        new = self.describe(sql) if before is not None else ()
        if before is None or new[: len(before.columns)] == _bare(before.columns):
            self.execute(render.view(relation, sql))
            return
        with contextlib.nullcontext() if self.in_transaction else self.transaction():
            has = dress(self, relation).shown("VIEW", relation, [column.name for column in new])
            self.drop(relation, "view")
            self.execute("; ".join((f"{render.view(relation, sql)}\n", *has)))

    def view_query(self, relation: Relation) -> str:
        """The query of a view, with every schema named."""
        from interlace_postgres.exchanging import view_query

        return view_query(self, relation)

    def exchange(self, exchanges: Sequence[Exchange], views: Mapping[Relation, str] | None = None) -> None:
        """Put tables in the places of others: they change their schema, and nothing is copied."""
        from interlace_postgres.exchanging import exchange

        exchange(self, exchanges, views or {})

    def attach(self, relation: Relation, kind: RelationKind, attachments: Attachments) -> None:
        """Make indexes, grants and comments be what is declared."""
        from interlace_postgres.attaching import attach

        attach(self, relation, kind, attachments)

    def load_arrow(
        self, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None, *, temporary: bool = True
    ) -> int:
        """Load batches by COPY; a table that is not temporary is made inside the open transaction, or one of its own."""
        from interlace_postgres.loading import load_table, load_temporary

        if temporary:
            self._temporary = True
            return load_temporary(self, relation, batches, schema)
        with contextlib.nullcontext() if self.in_transaction else self.transaction():
            return load_table(self, relation, batches, schema)

    def worth_reaching(self, relation: Relation) -> bool:
        """Whether it is a table of many bytes."""
        from interlace_postgres.direct import is_worth

        return is_worth(self, relation)

    def readable(self, sql: str) -> str | None:
        """The query as DuckDB's extension reads it right."""
        from interlace_postgres.direct import readable

        return readable(self, sql)

    def copy_in(self, sql: str, data: pa.Buffer) -> None:
        """Send the rows of a ``COPY … FROM STDIN``."""

        def send(server: psycopg.Connection[Any]) -> None:
            with server.cursor() as cursor, cursor.copy(sql.encode()) as copy:
                copy.write(memoryview(data))

        self._end_stream()
        self.guarded(sql, send)

    def copy_out(self, sql: str, path: Path, format: str, options: dict[str, object]) -> int:  # noqa: A002
        """Refuse: the server writes files only on its own machine; what is exported is streamed as Arrow."""
        del sql, path, options
        raise UnsupportedCapability(f"PostgreSQL writes no {format} files on this machine.")

    # --- other ------------------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """One identifier, quoted."""
        return quoting.identifier(name)

    def name(self, relation: Relation) -> str:
        """A relation's quoted name."""
        return quoting.qualified(relation)

    def ibis(self) -> ibis.BaseBackend:
        """An ibis backend over this connection, the same one each time."""
        if self._ibis is None:
            from interlace_postgres.ibis_backend import backend_over

            self._temporary = True
            self._ibis = backend_over(self, self._server)
        return self._ibis

    def interrupt(self) -> None:
        """Stop the running statement; it raises `QueryFailed`."""
        if self._busy and not self._closed:
            with contextlib.suppress(psycopg.Error):
                self._server.cancel_safe(timeout=10)

    def close(self) -> None:
        """End the conversation."""
        if self._closed:
            return
        self._closed = True
        self._transaction.leave()
        self._stream = None
        with contextlib.suppress(psycopg.Error):
            self._clean()
        self.connection.give_back(self, self._server)

    # --- inside this distribution -----------------------------------------------------------------------------

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._transaction.open

    @property
    def _user(self) -> str:
        return self.connection.config.role or self._server.info.user

    @property
    def in_utc(self) -> bool:
        """Whether the session's time zone is UTC now, as the server last said."""
        return self._server.info.parameter_status("TimeZone") == "UTC"

    def results(self, sql: str) -> list[tuple[int, list[tuple[Any, ...]]]]:
        """Run several statements as one message: of each the rows that it changed, and those that it gave."""
        self.connection.make_default_schema()
        return self._run(sql, _results)

    def act(self, sql: str, shown: str) -> None:
        """Run a statement for a stream, which goes on being read."""
        self.guarded(shown, lambda server: server.execute(sql.encode()))

    def guarded(self, sql: str, act: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Use the connection; whatever is raised kills the open transaction."""
        self._transaction.refuse_when_dead(sql)
        if self._closed:
            raise QueryFailed("The session is closed.", sql=sql)
        try:
            self._busy = True
            return act(self._server)
        except psycopg.Error as error:
            raise self.killed(query_failed(error, sql, lost=self._server.closed, user=self._user)) from error
        except BaseException as error:
            self._transaction.kill(error)
            raise
        finally:
            self._busy = False

    def killed(self, error: InterlaceError) -> InterlaceError:
        """The error, to be raised: the open transaction only rolls back."""
        self._transaction.kill(error)
        return error

    # --- inside -----------------------------------------------------------------------------------------------

    def _run(self, sql: str, take: Callable[[psycopg.Cursor[Any]], T], *, shown: str | None = None) -> T:
        self._end_stream()
        return self.guarded(shown or sql, lambda server: take(server.execute(sql.encode())))

    def _command(self, sql: str) -> str:
        """Begin or end a transaction; gives what the server did."""
        if self._closed:
            raise QueryFailed("The session is closed.", sql=sql)
        try:
            return self._server.execute(sql.encode()).statusmessage or ""
        except psycopg.Error as error:
            if sql == "COMMIT" and self._server.closed:
                raise commit_in_doubt(error) from error
            raise query_failed(error, sql, lost=self._server.closed) from error

    def _fence(self) -> None:
        self._end_stream()
        self.connection.leases.check(self.fetch)

    def _end_stream(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.end()

    def _clean(self) -> None:
        """Leave nothing to the next who is given this connection."""
        if self._busy or self._server.closed:
            self._server.close()
            return
        if self._server.info.transaction_status is not TransactionStatus.IDLE:
            self._server.execute(b"ROLLBACK")
        if self._temporary:
            self._server.execute(b"DISCARD TEMP")


def _changed(cursor: psycopg.Cursor[Any]) -> int | None:
    result = cursor.pgresult
    if result is None or result.status == ExecStatus.TUPLES_OK:
        return None
    return cursor.rowcount if cursor.rowcount >= 0 else None


def _rows(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    return cursor.fetchall() if cursor.description is not None else []


def _results(cursor: psycopg.Cursor[Any]) -> list[tuple[int, list[tuple[Any, ...]]]]:
    found = [(cursor.rowcount, _rows(cursor))]
    while cursor.nextset():
        found.append((cursor.rowcount, _rows(cursor)))
    return found


def _rows_of_second(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    cursor.nextset()
    return cursor.fetchall()


def _bare(columns: Sequence[Column]) -> tuple[Column, ...]:
    """Columns as a query describes them: it says nothing of NULL."""
    return tuple(Column(column.name, column.type) for column in columns)
