"""A query's rows as Arrow, in bounded memory, inside the session's transaction: by COPY, or from a cursor of the server."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from psycopg.adapt import Loader
from psycopg.pq import Format

from interlace.contracts.arrow_stream import stream_ended
from interlace.errors import InterlaceError, QueryFailed
from interlace_postgres.copying import CopyStream, copies
from interlace_postgres.kinds import arrow_kind
from interlace_postgres.quoting import identifier

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import Buffer

    from interlace_postgres.session import PostgresSession

__all__ = ["Stream", "begin"]

_numbers = count(1)


def begin(session: PostgresSession, sql: str, size: int, *, cursor: bool = False) -> Stream | CopyStream:
    """Bind a query and have the server begin.

    Args:
        size: rows of a batch.
        cursor: leave the connection free for other statements while the rows are read, which costs more.

    Raises:
        QueryFailed: the query is refused.
    """
    found = session.bound(sql)
    elements = session.elements(oid for _, oid, _ in found)
    kinds = [arrow_kind(oid, modifier, elements) for _, oid, modifier in found]
    schema = pa.schema([(name, kind) for (name, _, _), (kind, _) in zip(found, kinds, strict=True)])
    query = _cast(sql, [cast for _, cast in kinds])
    made = CopyStream if copies(schema) and not cursor else Stream
    stream = made(session, query, sql, schema, size)
    stream.begin()
    return stream


class Stream:
    """One query that is being read from a cursor.

    Args:
        query: the statement, with its casts.
        sql: what errors show.
        schema: of the rows.
        size: rows of a batch.
    """

    def __init__(self, session: PostgresSession, query: str, sql: str, schema: pa.Schema, size: int) -> None:
        self._session = session
        self._query = query
        self._sql = sql
        self._size = size
        self._name = identifier(f"__interlace_stream_{next(_numbers)}")
        self._own_transaction = False
        self._open = False
        self.schema = schema

    def begin(self) -> None:
        """Open the cursor.

        Raises:
            QueryFailed: the query is refused.
        """
        self._own_transaction = not self._session.in_transaction
        if self._own_transaction:
            self._session.act("BEGIN", "BEGIN")
        try:
            self._session.act(f"DECLARE {self._name} NO SCROLL CURSOR FOR {self._query}", self._sql)
        except InterlaceError:
            if self._own_transaction:
                self._session.act("ROLLBACK", "ROLLBACK")
            raise
        self._open = True

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows that are left, batch by batch."""
        while True:
            if not self._open:
                raise self._session.killed(stream_ended(self._sql))
            rows = self._fetch()
            if rows:
                yield self._batch(rows)
            if len(rows) < self._size:
                self.end()
                return

    def end(self) -> None:
        """Close the cursor; whoever still reads is told."""
        if not self._open:
            return
        self._open = False
        if self._own_transaction:
            self._session.act("COMMIT", "COMMIT")
        else:
            self._session.act(f"CLOSE {self._name}", "CLOSE")

    def _fetch(self) -> list[tuple[Any, ...]]:
        def rows(connection: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
            cursor = connection.cursor(binary=True)
            cursor.adapters.register_loader("interval", _IntervalLoader)
            return cursor.execute(f"FETCH FORWARD {self._size} FROM {self._name}".encode()).fetchall()

        try:
            return self._session.guarded(self._sql, rows)
        except BaseException:
            self._open = False
            if self._own_transaction:
                self._session.act("ROLLBACK", "ROLLBACK")
            raise

    def _batch(self, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
        arrays = []
        for field, values in zip(self.schema, zip(*rows, strict=True), strict=True):
            try:
                arrays.append(_array(values, field.type))
            except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
                raise self._session.killed(
                    QueryFailed(
                        f"Column {field.name!r} holds a value that is no {field.type}: {error}",
                        sql=self._sql,
                        hint="Cast the column in the query: a numeric to numeric(38, 10), for example, or to text.",
                    )
                ) from error
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if isinstance(kind, pa.JsonType):
        return pa.ExtensionArray.from_storage(kind, pa.array(values, pa.string()))
    return pa.array(values, kind)


def _cast(sql: str, casts: Sequence[str | None]) -> str:
    """The query with some of its columns cast."""
    if not any(casts):
        return sql
    names = [f"c{number}" for number in range(len(casts))]
    chosen = ", ".join(name if to is None else f"{name}::{to}" for name, to in zip(names, casts, strict=True))
    return f"SELECT {chosen} FROM ({sql}\n) AS q({', '.join(names)})"


class _IntervalLoader(Loader):
    """An interval as it is stored: its months and days are not turned into others."""

    format = Format.BINARY

    def load(self, data: Buffer) -> pa.MonthDayNano:
        microseconds, days, months = struct.unpack("!qii", data)
        return pa.MonthDayNano([months, days, microseconds * 1000])
