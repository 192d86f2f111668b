"""The session: one conversation with the file.  What is marked `YOURS` is where another system is spoken to."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from interlace.contracts.connection import Marker, Session
from interlace.contracts.load import AddColumn, AlterType, Insert, LoadCounts, LoadPlan, Publish, Query
from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import Defect, QueryFailed, UnsupportedCapability
from interlace_example import arrow, tables

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.load import Step
    from interlace_example.connection import ExampleConnection

MARKERS = Relation("_interlace.commits", "main")
_DESCRIBED = Relation("__interlace_described", "temp")


class ExampleSession(Session):
    """Statements, loads and the catalogue, over one connection of sqlite3."""

    connection: ExampleConnection

    def __init__(self, connection: ExampleConnection, database: sqlite3.Connection) -> None:
        self.connection = connection
        self._database = database
        self._dead: QueryFailed | None = None
        self._closed = False

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run one statement."""
        changed = self._run(sql).rowcount
        return changed if changed >= 0 else None

    def fetch(self, sql: str, limit: int | None = None) -> list[tuple[Any, ...]]:
        """Run a query; sqlite3 computes rows as they are fetched, so that is where it may fail too."""
        cursor = self._run(sql)
        with self._failing(sql), contextlib.closing(cursor):
            return list(itertools.islice(cursor, limit))

    def arrow(self, sql: str, *, batch_size: int = 100_000) -> pa.RecordBatchReader:
        """Stream rows as Arrow; the types are the declared ones, or those of the first batch where none is declared."""
        columns = self.describe(sql)
        return arrow.reader(self._run(sql), columns, batch_size)

    def describe(self, sql: str) -> tuple[Column, ...]:
        """Bind a query, as a view that nobody reads."""
        self._run(f"CREATE TEMPORARY VIEW {self.quote(_DESCRIBED.name)} AS {sql}")
        try:
            return self.columns(_DESCRIBED)
        finally:
            if self._dead is None:
                self._run(f"DROP VIEW {self.name(_DESCRIBED)}")

    # --- catalogue --------------------------------------------------------------------------------------------
    # YOURS: where the system keeps what tables and columns there are.

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one table or view."""
        arguments = ", ".join(tables.literal(part) for part in reversed(relation.parts))
        sql = f'SELECT name, type, "notnull" FROM pragma_table_xinfo({arguments})'
        columns = tuple(tables.column(*row) for row in self.fetch(sql))
        if not columns:
            self._fail(QueryFailed(f"There is no table or view {relation}.", sql=sql))
        return columns

    def catalogue(self, schemas: Sequence[str | None]) -> dict[Relation, RelationInfo]:
        """All tables and views; there is one schema."""
        if not {"main", None} & set(schemas):
            return {}
        found: dict[Relation, list[Column]] = {}
        kinds: dict[Relation, str] = {}
        for name, kind, *column in self.fetch(tables.CATALOGUE):
            relation = Relation(name, "main")
            kinds[relation] = kind
            found.setdefault(relation, []).append(tables.column(*column))
        found.pop(MARKERS, None)
        return {
            relation: RelationInfo(relation, "view" if kinds[relation] == "view" else "table", tuple(columns))
            for relation, columns in found.items()
        }

    def create_schema(self, schema: str) -> None:
        """Nothing to do for the one schema that there is."""
        if schema != "main":
            raise UnsupportedCapability(f"SQLite has no schemas; {schema!r} cannot be made.")

    def drop(self, relation: Relation, kind: str) -> None:
        """Drop a table or view."""
        self._run(f"DROP {kind.upper()} IF EXISTS {self.name(relation)}")

    # --- loading ----------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One writer at a time: the lock is taken at the beginning, so that no statement later on finds it taken."""
        if self._in_transaction():
            raise Defect("a transaction is open already")
        with self._begin("BEGIN IMMEDIATE"):
            yield

    def apply(self, plan: LoadPlan) -> LoadCounts:
        """Perform the steps; rows are counted by the inserts."""
        counts = [self._perform(step) for step in plan.steps]
        return LoadCounts(inserted=sum(count for count in counts if count is not None))

    def mark(self, marker: Marker) -> None:
        """Insert a row, and make the table for it if need be: both roll back."""
        name = self.name(MARKERS)
        self._run(f"CREATE TABLE IF NOT EXISTS {name} (target TEXT, attempt TEXT, run TEXT, interval TEXT)")
        values = (marker.target, marker.attempt, marker.run, marker.interval)
        self._run(f"INSERT INTO {name} VALUES ({', '.join(map(tables.literal, values))})")

    def markers(self) -> list[Marker]:
        """The markers, in the order in which they were inserted."""
        if not self._has_markers():
            return []
        rows = self.fetch(f"SELECT target, attempt, run, interval FROM {self.name(MARKERS)} ORDER BY rowid")
        return [Marker(*row) for row in rows]

    def forget_markers(self, attempts: Sequence[str]) -> None:
        """Delete them."""
        if attempts and self._has_markers():
            listed = ", ".join(map(tables.literal, attempts))
            self._run(f"DELETE FROM {self.name(MARKERS)} WHERE attempt IN ({listed})")

    def create_view(self, relation: Relation, sql: str) -> None:
        """Make or replace a view."""
        with contextlib.nullcontext() if self._in_transaction() else self.transaction():
            self.drop(relation, "view")
            self._run(f"CREATE VIEW {self.name(relation)} AS {sql}")

    def load_arrow(
        self, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None, *, temporary: bool = True
    ) -> int:
        """Fill a new table, a chunk of rows at a time."""
        target = Relation(relation.name, "temp") if temporary else relation
        if self._in_transaction():
            return arrow.load(self, self._insert_many, target, batches, schema)
        # Where only the temporary database is written, nobody has to wait.
        with self._begin("BEGIN" if temporary else "BEGIN IMMEDIATE"):
            return arrow.load(self, self._insert_many, target, batches, schema)

    def copy_out(self, sql: str, path: Path, format: str, options: dict[str, object]) -> int:  # noqa: A002
        """SQLite writes no files of other formats."""
        del sql, path, options
        raise UnsupportedCapability(f"SQLite cannot write {format}.")

    # --- other ------------------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """One identifier in double quotes."""
        return tables.quote(name)

    def ibis(self) -> NoReturn:
        """Ibis opens SQLite files by itself and cannot share this session's transaction."""
        raise UnsupportedCapability("The connection 'example' has no ibis backend.")

    def interrupt(self) -> None:
        """Stop the running statement."""
        with contextlib.suppress(sqlite3.ProgrammingError):  # closed in the meantime
            self._database.interrupt()

    def close(self) -> None:
        """Close; sqlite3 rolls an open transaction back."""
        self._closed = True
        self._database.close()

    # --- inside -----------------------------------------------------------------------------------------------

    def rebuild(self, relation: Relation, columns: Sequence[Column]) -> None:
        """Give a table other columns: the types that are declared count for what is inserted later."""
        kept = [c.name for c in columns if c.name in {each.name for each in self.columns(relation)}]
        self._publish(relation, Query(f"SELECT {', '.join(map(self.quote, kept))} FROM {self.name(relation)}"), columns)

    # YOURS: how a table is put in the place of another; without transactions for DDL, by renaming.

    def _perform(self, step: Step) -> int | None:
        match step:
            case Publish(target, source):
                return self._publish(target, source, self.describe(self._query(source)))
            case AddColumn(target, column):
                self._run(f"ALTER TABLE {self.name(target)} ADD COLUMN {tables.definition(column)}")
            case AlterType(target, name, kind):
                columns = self.columns(target)
                self.rebuild(target, [Column(c.name, kind if c.name == name else c.type, c.nullable) for c in columns])
            case Insert(target, names, source):
                return self._insert(target, names, source)
            case _:
                raise UnsupportedCapability(f"'example' cannot do the step {type(step).__name__} of a load")
        return None

    def _publish(self, target: Relation, source: Query | Relation, columns: Sequence[Column]) -> int | None:
        """Fill a table beside the target, which the query may read, and put it in its place."""
        side = Relation(f"__interlace_new_{target.name}", target.schema)
        definitions = ", ".join(tables.definition(column) for column in columns)
        self._run(f"CREATE TABLE {self.name(side)} ({definitions})")
        read = [column.name for column in self.describe(self._query(source))]
        inserted = self._insert(side, read, source)
        self.drop(target, "table")
        self._run(f"ALTER TABLE {self.name(side)} RENAME TO {self.quote(target.name)}")
        return inserted

    def _insert(self, target: Relation, names: Sequence[str], source: Query | Relation) -> int | None:
        """Insert by name. A column is qualified: SQLite takes an unknown name in double quotes for a text."""
        into = ", ".join(map(self.quote, names))
        read = ", ".join(f"source.{self.quote(name)}" for name in names)
        query = self._query(source)
        return self.execute(f"INSERT INTO {self.name(target)} ({into}) SELECT {read} FROM ({query}\n) AS source")

    def _query(self, source: Query | Relation) -> str:
        return source.sql if isinstance(source, Query) else f"SELECT * FROM {self.name(source)}"

    def _insert_many(self, sql: str, rows: Iterator[tuple[object, ...]]) -> None:
        with self._failing(sql):
            self._database.executemany(sql, rows)

    @contextmanager
    def _begin(self, sql: str) -> Iterator[None]:
        self._run(sql)
        try:
            yield
            self._commit()
        except BaseException:
            self._roll_back()
            raise

    def _commit(self) -> None:
        if self._dead is not None:
            raise QueryFailed("The transaction cannot commit, because a statement in it failed.") from self._dead
        self._run("COMMIT")

    def _has_markers(self) -> bool:
        return bool(self.fetch(f"SELECT 1 FROM main.sqlite_master WHERE name = {tables.literal(MARKERS.name)}"))

    # YOURS: all statements come through here; a driver's error becomes `QueryFailed`, and ends the transaction.

    def _run(self, sql: str) -> sqlite3.Cursor:
        if self._dead is not None:
            raise QueryFailed("The transaction is over: a statement in it failed.", sql=sql) from self._dead
        with self._failing(sql):
            return self._database.execute(sql)

    @contextmanager
    def _failing(self, sql: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, sqlite3.Warning) as error:
            self._fail(QueryFailed(str(error), sql=sql), error)

    def _fail(self, failure: QueryFailed, cause: Exception | None = None) -> NoReturn:
        if self._in_transaction():
            self._dead = failure
        raise failure from cause

    def _roll_back(self) -> None:
        self._dead = None
        if self._in_transaction():
            self._database.execute("ROLLBACK")

    def _in_transaction(self) -> bool:
        return not self._closed and self._database.in_transaction
