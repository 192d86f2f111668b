"""Backends whose connection is one of Python's database API (PEP 249): their cursors are used themselves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pyarrow as pa

from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed
from interlace_ibis.engines.engine import Engine
from interlace_ibis.values import array_of

if TYPE_CHECKING:
    import ibis

    from interlace.contracts.relation import Column

__all__ = ["DBAPI"]

INSERTED_AT_ONCE = 5_000


class DBAPI(Engine):
    """An engine over cursors."""

    placeholder: ClassVar[str] = "?"

    def execute(self, sql: str) -> int | None:
        """Run one statement; a query's rows are dropped."""
        cursor = self.cursor()
        try:
            cursor.execute(sql)
            if cursor.description is not None:
                return None
            return cursor.rowcount if cursor.rowcount >= 0 else None
        finally:
            cursor.close()

    def fetch(self, sql: str, limit: int | None) -> list[tuple[Any, ...]]:
        """Run a query; values as the driver gives them."""
        cursor = self.cursor()
        try:
            cursor.execute(sql)
            if cursor.description is None:
                return []
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit) if limit else []
            return [tuple(row) for row in rows]
        finally:
            cursor.close()

    def stream(self, sql: str, batch_size: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; rows are fetched as they are asked for."""
        described = self.describe(sql)
        cursor = self.streaming_cursor()
        try:
            cursor.execute(sql)
            first = list(cursor.fetchmany(batch_size))
        except BaseException:
            cursor.close()
            raise
        kinds = [self.kind(column, [row[n] for row in first]) for n, column in enumerate(described)]
        schema = pa.schema([(column.name, kind) for column, kind in zip(described, kinds, strict=True)])
        return schema, self._batches(sql, cursor, schema, first, batch_size)

    def _batches(
        self, sql: str, cursor: Any, schema: pa.Schema, rows: list[Sequence[Any]], size: int
    ) -> Iterator[pa.RecordBatch]:
        try:
            while rows:
                yield _batch(sql, rows, schema)
                rows = list(cursor.fetchmany(size)) if len(rows) == size else []
        finally:
            cursor.close()

    def insert(self, relation: Relation, table: pa.Table) -> None:
        """Insert rows, some thousands with each call of the driver."""
        names = ", ".join(self.quote(name) for name in table.column_names)
        marks = ", ".join([self.placeholder] * table.num_columns)
        sql = f"INSERT INTO {self.name(relation)} ({names}) VALUES ({marks})"
        cursor = self.cursor()
        try:
            for batch in table.to_batches(max_chunksize=INSERTED_AT_ONCE):
                cursor.executemany(self.escaped(sql, marks), self.rows(batch))
        finally:
            cursor.close()

    def escaped(self, sql: str, marks: str) -> str:
        """The statement as the driver wants it where it has placeholders."""
        del marks
        return sql

    def rows(self, batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
        """The rows of a batch as the driver takes them."""
        return list(zip(*(column.to_pylist() for column in batch.columns), strict=True))

    def kind(self, column: Column, values: Sequence[Any]) -> pa.DataType:
        """The Arrow type of a column; some of its values tell where its declared type does not."""
        del values
        return self._schema_type(column.type)

    def _schema_type(self, word: str) -> pa.DataType:
        kind = self.con.compiler.type_mapper.from_string(word)
        return kind.to_pyarrow()

    def cursor(self) -> Any:
        """A cursor."""
        return self.con.con.cursor()

    def streaming_cursor(self) -> Any:
        """A cursor that fetches as it is read."""
        return self.cursor()

    @abstractmethod
    def begin(self) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """Commit it."""
        self.execute("COMMIT")

    def roll_back(self) -> None:
        """Roll it back."""
        self.execute("ROLLBACK")

    def backend_for(self, session: Any) -> ibis.BaseBackend:
        """The backend, whose rows come from the session's streams: those of ibis end transactions."""
        return over(self.con, session)


def over(con: Any, session: Any) -> Any:
    """A backend whose queries are run by the session, in its transaction; tables in memory are loaded by it."""

    def to_pyarrow_batches(
        expr: Any, /, *, params: Any = None, limit: Any = None, chunk_size: int = 100_000, **_: Any
    ) -> pa.RecordBatchReader:
        con._run_pre_execute_hooks(expr)  # noqa: SLF001  as ibis does itself
        return session.arrow(con.compile(expr.as_table(), limit=limit, params=params), batch_size=chunk_size)

    def to_pyarrow(expr: Any, /, *, params: Any = None, limit: Any = None, **_: Any) -> Any:
        table = to_pyarrow_batches(expr, params=params, limit=limit).read_all()
        return expr.__pyarrow_result__(table)

    def register(op: Any) -> None:
        table = op.data.to_pyarrow(op.schema)
        session.load_arrow(Relation(op.name), iter(table.to_batches()), table.schema)

    def get_schema(name: str, *, catalog: str | None = None, database: str | None = None) -> Any:
        import ibis

        columns = session.columns(Relation(name, database, catalog))
        mapper = con.compiler.type_mapper
        return ibis.schema({c.name: mapper.from_string(c.type, nullable=c.nullable) for c in columns})

    def schema_of_query(query: str) -> Any:
        import ibis

        mapper = con.compiler.type_mapper
        return ibis.schema({c.name: mapper.from_string(c.type) for c in session.describe(query)})

    con.to_pyarrow_batches = to_pyarrow_batches
    con.to_pyarrow = to_pyarrow
    con._register_in_memory_table = register  # noqa: SLF001  the same
    con._finalize_in_memory_table = lambda name: None  # noqa: ARG005, SLF001  the table ends with the session
    con.get_schema = get_schema
    con._get_schema_using_query = schema_of_query  # noqa: SLF001  the same
    return con


def _batch(sql: str, rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for field, values in zip(schema, zip(*rows, strict=True), strict=True):
        try:
            arrays.append(array_of(values, field.type))
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
            raise QueryFailed(
                f"Column {field.name!r} holds a value that is no {field.type}: {error}",
                sql=sql,
                hint="Cast the column in the query.",
            ) from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
