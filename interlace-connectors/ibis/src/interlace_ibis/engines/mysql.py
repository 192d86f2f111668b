"""MySQL and MariaDB: a schema is a database, and DDL commits the transaction that it stands in.

So a transaction switches ``autocommit`` off, which goes on after such a commit; temporary tables do not commit; and a
table that is replaced is made beside the old one and takes its name by one ``RENAME``, which readers see at once.
"""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.types as pt

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import ConnectionFailure, InterlaceError, QueryFailed, UnsupportedCapability
from interlace_ibis.engines.dbapi import DBAPI
from interlace_ibis.quoting import literal

if TYPE_CHECKING:
    import ibis

    from interlace_ibis.backends import Backend

__all__ = ["MySQL"]

_CHARSET: Final = "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
"""Of tables made from rows of Python: texts are equal when they are the same."""

_WORDS: Final[Mapping[pa.DataType, str]] = {
    pa.null(): "longtext",
    pa.bool_(): "tinyint(1)",
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.uint8(): "tinyint unsigned",
    pa.uint16(): "smallint unsigned",
    pa.uint32(): "int unsigned",
    pa.uint64(): "bigint unsigned",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.string(): "longtext",
    pa.binary(): "longblob",
    pa.date32(): "date",
    pa.time64("us"): "time(6)",
    pa.timestamp("us"): "datetime(6)",
    pa.timestamp("us", tz="UTC"): "timestamp(6)",
}
_KINDS: Final = {word: kind for kind, word in _WORDS.items() if not pt.is_null(kind)}
_WIDTH: Final = re.compile(r"^(smallint|mediumint|int|bigint|tinyint(?!\(1\)))\(\d+\)")
_MOST_DIGITS: Final = 65

_LOST: Final = frozenset({2006, 2013, 2055})
_TRANSIENT: Final = frozenset({1040, 1205, 1213, 2002, 2003, 2006, 2013, 2055})
_HINTS: Final = {
    1044: "Grant the right on the database to the connection's user.",
    1045: "The user name or the password is wrong.",
    1049: "Create it with: CREATE DATABASE NAME; or name another in the url.",
    1142: "Grant the right to the connection's user.",
    1698: "The user name or the password is wrong.",
    2002: "Is the server up, and does it listen there?",
    2003: "Is the server up, and does it listen there?",
    2005: "Look at the host.",
}

_numbers = count(1)


class MySQL(DBAPI):
    """One connection to a server."""

    placeholder: ClassVar[str] = "%s"

    def __init__(self, backend: Backend, con: ibis.BaseBackend, schema: str | None) -> None:
        super().__init__(backend, con, schema)
        self._number = con.con.thread_id()  # no other thread may ask later

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Connect in UTF-8; values that do not fit are errors."""
        with warnings.catch_warnings():
            # ibis asks for the zone by a name that servers without tables of zones do not know.
            warnings.filterwarnings("ignore", "Unable to set session timezone")
            con = super().connect({"charset": "utf8mb4", **options}, url, module)
        with contextlib.closing(con.con.cursor()) as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00'")
            cursor.execute("SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',STRICT_ALL_TABLES')")
        return con

    @classmethod
    def made_schema(cls, options: Mapping[str, Any], url: str | None) -> str | None:
        """The database."""
        if url is not None:
            return urlsplit(url).path.lstrip("/") or None
        return options.get("database") or options.get("db")

    # --- statements -------------------------------------------------------------------------------------------

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns of a temporary table that the query makes without rows."""
        made = Relation(f"__interlace_described_{next(_numbers)}")
        self.execute(f"CREATE TEMPORARY TABLE {self._plain(made)} AS SELECT * FROM ({sql}\n) AS described LIMIT 0")
        try:
            return self._shown(made)
        finally:
            self.execute(f"DROP TEMPORARY TABLE {self._plain(made)}")

    def kind(self, column: Column, values: Sequence[Any]) -> pa.DataType:
        """The Arrow type that a declared type is read as."""
        del values
        word = column.type.casefold()
        if word in _KINDS:
            return _KINDS[word]
        if (digits := re.match(r"decimal\((\d+),(\d+)\)", word)) is not None:
            precision, scale = int(digits[1]), int(digits[2])
            return pa.decimal128(precision, scale) if precision <= 38 else pa.decimal256(precision, scale)  # noqa: PLR2004
        return _kind_of(word)

    def streaming_cursor(self) -> Any:
        """A cursor whose rows stay on the server until they are read."""
        from MySQLdb.cursors import SSCursor

        return self.con.con.cursor(SSCursor)

    def escaped(self, sql: str, marks: str) -> str:
        """The statement with its per cent signs doubled, but for the placeholders."""
        head = sql.removesuffix(f"({marks})")
        return f"{head.replace('%', '%%')}({marks})"

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation, temporary or not."""
        return self._shown(relation)

    def _shown(self, relation: Relation) -> tuple[Column, ...]:
        rows = self.fetch(f"SHOW COLUMNS FROM {self.name(relation)}", None)
        return tuple(
            Column(name, _WIDTH.sub(r"\1", _text(word)), nullable == "YES") for name, word, nullable, *_ in rows
        )

    def catalogue(self, schemas: Sequence[str]) -> dict[Relation, RelationInfo]:
        """All tables and views of some databases, by one query."""
        listed = ", ".join(literal(schema, "mysql") for schema in schemas)
        rows = self.fetch(
            "SELECT t.table_schema, t.table_name, t.table_type, c.column_name, c.column_type, c.is_nullable "
            "FROM information_schema.tables AS t JOIN information_schema.columns AS c "
            "ON c.table_schema = t.table_schema AND c.table_name = t.table_name "
            f"WHERE t.table_schema IN ({listed}) AND t.table_type IN ('BASE TABLE', 'VIEW') "
            "ORDER BY t.table_schema, t.table_name, c.ordinal_position",
            None,
        )
        found: dict[Relation, RelationInfo] = {}
        for schema, name, kind, column, word, nullable in rows:
            if name.startswith("__interlace_"):
                continue
            relation = Relation(name, schema)
            before = found[relation].columns if relation in found else ()
            this = Column(column, _WIDTH.sub(r"\1", _text(word)), nullable == "YES")
            found[relation] = RelationInfo(relation, "view" if kind == "VIEW" else "table", (*before, this))
        return found

    def exists(self, relation: Relation) -> bool:
        """Whether a table of ours is there."""
        sql = (
            f"SELECT 1 FROM information_schema.tables WHERE table_schema = {literal(relation.schema, 'mysql')} "
            f"AND table_name = {literal(relation.name, 'mysql')}"
        )
        return bool(self.fetch(sql, None))

    def create_schema(self, schema: str) -> None:
        """Make a database unless it is there: without the right to make one, those that are there may be used."""
        there = self.fetch(
            f"SELECT 1 FROM information_schema.schemata WHERE schema_name = {literal(schema, 'mysql')}", None
        )
        if not there:
            self.execute(f"CREATE DATABASE IF NOT EXISTS {self.quote(schema)} CHARACTER SET utf8mb4")

    # --- transactions -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin; what DDL commits begins again."""
        self.execute("SET autocommit = 0")

    def commit(self) -> None:
        """Commit it."""
        self.execute("COMMIT")
        self.execute("SET autocommit = 1")

    def roll_back(self) -> None:
        """Roll it back."""
        self.execute("ROLLBACK")
        self.execute("SET autocommit = 1")

    # --- loading ----------------------------------------------------------------------------------------------

    def word(self, column: str, kind: pa.DataType) -> str:
        """The type of a column."""
        if pt.is_decimal(kind) and kind.precision <= _MOST_DIGITS:
            return f"decimal({kind.precision},{kind.scale})"
        if kind not in _WORDS:
            raise self.cannot_store(column, kind)
        return _WORDS[kind]

    def rows(self, batch: pa.RecordBatch) -> list[tuple[Any, ...]]:
        """The rows; moments with a zone in UTC, as the session is."""
        columns = [
            column.cast(pa.timestamp("us")) if pt.is_timestamp(column.type) and column.type.tz else column
            for column in batch.columns
        ]
        return list(zip(*(column.to_pylist() for column in columns), strict=True))

    def make(self, relation: Relation, columns: Mapping[str, str], *, temporary: bool) -> tuple[str, ...]:
        """The statement that makes an empty table; moments get no value unless one is given."""
        words = {n: f"{w} NULL DEFAULT NULL" if w.startswith("timestamp") else w for n, w in columns.items()}
        (statement,) = super().make(relation, words, temporary=temporary)
        return (f"{statement} {_CHARSET}",)

    def publish(self, target: Relation, query: str, standing: RelationInfo | None) -> tuple[str, ...]:
        """Fill a table: a new one, made empty before, the one that is there, or one that is swapped in."""
        name = self.name(target)
        if standing is None:
            return (
                f"CREATE TABLE {name} AS SELECT * FROM ({query}\n) AS source LIMIT 0",
                f"INSERT INTO {name} {query}",
            )
        staged = Relation(_beside(target, "staged").name)
        if standing.kind == "table" and _same(self.describe(query), standing.columns):
            return (
                *self.temporary(staged, query),
                f"DELETE FROM {name}",
                f"INSERT INTO {name} SELECT * FROM {self._plain(staged)}",
                self.drop_temporary(staged),
            )
        new = _beside(target, "new")
        return (
            f"DROP TABLE IF EXISTS {self.name(new)}",
            f"CREATE TABLE {self.name(new)} AS {query}",
            *self.swap(new, target, standing.kind),
        )

    def swap(self, new: Relation, target: Relation, kind: str | None) -> tuple[str, ...]:
        """One RENAME, which is atomic; a view gives way before."""
        old = _beside(target, "old")
        if kind is None:
            return (f"RENAME TABLE {self.name(new)} TO {self.name(target)}",)
        if kind == "view":
            return (f"DROP VIEW {self.name(target)}", f"RENAME TABLE {self.name(new)} TO {self.name(target)}")
        return (
            f"DROP TABLE IF EXISTS {self.name(old)}",
            f"RENAME TABLE {self.name(target)} TO {self.name(old)}, {self.name(new)} TO {self.name(target)}",
            f"DROP TABLE {self.name(old)}",
        )

    def temporary(self, relation: Relation, query: str) -> tuple[str, ...]:
        """A temporary table, which commits nothing."""
        return (self.drop_temporary(relation), f"CREATE TEMPORARY TABLE {self._plain(relation)} AS {query}")

    def drop_temporary(self, relation: Relation) -> str:
        """Drop one without a commit."""
        return f"DROP TEMPORARY TABLE IF EXISTS {self._plain(relation)}"

    def alter_type(self, target: Relation, column: str, kind: str) -> tuple[str, ...]:
        """Widen a column."""
        return (f"ALTER TABLE {self.name(target)} MODIFY COLUMN {self.quote(column)} {kind}",)

    @classmethod
    def refuse(cls, title: str, expression: Any) -> None:
        """Refuse casts to moments with a zone: MariaDB drops the offset of a literal."""
        from sqlglot import exp

        for cast in expression.find_all(exp.Cast):
            if cast.to.this.value == "TIMESTAMPTZ":
                raise UnsupportedCapability(
                    f"{title} has no type for moments with a time zone, and this load computes with them.",
                    hint="History and loads by time need a database that has it.",
                )

    # --- other ------------------------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """Stop the running statement, on a connection of its own."""
        import MySQLdb

        given = {"host": "127.0.0.1", **self.con._con_kwargs}  # noqa: SLF001  as it connects itself
        with contextlib.closing(MySQLdb.connect(**given)) as other, contextlib.closing(other.cursor()) as cursor:
            cursor.execute(f"KILL QUERY {self._number}")

    def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(Exception):
            self.con.con.close()

    def failed(self, error: Exception, sql: str) -> InterlaceError:
        """An exception of the driver as an error."""
        code, message = _said(error)
        if code in _LOST:
            self.lost = True
            return ConnectionFailure(f"The connection to {self.backend.title} was lost: {message}")
        failed = QueryFailed(message, sql=sql, hint=_HINTS.get(code))
        failed.transient = code in _TRANSIENT
        return failed

    @classmethod
    def unreachable(cls, title: str, error: Exception) -> ConnectionFailure:
        """The error for a server that cannot be reached, or does not let us in; the first may pass."""
        code, message = _said(error)
        failure = ConnectionFailure(f"{title}: {message}", hint=_HINTS.get(code))
        failure.transient = code in _TRANSIENT
        return failure

    def _plain(self, relation: Relation) -> str:
        return self.quote(relation.name)


def _said(error: Exception) -> tuple[int, str]:
    match error.args:
        case (int(code), str(message), *_):
            return code, message
        case _:
            return 0, str(error) or type(error).__name__


def _beside(target: Relation, what: str) -> Relation:
    """A name for a table that takes part in replacing another."""
    return Relation(f"__interlace_{what}_{sha256(str(target).encode()).hexdigest()[:24]}", target.schema)


def _same(one: Sequence[Column], other: Sequence[Column]) -> bool:
    return [(c.name, c.type) for c in one] == [(c.name, c.type) for c in other]


def _text(word: str | bytes) -> str:
    return word.decode() if isinstance(word, bytes) else word


def _kind_of(word: str) -> pa.DataType:
    """The Arrow type of a word with arguments, such as ``varchar(20)``."""
    name = re.split(r"[( ]", word, maxsplit=1)[0]
    if name in {"datetime", "timestamp"}:
        return pa.timestamp("us", tz="UTC" if name == "timestamp" else None)
    if name in {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "bit"}:
        return pa.binary()
    if name in {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}:
        return pa.uint64() if word.startswith("bigint") and "unsigned" in word else pa.int64()
    known = {"float": pa.float32(), "double": pa.float64(), "date": pa.date32(), "time": pa.time64("us")}
    return known.get(name, pa.string())
