"""Arrow batches into a table by COPY, in bounded memory; later batches may bring columns and wider types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from interlace.contracts.arrow_load import no_columns, no_common_type, nothing_given
from interlace.contracts.relation import Relation
from interlace.errors import ModelFailed
from interlace_postgres.cells import copy_data
from interlace_postgres.publishing import substitute, way
from interlace_postgres.quoting import identifier, identifiers, qualified
from interlace_postgres.standing import standing
from interlace_postgres.widening import canonical, server_type, wider

if TYPE_CHECKING:
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


class _Load:
    """One load into one new table."""

    def __init__(self, session: PostgresSession, relation: Relation, kind: str) -> None:
        self._session = session
        self._target = qualified(relation)
        self._kind = kind
        self._columns: dict[str, pa.DataType] = {}
        self._schema: pa.Schema | None = None
        self._buffer: list[pa.RecordBatch] = []
        self._bytes = 0
        self._held = 0
        self._rows = 0

    def run(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema | None) -> int:
        """Consume the batches; gives the number of rows.

        Raises:
            ModelFailed: a batch cannot be stored, or there is neither batch nor schema.
        """
        declared = _kinds(schema) if schema is not None else {}
        for batch in batches:
            self._take(batch, declared)
        self._flush()
        if not self._columns:
            self._make_empty(declared)
        return self._rows

    def _make_empty(self, declared: dict[str, pa.DataType]) -> None:
        if not declared:
            raise nothing_given()
        self._make(declared)

    def _take(self, batch: pa.RecordBatch, declared: dict[str, pa.DataType]) -> None:
        if self._schema is None or not batch.schema.equals(self._schema):
            self._flush()
            self._fit(_kinds(batch.schema), declared)
            self._schema = batch.schema
        self._buffer.append(batch)
        self._bytes += batch.nbytes
        self._held += batch.num_rows
        if self._bytes >= MOST_BYTES or self._held >= MOST_ROWS:
            self._flush()

    # --- the table --------------------------------------------------------------------------------------------

    def _fit(self, incoming: dict[str, pa.DataType], declared: dict[str, pa.DataType]) -> None:
        if not self._columns:
            self._make({**incoming, **declared})
        for name, kind in incoming.items():
            known = self._columns.get(name)
            if known is None:
                word = server_type(name, kind)
                self._session.execute(f"ALTER TABLE {self._target} ADD COLUMN {identifier(name)} {word}")
                self._columns[name] = kind
            elif known != kind:
                self._widen(name, known, kind)

    def _make(self, columns: dict[str, pa.DataType]) -> None:
        body = ", ".join(f"{identifier(name)} {server_type(name, kind)}" for name, kind in columns.items())
        self._session.execute(f"CREATE {self._kind} {self._target} ({body})")
        self._columns = dict(columns)

    def _widen(self, name: str, known: pa.DataType, kind: pa.DataType) -> None:
        both = wider(known, kind)
        if both is None:
            raise no_common_type(name, server_type(name, known), server_type(name, kind), known)
        word = server_type(name, both)
        if word != server_type(name, known):
            quoted = identifier(name)
            using = f"to_jsonb({quoted})" if word == "jsonb" else f"{quoted}::{word}"
            self._session.execute(
                f"ALTER TABLE {self._target} ALTER COLUMN {quoted} SET DATA TYPE {word} USING {using}"
            )
        self._columns[name] = both

    # --- the rows ---------------------------------------------------------------------------------------------

    def _flush(self) -> None:
        if self._held:
            table = pa.Table.from_batches(self._buffer)
            names = identifiers(table.column_names)
            data = copy_data(
                table,
                {name: canonical(table.schema.field(name).type) for name in table.column_names},
                utc=self._session.in_utc,
            )
            self._session.copy_in(f"COPY {self._target} ({names}) FROM STDIN (FORMAT csv)", data)
            self._rows += table.num_rows
        self._buffer, self._bytes, self._held = [], 0, 0


def _kinds(schema: pa.Schema) -> dict[str, pa.DataType]:
    """The columns of a schema in canonical types.

    Raises:
        ModelFailed: there are none, two have one name, or PostgreSQL cannot store one.
    """
    if not len(schema):
        raise no_columns()
    kinds: dict[str, pa.DataType] = {}
    for field in schema:
        if field.name in kinds:
            raise ModelFailed(f"Two columns are called {field.name!r}.", hint="Rename one of them.")
        kinds[field.name] = canonical(field.type)
        server_type(field.name, kinds[field.name])
    return kinds
