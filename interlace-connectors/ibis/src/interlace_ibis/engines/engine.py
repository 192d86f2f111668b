"""What a session asks of a backend, done by ibis alone: for backends that have no ways of their own here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import ConnectionFailure, InterlaceError, ModelFailed, QueryFailed, UnsupportedCapability
from interlace_ibis.quoting import identifier, qualified

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace_ibis.backends import Backend

__all__ = ["Engine"]

FETCHED_AT_ONCE: Final = 10_000


class Engine:
    """One open backend of ibis.

    Args:
        backend: what is known of it.
        con: the backend, connected.
        schema: where names without a schema live.

    Attributes:
        lost: whether the connection is gone.
    """

    def __init__(self, backend: Backend, con: ibis.BaseBackend, schema: str | None) -> None:
        self.backend = backend
        self.con = con
        self.schema = schema
        self.lost = False

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Connect by ibis.

        Args:
            options: the arguments of ibis's ``connect``.
            url: instead of them.
            module: ``ibis.NAME``.
        """
        if url is not None:
            import ibis

            return ibis.connect(url, **options)
        return module.connect(**options)

    @classmethod
    def made_schema(cls, options: Mapping[str, Any], url: str | None) -> str | None:
        """The schema where names without one live, as far as the options say."""
        del options, url
        return None

    # --- statements -------------------------------------------------------------------------------------------

    def execute(self, sql: str) -> int | None:
        """Run one statement; gives the rows that it changed, where that is known."""
        result = self.con.raw_sql(sql)
        close = getattr(result, "close", None)
        if close is not None:
            close()
        return None

    def fetch(self, sql: str, limit: int | None) -> list[tuple[Any, ...]]:
        """Run a query; its rows as Python values."""
        rows: list[tuple[Any, ...]] = []
        for batch in self.stream(sql, min(limit or FETCHED_AT_ONCE, FETCHED_AT_ONCE))[1]:
            rows.extend(zip(*(column.to_pylist() for column in batch.columns), strict=True))
            if limit is not None and len(rows) >= limit:
                break
        return rows if limit is None else rows[:limit]

    def stream(self, sql: str, batch_size: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; its columns, and its rows batch by batch."""
        reader = self._table(sql).to_pyarrow_batches(chunk_size=batch_size)
        return reader.schema, iter(reader)

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give."""
        return self.columns_of(self._table(sql).schema())

    def _table(self, sql: str) -> Any:
        return self.con.sql(sql, dialect=self.backend.dialect)

    def columns_of(self, schema: Any) -> tuple[Column, ...]:
        """The columns of a schema of ibis, in the words of the backend."""
        mapper = self.con.compiler.type_mapper
        return tuple(Column(name, mapper.to_string(kind), bool(kind.nullable)) for name, kind in schema.items())

    # --- catalogue --------------------------------------------------------------------------------------------

    def columns(self, relation: Relation) -> tuple[Column, ...]:
        """The columns of one relation."""
        return self.columns_of(self.con.get_schema(relation.name, **self._place(relation)))

    def catalogue(self, schemas: Sequence[str]) -> dict[Relation, RelationInfo]:
        """All relations of some schemas; ibis does not say which are views."""
        found = {}
        for schema in schemas:
            for name in self.con.list_tables(database=schema):
                relation = Relation(name, schema)
                found[relation] = RelationInfo(relation, "table", self.columns(relation))
        return found

    def exists(self, relation: Relation) -> bool:
        """Whether a table of ours is there."""
        return relation.name in self.con.list_tables(database=relation.schema)

    def create_schema(self, schema: str) -> None:
        """Make a schema unless it is there."""
        self.con.create_database(schema, force=True)

    def _place(self, relation: Relation) -> dict[str, Any]:
        found = {"database": relation.schema, "catalog": relation.catalog}
        return {name: value for name, value in found.items() if value is not None}

    # --- transactions -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Begin a transaction; does nothing where there are none."""

    def commit(self) -> None:
        """Commit it."""

    def roll_back(self) -> None:
        """Roll it back."""

    # --- loading ----------------------------------------------------------------------------------------------

    def word(self, column: str, kind: pa.DataType) -> str:
        """The type of a column that holds values of a canonical Arrow type.

        Raises:
            ModelFailed: there is none.
        """
        import ibis
        import pyarrow as pa

        kind = pa.string() if kind == pa.null() else kind
        try:
            return str(self.con.compiler.type_mapper.to_string(ibis.dtype(kind)))
        except (ibis.common.exceptions.IbisError, NotImplementedError, KeyError) as error:
            raise self.cannot_store(column, kind) from error

    def cannot_store(self, column: str, kind: pa.DataType) -> ModelFailed:
        """The error for values of a type that the backend does not have."""
        return ModelFailed(
            f"Column {column!r} holds values of the type {kind}, which {self.backend.title} cannot store.",
            hint="Convert them in the model: to text, for example.",
        )

    def insert(self, relation: Relation, table: pa.Table) -> None:
        """Insert rows by name."""
        self.con.insert(relation.name, table, **self._place(relation))

    def make(self, relation: Relation, columns: Mapping[str, str], *, temporary: bool) -> tuple[str, ...]:
        """The statements that make an empty table."""
        body = ", ".join(f"{self.quote(name)} {word}" for name, word in columns.items())
        kind = "TEMPORARY TABLE" if temporary else "TABLE"
        return (f"CREATE {kind} {self.name(relation)} ({body})",)

    def publish(self, target: Relation, query: str, standing: RelationInfo | None) -> tuple[str, ...]:
        """The statements that make a table be what a query gives."""
        del standing
        self.require_writing()
        return (f"CREATE OR REPLACE TABLE {self.name(target)} AS {query}",)

    def temporary(self, relation: Relation, query: str) -> tuple[str, ...]:
        """The statements that keep a query's rows in a temporary relation."""
        return (
            f"DROP TABLE IF EXISTS {self.name(relation)}",
            f"CREATE TEMPORARY TABLE {self.name(relation)} AS {query}",
        )

    def drop_temporary(self, relation: Relation) -> str:
        """The statement that drops one."""
        return f"DROP TABLE IF EXISTS {self.name(relation)}"

    def alter_type(self, target: Relation, column: str, kind: str) -> tuple[str, ...]:
        """The statements that widen a column."""
        return (f"ALTER TABLE {self.name(target)} ALTER COLUMN {self.quote(column)} SET DATA TYPE {kind}",)

    def view(self, relation: Relation, query: str) -> tuple[str, ...]:
        """The statements that make or replace a view."""
        return (f"CREATE OR REPLACE VIEW {self.name(relation)} AS {query}",)

    def swap(self, new: Relation, target: Relation, kind: str | None) -> tuple[str, ...]:
        """The statements that put a table in the place of what stands at the target, of this kind."""
        self.require_writing()
        gone = () if kind != "view" else (f"DROP VIEW {self.name(target)}",)
        return (
            *gone,
            f"CREATE OR REPLACE TABLE {self.name(target)} AS SELECT * FROM {self.name(new)}",
            f"DROP TABLE {self.name(new)}",
        )

    @classmethod
    def refuse(cls, title: str, expression: Any) -> None:
        """Refuse a statement of a load whose meaning would be another on this backend.

        Raises:
            UnsupportedCapability: it would.
        """
        del title, expression

    def require_writing(self) -> None:
        """Refuse to write to a backend that is only read.

        Raises:
            UnsupportedCapability: it is.
        """
        if not self.backend.replaces:
            raise UnsupportedCapability(
                f"Interlace reads from {self.backend.title}, and writes nothing to it.",
                hint="Put the model on another connection: it may read from this one.",
            )

    # --- other ------------------------------------------------------------------------------------------------

    def quote(self, name: str) -> str:
        """One identifier, quoted."""
        return identifier(name, self.backend.dialect)

    def name(self, relation: Relation) -> str:
        """A relation's quoted name."""
        return qualified(relation, self.backend.dialect)

    def interrupt(self) -> None:
        """Stop the running statement, from another thread."""
        raise UnsupportedCapability(f"A statement of {self.backend.title} cannot be stopped.")

    def reset(self, temporaries: Sequence[Relation]) -> None:
        """Leave nothing to the next session that uses the backend."""
        for relation in temporaries:
            self.execute(self.drop_temporary(relation))

    def close(self) -> None:
        """Close the connection."""
        self.con.disconnect()

    def failed(self, error: Exception, sql: str) -> InterlaceError:
        """An exception of the driver as an error."""
        message = str(error).strip() or type(error).__name__
        if self.lost:
            return ConnectionFailure(f"The connection to {self.backend.title} was lost: {message}")
        return QueryFailed(message, sql=sql)

    @classmethod
    def unreachable(cls, title: str, error: Exception) -> ConnectionFailure:
        """The error for a backend that cannot be reached, or does not let us in."""
        failure = ConnectionFailure(f"{title}: {_one_line(error)}")
        failure.transient = isinstance(error, OSError)
        return failure

    def backend_for(self, session: Any) -> ibis.BaseBackend:
        """The backend as Python models see it."""
        del session
        return self.con


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
