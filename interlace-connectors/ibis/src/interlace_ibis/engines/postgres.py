"""PostgreSQL, and servers that speak its protocol, through ibis: for what `interlace-postgres` asks too much of."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from typing import Any, ClassVar, Final

import psycopg
import pyarrow as pa

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import ConnectionFailure, InterlaceError, QueryFailed
from interlace_ibis.engines.dbapi import DBAPI
from interlace_ibis.quoting import literal

__all__ = ["Postgres"]

_TRANSIENT: Final = ("08", "40", "53", "57P", "55P03")
_DOWN: Final = ("refused", "timeout", "No such file", "starting up", "shutting down", "closed the connection")

_numbers = count(1)


class Postgres(DBAPI):
    """One connection to a server."""

    placeholder: ClassVar[str] = "%s"

    @classmethod
    def made_schema(cls, options: Mapping[str, Any], url: str | None) -> str:
        """``public``, or what the option `schema` of ibis says."""
        del url
        return str(options.get("schema") or "public")

    # --- statements -------------------------------------------------------------------------------------------

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns of a temporary view."""
        made = self.quote(f"__interlace_described_{next(_numbers)}")
        self.execute(f"CREATE TEMPORARY VIEW {made} AS {sql}")
        try:
            return self._columns_at(f"pg_temp.{made}")
        finally:
            with contextlib.suppress(psycopg.Error):
                self.execute(f"DROP VIEW pg_temp.{made}")

    def kind(self, column: Column, values: Sequence[Any]) -> pa.DataType:
        """The Arrow type; ``numeric`` without digits is that of what ibis takes it for."""
        del values
        kind = self._schema_type(column.type)
        return pa.decimal128(38, 9) if column.type == "numeric" else kind

    def streaming_cursor(self) -> Any:
        """A cursor of the server, which outlives statements of others."""
        return _Held(self.con.con, f"__interlace_stream_{next(_numbers)}")

    def escaped(self, sql: str, marks: str) -> str:
        """The statement with its per cent signs doubled, but for the placeholders."""
        head = sql.removesuffix(f"({marks})")
        return f"{head.replace('%', '%%')}({marks})"

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation."""
        return self._columns_at(self.name(relation))

    def _columns_at(self, name: str) -> tuple[Column, ...]:
        rows = self.fetch(
            "SELECT attname, format_type(atttypid, atttypmod), NOT attnotnull FROM pg_catalog.pg_attribute "
            f"WHERE attrelid = {literal(name, 'postgres')}::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
            None,
        )
        return tuple(Column(*row) for row in rows)

    def catalogue(self, schemas: Sequence[str]) -> dict[Relation, RelationInfo]:
        """All tables and views of some schemas, by one query."""
        listed = ", ".join(literal(schema, "postgres") for schema in schemas)
        rows = self.fetch(
            "SELECT n.nspname, c.relname, c.relkind::text, (SELECT json_agg(json_build_array(a.attname, "
            "format_type(a.atttypid, a.atttypmod), NOT a.attnotnull) ORDER BY a.attnum)::text "
            "FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) "
            "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname IN ({listed}) AND c.relkind IN ('r', 'p', 'f', 'v', 'm') ORDER BY 1, 2",
            None,
        )
        found = {}
        for schema, name, kind, columns in rows:
            relation = Relation(name, schema)
            listed_columns = tuple(Column(*column) for column in json.loads(columns or "[]"))
            found[relation] = RelationInfo(relation, "view" if kind in "vm" else "table", listed_columns)
        return found

    def exists(self, relation: Relation) -> bool:
        """Whether a table of ours is there."""
        name = literal(self.name(relation), "postgres")
        return bool(self.fetch(f"SELECT 1 WHERE to_regclass({name}) IS NOT NULL", None))

    def create_schema(self, schema: str) -> None:
        """Make a schema unless it is there."""
        self.execute(f"CREATE SCHEMA IF NOT EXISTS {self.quote(schema)}")

    # --- transactions -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin a transaction."""
        self.execute("BEGIN")

    # --- loading ----------------------------------------------------------------------------------------------

    def insert(self, relation: Relation, table: pa.Table) -> None:
        """Send the rows by COPY."""
        names = ", ".join(self.quote(name) for name in table.column_names)
        target = f"{self.name(relation)} ({names})"
        with (
            self.con.con.cursor() as cursor,
            cursor.copy(f"COPY {target} FROM STDIN".encode()) as copy,
        ):
            for batch in table.to_batches(max_chunksize=10_000):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)

    def publish(self, target: Relation, query: str, standing: RelationInfo | None) -> tuple[str, ...]:
        """Make a new table, and give it the old one's name."""
        if standing is None:
            return (f"CREATE TABLE {self.name(target)} AS {query}",)
        new = Relation(f"__interlace_{sha256(str(target).encode()).hexdigest()[:32]}", target.schema)
        # One message to the server; the rows of its first statement count.
        return (f"CREATE TABLE {self.name(new)} AS {query}\n; {'; '.join(self.swap(new, target, standing.kind))}",)

    def swap(self, new: Relation, target: Relation, kind: str | None) -> tuple[str, ...]:
        """Drop the old one, and rename the new."""
        gone = () if kind is None else (f"DROP {kind.upper()} {self.name(target)}",)
        return (*gone, f"ALTER TABLE {self.name(new)} RENAME TO {self.quote(target.name)}")

    def drop_temporary(self, relation: Relation) -> str:
        """Drop one that is temporary, whatever stands under the name elsewhere."""
        return f"DROP TABLE IF EXISTS pg_temp.{self.quote(relation.name)}"

    def temporary(self, relation: Relation, query: str) -> tuple[str, ...]:
        """A temporary table, gone at the commit."""
        name = self.quote(relation.name)
        return (self.drop_temporary(relation), f"CREATE TEMPORARY TABLE {name} ON COMMIT DROP AS {query}")

    def alter_type(self, target: Relation, column: str, kind: str) -> tuple[str, ...]:
        """Widen a column."""
        name = self.quote(column)
        return (f"ALTER TABLE {self.name(target)} ALTER COLUMN {name} SET DATA TYPE {kind} USING {name}::{kind}",)

    # --- other ------------------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Stop the running statement."""
        with contextlib.suppress(psycopg.Error):
            self.con.con.cancel_safe(timeout=10)

    def close(self) -> None:
        """Close the connection."""
        self.con.con.close()

    def failed(self, error: Exception, sql: str) -> InterlaceError:
        """An exception of the driver as an error."""
        message = str(error).strip() or type(error).__name__
        if self.con.con.closed:
            self.lost = True
            return ConnectionFailure(f"The connection to {self.backend.title} was lost: {message}")
        failed = QueryFailed(message, sql=sql)
        failed.sqlstate = getattr(error, "sqlstate", None)
        failed.transient = (failed.sqlstate or "").startswith(_TRANSIENT)
        return failed

    @classmethod
    def unreachable(cls, title: str, error: Exception) -> ConnectionFailure:
        """The error for a server that cannot be reached, or does not let us in; the first may pass."""
        message = " ".join(str(error).split())
        failure = ConnectionFailure(f"{title}: {message}")
        failure.transient = any(word in message for word in _DOWN)
        return failure


class _Held:
    """A cursor of the server that is read in pieces; it is held, so that it needs no transaction of its own."""

    def __init__(self, con: psycopg.Connection[Any], name: str) -> None:
        self._cursor = psycopg.ServerCursor(con, name, withhold=True)

    def execute(self, sql: str) -> None:
        self._cursor.execute(sql.encode())

    def fetchmany(self, size: int) -> list[Any]:
        return self._cursor.fetchmany(size)

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self._cursor.close()
