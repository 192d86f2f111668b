"""A conversation with DuckDB: one cursor."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from interlace.contracts.arrow_stream import stream_ended
from interlace.contracts.connection import Marker, Session
from interlace.contracts.load import LoadCounts, LoadPlan, Publish, Step
from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import QueryFailed
from interlace_duckdb import markers, quoting, render
from interlace_duckdb.breadth import LITTLE
from interlace_duckdb.catalogue import catalogue_query, columns_of, relations_of, size_query, table_query
from interlace_duckdb.copying import copy_statement
from interlace_duckdb.failures import lost_its_cause, query_failed
from interlace_duckdb.transaction import Transaction
from interlace_duckdb.waiting import heedful

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace.contracts.attachments import Attachments
    from interlace.contracts.direct import Door, Reached
    from interlace.contracts.exchange import Exchange
    from interlace.contracts.relation import RelationKind
    from interlace_duckdb.connection import DuckDBConnection
    from interlace_duckdb.instance import Instance

__all__ = ["DuckDBSession"]

T = TypeVar("T")


class DuckDBSession(Session):
    """One cursor of an open database."""

    connection: DuckDBConnection

    def __init__(self, connection: DuckDBConnection, instance: Instance) -> None:
        self.connection = connection
        self._instance = instance
        self._cursor = instance.cursor()
        self._only_reads = connection.access == "read"
        self._transaction = Transaction(self._cursor, reading=self._only_reads)
        self._ibis: ibis.BaseBackend | None = None
        self._turn = 0
        self._interrupted = False
        self._asking_again: duckdb.DuckDBPyConnection | None = None
        self._published: tuple[Relation, int] | None = None
        self._reads_little: bool | None = None
        self._closed = False

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run one statement; a query is run to its end, its rows are dropped."""
        return self._run(sql, self._changed)

    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query; timestamps with time zone come in the session's, which is UTC unless a setting says otherwise."""
        return self._run(sql, self._rows if limit is None else lambda: self._first_rows(limit))

    def arrow(self, sql: str, *, batch_size: int = 100_000) -> pa.RecordBatchReader:
        """Run a query and stream its rows; what fails later is raised by the reader, as `QueryFailed`."""
        import pyarrow as pa

        reader = self._run(sql, lambda: self._cursor.to_arrow_reader(batch_size))
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(sql, reader, self._turn))

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give."""
        return self._run(f"DESCRIBE {sql}", lambda: columns_of(self._cursor.fetchall()), shown=sql)

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation: 0.3 ms whatever the size of the catalogue, 0.05 ms for what was just published."""
        name = quoting.qualified(relation)
        if self._published == (relation, self._turn) and '""' not in name:  # which the parser of table() does not know
            return self._guarded(name, lambda: _new_columns(self._cursor.table(name)))
        return columns_of(self.fetch(f"DESCRIBE {name}"))

    def keeps_still(self, relation: Relation) -> bool:
        """Whether this is a table of the database that the connection opened: a transaction sees one state of it."""
        return bool(self.fetch(table_query(relation.schema or self.connection.default_schema(), relation.name)))

    def catalogue(self, schemas: Sequence[str | None]) -> dict[Relation, RelationInfo]:
        """All tables and views in the given schemas, of the database that the connection opened."""
        asked = list(dict.fromkeys(schema or self.connection.default_schema() for schema in schemas))
        return relations_of(self.fetch(catalogue_query(asked)), asked) if asked else {}

    def create_schema(self, schema: str) -> None:
        """Make a schema unless it is there, on a cursor of its own."""
        sql = f"CREATE SCHEMA IF NOT EXISTS {self.quote(schema)}"
        # Two transactions that make one schema conflict, even with IF NOT EXISTS.
        with self._instance.guard, contextlib.closing(self._instance.cursor()) as cursor:
            try:
                cursor.execute(sql)
            except duckdb.Error as error:
                raise query_failed(error, sql) from error

    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a relation of this kind."""
        self.execute(f"DROP {kind.upper()} IF EXISTS {quoting.qualified(relation)}")

    # --- loading ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit when the block ends, roll back when it raises or when anything in it was refused."""
        if self._only_reads:
            self._end_reading()
        else:
            self._instance.make_markers_table()
        with self._transaction:
            yield

    def apply(self, plan: LoadPlan) -> LoadCounts:
        """Perform a plan's steps."""
        counts = super().apply(plan)
        if plan.steps and isinstance(last := plan.steps[-1], Publish):
            self._published = last.target, self._turn
        return counts

    def statements(self, step: Step) -> tuple[str, ...]:
        """The SQL of one step."""
        return render.statements(self, step)

    def mark(self, marker: Marker) -> None:
        """Leave a marker."""
        self.execute(markers.insert(marker))

    def markers(self) -> list[Marker]:
        """The markers that are there."""
        return markers.markers_of(self.fetch(markers.READ)) if self.fetch(markers.EXISTS) else []

    def forget_markers(self, attempts: Sequence[str]) -> None:
        """Delete the markers of these attempts."""
        if attempts and self.fetch(markers.EXISTS):
            self.execute(markers.forget(attempts))

    def attach(self, relation: Relation, kind: RelationKind, attachments: Attachments) -> None:
        """Make comments be what is declared."""
        from interlace_duckdb.comments import comment

        comment(self, relation, kind, attachments)

    def create_view(self, relation: Relation, sql: str) -> None:
        """Make or replace a view."""
        self.execute(render.view(relation, sql))

    def view_query(self, relation: Relation) -> str:
        """The query of a view."""
        from interlace_duckdb.exchanging import view_query

        return view_query(self, relation)

    def exchange(self, exchanges: Sequence[Exchange], views: Mapping[Relation, str] | None = None) -> None:
        """Put tables in the places of others, by copies inside the file; views find them by name."""
        from interlace_duckdb.exchanging import exchange

        exchange(self, exchanges)
        for relation, query in (views or {}).items():
            self.create_view(relation, query)

    def load_arrow(
        self, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None, *, temporary: bool = True
    ) -> int:
        """Load batches; a table that is not temporary is made inside the open transaction, or in one of its own."""
        from interlace_duckdb.arrow import ArrowLoad

        load = ArrowLoad(self.execute, self._cursor, relation, temporary=temporary)
        with contextlib.nullcontext() if temporary or self._transaction.open else self.transaction():
            return load.run(batches, schema)

    def worth_reaching(self, relation: Relation) -> bool:
        """Whether it is a table of many values, as the catalogue guesses."""
        from interlace_duckdb.direct import WORTH

        found = self.fetch(size_query(relation.schema or self.connection.default_schema(), relation.name))
        return bool(found) and int(found[0][0]) >= WORTH

    def readable(self, sql: str) -> str | None:
        """The query itself, where its types are those that PostgreSQL has, too."""
        from interlace_duckdb.direct import arrive

        return sql if arrive(self.describe(sql)) else None

    def reaching(self, door: Door, *, write: bool) -> contextlib.AbstractContextManager[Reached]:
        """Reach a PostgreSQL by DuckDB's extension."""
        from interlace_duckdb.direct import reaching

        return reaching(self, self._instance, door, write=write)

    def copy_out(self, sql: str, path: Path, format: str, options: dict[str, object]) -> int:  # noqa: A002
        """Write a query's rows to a file.

        The options are DuckDB's: for csv ``header, delimiter, quote, escape, nullstr, dateformat, timestampformat,
        compression``, for parquet ``compression, row_group_size``, for json ``array, compression``.
        """
        return self.execute(copy_statement(sql, path, format, options)) or 0

    def expect(self, rows: int | None) -> None:
        """Leave the threads out while all sessions read little."""
        little = rows is not None and rows <= LITTLE
        if little is not self._reads_little:
            self._reads_little = little
            change = self._instance.breadth.narrow if little else self._instance.breadth.widen
            change(self)

    # --- other ------------------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """One identifier, quoted."""
        return quoting.identifier(name)

    def name(self, relation: Relation) -> str:
        """A relation's quoted name."""
        return quoting.qualified(relation)

    def ibis(self) -> ibis.BaseBackend:
        """An ibis backend over this cursor, the same one each time.  What it registers goes when the session is closed."""
        if self._ibis is None:
            from interlace_duckdb.ibis_backend import backend_over

            self._ibis = backend_over(
                self._cursor, self._begin_turn, lambda sql, rows: self.arrow(sql, batch_size=rows)
            )
            self._transaction.others_write = True
            # ibis sets its cursor to UTC: what the project set comes back.
            for name, value in self.connection.config.settings.items():
                if name.lower() == "timezone":
                    self.execute(f"SET SESSION TimeZone = {quoting.literal(value)}")
        return self._ibis

    def interrupt(self) -> None:
        """Stop the running statement; it raises `QueryFailed`."""
        if not self._closed:
            self._interrupted = True
            for cursor in (self._cursor, self._asking_again):
                if cursor is not None:
                    cursor.interrupt()

    def close(self) -> None:
        """End the conversation."""
        if not self._closed:
            self._closed = True
            self._cursor.close()
            self._instance.breadth.leave(self)

    # --- inside -----------------------------------------------------------------------------------------------

    def _run(self, sql: str, take: Callable[[], T], *, shown: str | None = None) -> T:
        """Run a statement and take its result; whatever is raised kills the open transaction."""

        def act() -> T:
            self._begin_turn()
            self._cursor.execute(sql)
            return take()

        return self._guarded(shown or sql, act)

    def _guarded(self, sql: str, act: Callable[[], T]) -> T:
        self._transaction.refuse_when_dead(sql)
        if self._closed:
            raise QueryFailed("The session is closed.", sql=sql)
        self._interrupted = False
        try:
            return heedful(act, self._cursor.interrupt)
        except duckdb.Error as error:
            failed = query_failed(self._real(error, sql), sql)
            self._transaction.kill(failed)
            raise failed from error
        except BaseException as error:
            self._transaction.kill(error)
            raise

    def _real(self, error: duckdb.Error, sql: str) -> duckdb.Error:
        """What really went wrong.

        When a query fails while its rows are fetched, DuckDB only says that it ended: it is asked again, in one piece.
        """
        if self._interrupted or not lost_its_cause(error):
            return error
        with contextlib.closing(self._instance.cursor()) as cursor:
            self._asking_again = cursor
            try:
                heedful(lambda: _run_to_its_end(cursor, sql), cursor.interrupt)
            except duckdb.Error as real:
                return error if lost_its_cause(real) else real
            finally:
                self._asking_again = None
        return error

    def _changed(self) -> int | None:
        columns = self._cursor.description
        if columns is not None and len(columns) == 1 and columns[0][0] == "Count":
            row = self._cursor.fetchone()
            return int(row[0]) if row else None
        # DuckDB computes the rows of a query as they are fetched.
        while self._cursor.fetchmany(2048):
            pass
        return None

    def _rows(self) -> list[tuple[Any, ...]]:
        return self._cursor.fetchall()

    def _first_rows(self, limit: int) -> list[tuple[Any, ...]]:
        rows = self._cursor.fetchmany(limit) if limit else []
        self._cursor.execute("")  # ends the rest of the query, which would hold on to what it reads
        return rows

    def _begin_turn(self) -> None:
        self._turn += 1
        if self._reads_little is None:
            self.expect(None)
        if self._only_reads and not self._transaction.open:
            self._end_reading()
            self._cursor.execute(Transaction.READ)

    def _end_reading(self) -> None:
        """End the transaction of the statement before: each reads what is committed when it begins."""
        with contextlib.suppress(duckdb.TransactionException):
            self._cursor.execute("ROLLBACK")

    def _batches(self, sql: str, reader: pa.RecordBatchReader, turn: int) -> Iterator[pa.RecordBatch]:
        """The batches of a reader, one read ahead.

        Once another statement ran on the cursor, DuckDB ends the reader as if its rows were all read: that is an error.
        """
        import pyarrow as pa

        following: pa.RecordBatch | None = None
        try:
            for batch in reader:
                if following is not None:
                    yield following
                    self._still(turn, sql)
                following = batch
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            failed = query_failed(duckdb.Error(str(error)), sql)
            self._transaction.kill(failed)
            raise failed from error
        if following is not None:
            yield following

    def _still(self, turn: int, sql: str) -> None:
        if turn != self._turn:
            ended = stream_ended(sql)
            self._transaction.kill(ended)
            raise ended


def _run_to_its_end(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    relation = cursor.sql(sql)
    if relation is not None:
        relation.execute()


def _new_columns(table: duckdb.DuckDBPyRelation) -> tuple[Column, ...]:
    """The columns of a table that a query just made: none has a constraint yet."""
    return tuple(Column(name, str(type_)) for name, type_ in zip(table.columns, table.types, strict=True))
