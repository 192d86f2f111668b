"""SQLite: a file, one writer at a time, DDL that rolls back, and types that only advise."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.types as pt

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import ConnectionFailure, InterlaceError, ModelFailed, QueryFailed, UnsupportedCapability
from interlace_ibis.engines.dbapi import DBAPI
from interlace_ibis.engines.sqlite_types import UNTYPED, infer
from interlace_ibis.values import kind_of_values

if TYPE_CHECKING:
    import ibis

__all__ = ["SQLite"]

EXACT_DIGITS: Final = 15
"""Decimal digits that a float holds exactly: SQLite keeps decimals as such."""

_WORDS: Final[Mapping[pa.DataType, str]] = {
    pa.null(): "TEXT",
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "SMALLINT",
    pa.uint16(): "INTEGER",
    pa.uint32(): "BIGINT",
    pa.float32(): "FLOAT",
    pa.float64(): "DOUBLE",
    pa.string(): "TEXT",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}
_MOMENTS: Final = frozenset({"TIMESTAMP", "TIMESTAMPTZ", "DATE", "DATETIME", "TIME"})

_numbers = count(1)


class SQLite(DBAPI):
    """One connection to a file."""

    _changed: int | None = None

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Open the file, by ibis's own way to wrap a connection: it is told to leave transactions to us."""
        del url
        given = dict(options)
        journal = given.pop("journal")
        con = sqlite3.connect(
            given.pop("database"), timeout=given.pop("timeout"), isolation_level=None, check_same_thread=False, uri=True
        )
        try:
            for pragma in (f"journal_mode = {journal}", "foreign_keys = ON", "legacy_alter_table = ON"):
                con.execute(f"PRAGMA {pragma}").close()
            return module.from_connection(con, **given)
        except BaseException:
            con.close()
            raise

    @classmethod
    def made_schema(cls, options: Mapping[str, Any], url: str | None) -> str:
        """``main``: the file."""
        del options, url
        return "main"

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run one statement; what follows an INSERT of ours reports its rows."""
        changed = super().execute(sql)
        if not isinstance(sql, _Following):
            self._changed = changed
            return changed
        return self._changed

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give: as those of a view, and what has no declared type is inferred."""
        view = f'"__interlace_described_{next(_numbers)}"'
        self.execute(f"CREATE TEMP VIEW {view} AS {sql}")
        try:
            rows = self.fetch(f"PRAGMA temp.table_xinfo({view})", None)
        finally:
            with contextlib.suppress(sqlite3.Error):
                self.execute(f"DROP VIEW temp.{view}")
        found = _columns(rows)
        if any(column.type == UNTYPED for column in found):
            return infer(sql, found, self.columns)
        return found

    def kind(self, column: Column, values: Sequence[Any]) -> pa.DataType:
        """The type that is declared; where none is, or values do not keep to it, that of the values."""
        if column.type == UNTYPED:
            return kind_of_values(values)
        return super().kind(column, values)

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation; a temporary one is found before others of its name."""
        schema = f"{self.quote(relation.schema)}." if relation.schema else ""
        found = _columns(self.fetch(f"PRAGMA {schema}table_xinfo({self.quote(relation.name)})", None))
        if not found:
            raise QueryFailed(f"no such table: {relation}", sql=f"SELECT * FROM {self.name(relation)}")
        return found

    def catalogue(self, schemas: Sequence[str]) -> dict[Relation, RelationInfo]:
        """All tables and views of the file."""
        found = {}
        for schema in schemas:
            if schema != "main":
                continue
            for name, kind in self.fetch("SELECT name, type FROM main.sqlite_schema ORDER BY name", None):
                if kind in {"table", "view"} and not name.startswith(("sqlite_", "_interlace_", "__interlace_")):
                    relation = Relation(name, schema)
                    found[relation] = RelationInfo(relation, kind, self.columns(relation))
        return found

    def exists(self, relation: Relation) -> bool:
        """Whether a table of ours is there."""
        return bool(self.fetch(f"SELECT 1 FROM main.sqlite_schema WHERE name = '{relation.name}'", None))

    # --- transactions -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin as the one writer: a reader that becomes one may be refused."""
        self.execute("BEGIN IMMEDIATE")

    def roll_back(self) -> None:
        """Roll it back, unless SQLite did."""
        if self.con.con.in_transaction:
            self.execute("ROLLBACK")

    # --- loading ----------------------------------------------------------------------------------------------

    def word(self, column: str, kind: pa.DataType) -> str:
        """The declared type of a column; SQLite keeps whole numbers of 64 bits and decimals of 15 digits."""
        if pt.is_decimal(kind) and kind.precision <= EXACT_DIGITS:
            return f"DECIMAL({kind.precision},{kind.scale})"
        if pt.is_decimal(kind):
            raise ModelFailed(
                f"Column {column!r} holds decimals of {kind.precision} digits, and SQLite keeps {EXACT_DIGITS}.",
                hint="Convert them in the model: to text, or to decimals of fewer digits.",
            )
        if kind not in _WORDS:
            raise self.cannot_store(column, kind)
        return _WORDS[kind]

    def rows(self, batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
        """The rows: decimals as floats, days and moments as their ISO text."""
        columns = [_storable(column) for column in batch.columns]
        return list(zip(*columns, strict=True))

    def publish(self, target: Relation, query: str, standing: RelationInfo | None) -> tuple[str, ...]:
        """Make a new table with declared types, fill it, and give it the old one's name."""
        new = Relation("__interlace_new", target.schema)
        return (
            *self.make(new, {c.name: c.type for c in self.describe(query)}, temporary=False),
            f"INSERT INTO {self.name(new)} {_spaced(query)}",
            *self._take_place(new, target, standing),
        )

    def _take_place(self, new: Relation, target: Relation, standing: RelationInfo | None) -> tuple[str, ...]:
        gone = () if standing is None else (f"DROP {standing.kind.upper()} {self.name(target)}",)
        renamed = f"ALTER TABLE {self.name(new)} RENAME TO {self.quote(target.name)}"
        return tuple(_Following(statement) for statement in (*gone, renamed))

    def swap(self, new: Relation, target: Relation, kind: str | None) -> tuple[str, ...]:
        """Drop the old one and rename the new."""
        gone = () if kind is None else (f"DROP {kind.upper()} {self.name(target)}",)
        return (*gone, f"ALTER TABLE {self.name(new)} RENAME TO {self.quote(target.name)}")

    def temporary(self, relation: Relation, query: str) -> tuple[str, ...]:
        """A temporary table with declared types."""
        columns = {c.name: c.type for c in self.describe(query)}
        return (
            self.drop_temporary(relation),
            *self.make(relation, columns, temporary=True),
            f"INSERT INTO temp.{self.name(relation)} {_spaced(query)}",
        )

    def drop_temporary(self, relation: Relation) -> str:
        """Drop one that is temporary, whatever stands under the name in the file."""
        return f"DROP TABLE IF EXISTS temp.{self.quote(relation.name)}"

    def alter_type(self, target: Relation, column: str, kind: str) -> tuple[str, ...]:
        """Make the table anew with another type: SQLite changes none."""
        new = Relation("__interlace_altered", target.schema)
        types = {c.name: kind if c.name == column else c.type for c in self.columns(target)}
        names = ", ".join(self.quote(name) for name in types)
        return (
            *self.make(new, types, temporary=False),
            f"INSERT INTO {self.name(new)} ({names}) SELECT {names} FROM {self.name(target)}",
            *self.swap(new, target, "table"),
        )

    def view(self, relation: Relation, query: str) -> tuple[str, ...]:
        """Drop the view that is there and make it."""
        return (f"DROP VIEW IF EXISTS {self.name(relation)}", f"CREATE VIEW {self.name(relation)} AS {query}")

    def make(self, relation: Relation, columns: Mapping[str, str], *, temporary: bool) -> tuple[str, ...]:
        """The statement that makes an empty table; a column of no type has none."""
        body = ", ".join(f"{self.quote(n)} {word if word != UNTYPED else ''}".rstrip() for n, word in columns.items())
        return (f"CREATE {'TEMP ' if temporary else ''}TABLE {self.name(relation)} ({body})",)

    @classmethod
    def refuse(cls, title: str, expression: Any) -> None:
        """Refuse casts to moments: SQLite would cast to a number, 2024 for a day of that year."""
        from sqlglot import exp

        for cast in expression.find_all(exp.Cast):
            if cast.to.this.value in _MOMENTS:
                raise UnsupportedCapability(
                    f"{title} has no type for moments, and this load computes with them.",
                    hint="History and loads by time need a database that has them; SQLite keeps moments as text.",
                )

    # --- other ------------------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Stop the running statement."""
        self.con.con.interrupt()

    def failed(self, error: Exception, sql: str) -> InterlaceError:
        """An exception of the driver as an error; a file that another holds is worth another try."""
        message = str(error).strip()
        failed = QueryFailed(message, sql=sql, hint=_HINTS.get(_code(error)))
        failed.transient = _code(error) in {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT"}
        return failed

    @classmethod
    def unreachable(cls, title: str, error: Exception) -> ConnectionFailure:
        """The error for a file that cannot be opened."""
        failure = ConnectionFailure(f"{title}: {error}", hint=_HINTS.get(_code(error)))
        failure.transient = _code(error) == "SQLITE_BUSY"
        return failure


_HINTS: Final = {
    "SQLITE_BUSY": "Another process writes to the file: run again when it has ended, or raise the 'timeout'.",
    "SQLITE_CANTOPEN": "Is the folder there, and may it be written?",
    "SQLITE_FULL": "The disk is full: make room and run again.",
    "SQLITE_NOTADB": "Name another file under 'path': this one is no SQLite database.",
    "SQLITE_READONLY": "Grant the right to write the file and its folder.",
}


class _Following(str):
    """A statement that ends what an INSERT began, and reports the rows of that."""

    __slots__ = ()


def _code(error: Exception) -> str:
    return getattr(error, "sqlite_errorname", "") or ""


def _columns(rows: Sequence[Sequence[Any]]) -> tuple[Column, ...]:
    return tuple(Column(name, word or UNTYPED, not notnull) for _, name, word, notnull, *_ in rows)


def _spaced(query: str) -> str:
    """A query after INSERT: one that begins with WITH may follow, and a comment at its end is over."""
    return f"SELECT * FROM ({query}\n) AS source" if query.lstrip()[:1] == "(" else query


def _storable(column: pa.Array) -> Iterator[Any]:
    values = column.to_pylist()
    kind = column.type
    if pt.is_decimal(kind):
        return (None if value is None else float(value) for value in values)
    if pt.is_date(kind) or pt.is_time(kind):
        return (None if value is None else value.isoformat() for value in values)
    if pt.is_timestamp(kind):
        return (None if value is None else value.isoformat(sep=" ") for value in values)
    return iter(values)
