"""Arrow batches into a table by COPY, in bounded memory; later batches may bring columns and wider types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from interlace.contracts.arrow_load import no_columns
from interlace.contracts.relation import Relation
from interlace.contracts.table_load import TableLoad
from interlace.errors import ModelFailed
from interlace_postgres.cells import copy_data
from interlace_postgres.publishing import substitute, way
from interlace_postgres.quoting import identifier, identifiers, qualified
from interlace_postgres.standing import standing
from interlace_postgres.widening import canonical, server_type, wider

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace_postgres.session import PostgresSession

__all__ = ["load_table", "load_temporary"]

MOST_ROWS: Final = 250_000
MOST_BYTES: Final = 16 * 2**20


def load_temporary(
    session: PostgresSession, relation: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None
) -> int:
    """A temporary table of the session, in place of one that it made before."""
    made = Relation(relation.name)
    session.execute(f"DROP TABLE IF EXISTS pg_temp.{identifier(relation.name)}")
    return _Load(session, made, "TEMP TABLE").run(batches, schema)


def load_table(
    session: PostgresSession, target: Relation, batches: Iterator[pa.RecordBatch], schema: pa.Schema | None
) -> int:
    """A real table, which takes the place of what stands there once all rows are in it."""
    before = standing(session, target)
    if before is None:
        return _Load(session, target, "TABLE").run(batches, schema)
    new = substitute(target)
    made = Relation(new.name) if before.held else new
    rows = (
        load_temporary(session, made, batches, schema)
        if before.held
        else _Load(session, made, "TABLE").run(batches, schema)
    )
    found = way(session, target, before, session.columns(made))
    session.execute("; ".join(found.then))
    if found.temporary:
        session.drop(made, "table")
    return rows


class _Load(TableLoad):
    """One load into one new table."""

    def __init__(self, session: PostgresSession, relation: Relation, kind: str) -> None:
        super().__init__(MOST_ROWS, MOST_BYTES)
        self._session = session
        self._target = qualified(relation)
        self._kind = kind

    def kinds(self, schema: pa.Schema) -> dict[str, pa.DataType]:
        """The columns of a schema; PostgreSQL looks at the case of a name."""
        if not len(schema):
            raise no_columns()
        kinds: dict[str, pa.DataType] = {}
        for field in schema:
            if field.name in kinds:
                raise ModelFailed(f"Two columns are called {field.name!r}.", hint="Rename one of them.")
            kinds[field.name] = canonical(field.type)
            server_type(field.name, kinds[field.name])
        return kinds

    def word(self, name: str, kind: pa.DataType) -> str:
        """PostgreSQL's word for a type."""
        return server_type(name, kind)

    def wider(self, one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
        """The type that holds both."""
        return wider(one, other)

    def make(self, words: dict[str, str]) -> None:
        """Make the table."""
        body = ", ".join(f"{identifier(name)} {word}" for name, word in words.items())
        self._session.execute(f"CREATE {self._kind} {self._target} ({body})")

    def add(self, name: str, word: str) -> None:
        """Add a column."""
        self._session.execute(f"ALTER TABLE {self._target} ADD COLUMN {identifier(name)} {word}")

    def alter(self, name: str, word: str) -> None:
        """Give a column a wider type."""
        quoted = identifier(name)
        using = f"to_jsonb({quoted})" if word == "jsonb" else f"{quoted}::{word}"
        self._session.execute(f"ALTER TABLE {self._target} ALTER COLUMN {quoted} SET DATA TYPE {word} USING {using}")

    def insert(self, table: pa.Table) -> None:
        """Write rows by COPY."""
        names = identifiers(table.column_names)
        data = copy_data(
            table,
            {name: canonical(table.schema.field(name).type) for name in table.column_names},
            utc=self._session.in_utc,
        )
        self._session.copy_in(f"COPY {self._target} ({names}) FROM STDIN (FORMAT csv)", data)
