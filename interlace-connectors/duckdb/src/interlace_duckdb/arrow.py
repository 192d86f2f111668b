"""Arrow batches into a table, in bounded memory; later batches may bring columns and wider types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.types as pt

from interlace.contracts.arrow_load import no_columns, no_common_type, nothing_given
from interlace.contracts.batch_buffer import BatchBuffer
from interlace.errors import ModelFailed
from interlace_duckdb.quoting import identifier, identifiers, qualified
from interlace_duckdb.widening import canonical, importable, settled, wider

if TYPE_CHECKING:
    import duckdb

    from interlace.contracts.relation import Relation

__all__ = ["ArrowLoad"]

# Whole row groups, each one batch, are compressed and written at once; with other numbers of rows DuckDB writes a part
# of them twice.
ROW_GROUP: Final = 122_880
MOST_ROWS: Final = 2 * ROW_GROUP
MOST_BYTES: Final = 32 * 2**20

_numbers = count(1)


class ArrowLoad:
    """One load into one new table.

    Batches are pulled in the thread of the caller and not by DuckDB's own: what produces them may depend on its thread.

    Args:
        execute: runs a statement of the session and counts the changed rows.
        cursor: where batches are registered for the statements to read.
    """

    def __init__(
        self,
        execute: Callable[[str], int | None],
        cursor: duckdb.DuckDBPyConnection,
        relation: Relation,
        *,
        temporary: bool,
    ) -> None:
        self._execute = execute
        self._cursor = cursor
        self._target = qualified(relation)
        self._kind = "TEMPORARY TABLE" if temporary else "TABLE"
        self._source: _Source | None = None
        self._columns: dict[str, pa.Field] = {}
        self._made = False
        self._schema: pa.Schema | None = None
        self._buffer = BatchBuffer(MOST_ROWS, MOST_BYTES)
        self._rows = 0

    def run(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema | None) -> int:
        """Consume the batches.

        Returns:
            the number of rows.

        Raises:
            ModelFailed: a batch cannot be stored, or there is neither batch nor schema.
        """
        declared = _columns(schema) if schema is not None else {}
        try:
            for batch in batches:
                self._take(batch, declared)
            self._flush(everything=True)
        finally:
            self._leave_source()
        if not self._made:
            self._make_empty(declared)
        return self._rows

    def _make_empty(self, declared: dict[str, pa.Field]) -> None:
        if not declared:
            raise nothing_given()
        self._make(declared)

    def _take(self, batch: pa.RecordBatch, declared: dict[str, pa.Field]) -> None:
        if self._schema is None or not batch.schema.equals(self._schema):
            self._flush(everything=True)
            self._leave_source()
            self._fit(_columns(batch.schema), declared)
            self._schema = batch.schema
        self._buffer.add(batch)
        if self._buffer.full:
            self._flush(everything=False)

    # --- the table --------------------------------------------------------------------------------------------

    def _fit(self, incoming: dict[str, pa.Field], declared: dict[str, pa.Field]) -> None:
        if not self._made:
            names = {**incoming, **{key: field for key, field in declared.items() if key not in incoming}}
            self._make({key: declared.get(key, field) for key, field in names.items()})
        for key, field in incoming.items():
            known = self._columns.get(key)
            if known is None:
                self._add(key, field)
            elif known.type != field.type:
                self._widen(key, known, field)

    def _make(self, columns: dict[str, pa.Field]) -> None:
        types = self._types(list(columns.values()))
        body = ", ".join(f"{identifier(f.name)} {text}" for f, text in zip(columns.values(), types, strict=True))
        self._execute(f"CREATE OR REPLACE {self._kind} {self._target} ({body})")
        self._columns = dict(columns)
        self._made = True

    def _add(self, key: str, field: pa.Field) -> None:
        (text,) = self._types([field])
        self._execute(f"ALTER TABLE {self._target} ADD COLUMN {identifier(field.name)} {text}")
        self._columns[key] = field

    def _widen(self, key: str, known: pa.Field, field: pa.Field) -> None:
        both = wider(known.type, field.type)
        if both is None:
            before, now = self._types([known, field])
            raise no_common_type(known.name, before, now, known.type)
        if both != known.type:
            widened = pa.field(known.name, both)
            (text,) = self._types([widened])
            self._execute(f"ALTER TABLE {self._target} ALTER COLUMN {identifier(known.name)} SET DATA TYPE {text}")
            self._columns[key] = widened

    def _types(self, fields: list[pa.Field]) -> list[str]:
        """DuckDB's own words for Arrow types: it is shown an empty table of them."""
        shown = pa.schema([pa.field(str(n), settled(field.type)) for n, field in enumerate(fields)])
        source = _Source(self._cursor, shown)
        try:
            described = self._cursor.execute(f"DESCRIBE {source.name}").fetchall()
        finally:
            source.leave()
        return [row[1] for row in described]

    # --- the rows ---------------------------------------------------------------------------------------------

    def _flush(self, *, everything: bool) -> None:
        table = self._buffer.take()
        if table is None:
            return
        whole = table.num_rows - table.num_rows % ROW_GROUP
        rows = table.num_rows if everything or whole == 0 else whole
        for start in range(0, rows, MOST_ROWS):
            self._insert(table.slice(start, min(MOST_ROWS, rows - start)))
        for batch in table.slice(rows).to_batches():
            self._buffer.add(batch)

    def _insert(self, rows: pa.Table) -> None:
        if rows.num_rows == 0:
            return
        table = _importable(rows)
        if self._source is None:
            self._source = _Source(self._cursor, table.schema)
        batches = table.combine_chunks().to_batches(max_chunksize=ROW_GROUP)
        self._source.table = pa.Table.from_batches(batches, schema=table.schema)
        names = identifiers(self._columns[name.lower()].name for name in table.column_names)
        given = identifiers(table.column_names)
        self._execute(f"INSERT INTO {self._target} ({names}) SELECT {given} FROM {self._source.name}")
        self._source.table = None
        self._rows += table.num_rows

    def _leave_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.leave()


class _Source:
    """A name under which the statements of a cursor read what `table` holds at that time.

    It is registered once and not for each table: until the transaction ends, DuckDB keeps whatever was registered in it.
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection, schema: pa.Schema) -> None:
        self._cursor = cursor
        self._schema = schema
        self._word = f"__interlace_batches_{next(_numbers)}"
        self.name = identifier(self._word)
        self.table: pa.Table | None = None
        cursor.register(self._word, self)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        table = self._schema.empty_table() if self.table is None else self.table
        return table.__arrow_c_stream__(requested_schema)

    def leave(self) -> None:
        """Take the name away."""
        self.table = None
        self._cursor.unregister(self._word)


def _columns(schema: pa.Schema) -> dict[str, pa.Field]:
    """The columns of a schema by their names without case, in canonical types.

    Raises:
        ModelFailed: there are none, two have one name, or DuckDB cannot store one.
    """
    if not len(schema):
        raise no_columns()
    columns: dict[str, pa.Field] = {}
    for field in schema:
        clash = columns.get(field.name.lower())
        if clash is not None:
            raise ModelFailed(
                f"The columns {clash.name!r} and {field.name!r} have one name: DuckDB does not look at its case.",
                hint="Rename one of them.",
            )
        kind = canonical(field.type)
        why = importable(kind)
        if why:
            raise ModelFailed(f"Column {field.name!r} holds {why} ({field.type}), which DuckDB cannot store.")
        columns[field.name.lower()] = pa.field(field.name, kind)
    return columns


def _importable(table: pa.Table) -> pa.Table:
    """The same values in types that DuckDB reads: it knows neither half floats nor decimals of 256 bits."""
    if not any(_foreign(field.type) for field in table.schema):
        return table
    arrays = []
    for field, array in zip(table.schema, table.columns, strict=True):
        try:
            arrays.append(array.cast(canonical(field.type)) if _foreign(field.type) else array)
        except pa.ArrowInvalid as error:
            raise ModelFailed(f"Column {field.name!r} ({field.type}): {error}.") from error
    return pa.table(arrays, names=table.column_names)


def _foreign(kind: pa.DataType) -> bool:
    if pt.is_float16(kind) or pt.is_decimal256(kind):
        return True
    return any(_foreign(child) for child in _children(kind))


def _children(kind: pa.DataType) -> Iterator[pa.DataType]:
    for n in range(kind.num_fields):
        yield kind.field(n).type
