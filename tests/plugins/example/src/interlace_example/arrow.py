"""Arrow in and out of a database that has rows only: a driver that speaks Arrow needs little of it."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.types as kinds

from interlace.contracts.relation import Column, Relation
from interlace.errors import ModelFailed, QueryFailed
from interlace_example.tables import quote

if TYPE_CHECKING:
    from interlace_example.session import ExampleSession

CHUNK_ROWS = 10_000

InsertMany = Callable[[str, Iterator[tuple[object, ...]]], None]

# YOURS: the type of a column for each type of Arrow, and back.

_DECLARED: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (kinds.is_null, "BLOB"),
    (kinds.is_boolean, "BOOLEAN"),
    (kinds.is_integer, "BIGINT"),
    (kinds.is_floating, "REAL"),
    (kinds.is_string, "TEXT"),
    (kinds.is_large_string, "TEXT"),
    (kinds.is_binary, "BLOB"),
    (kinds.is_large_binary, "BLOB"),
    (kinds.is_date, "DATE"),
    (kinds.is_timestamp, "TIMESTAMP"),
    (kinds.is_decimal, "TEXT"),
)
_ARROW = {"BIGINT": pa.int64(), "INTEGER": pa.int64(), "INT": pa.int64(), "REAL": pa.float64(), "TEXT": pa.string()}


def load(
    session: ExampleSession,
    insert_many: InsertMany,
    relation: Relation,
    batches: Iterator[pa.RecordBatch],
    schema: pa.Schema | None,
) -> int:
    """Fill a new table with batches, widening it as they come; gives the number of rows."""
    first = None if schema is not None else next(batches, None)
    present = schema if first is None else first.schema
    if present is None:
        raise ModelFailed("There is neither a row nor a declared schema: nothing can be made.")
    session.drop(relation, "table")
    session.execute(f"CREATE TABLE {session.name(relation)} ({', '.join(map(_definition, present))})")
    rows = 0
    for batch in itertools.chain([] if first is None else [first], batches):
        present = _widened(session, relation, present, batch.schema)
        _insert(session.name(relation), insert_many, batch)
        rows += batch.num_rows
    return rows


def reader(cursor: sqlite3.Cursor, columns: Sequence[Column], batch_size: int) -> pa.RecordBatchReader:
    """Stream a cursor's rows."""
    first = _fetch(cursor, batch_size)
    schema = pa.schema([_field(c, [row[i] for row in first]) for i, c in enumerate(columns)])

    def batches() -> Iterator[pa.RecordBatch]:
        rows = first
        while rows:
            yield _batch(rows, schema)
            rows = _fetch(cursor, batch_size)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _widened(session: ExampleSession, relation: Relation, present: pa.Schema, new: pa.Schema) -> pa.Schema:
    """Make the table fit for a batch, and give the schema that it has then."""
    if new == present:
        return present
    for field in new:
        _check_fits(present, field)
    wider = pa.unify_schemas([present, new], promote_options="permissive")
    if [_definition(f) for f in wider] != [_definition(f) for f in present]:
        session.rebuild(relation, [Column(f.name, _declared(f)) for f in wider])
    return wider


def _check_fits(present: pa.Schema, field: pa.Field) -> None:
    at = present.get_field_index(field.name)
    if at < 0:
        return
    try:
        pa.unify_schemas([pa.schema([present.field(at)]), pa.schema([field])], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise ModelFailed(
            f"The column {field.name!r} was {present.field(at).type} and is {field.type} in a later batch."
        ) from error


def _insert(table: str, insert_many: InsertMany, batch: pa.RecordBatch) -> None:
    names = ", ".join(map(quote, batch.schema.names))
    marks = ", ".join("?" * batch.num_columns)
    for start in range(0, batch.num_rows, CHUNK_ROWS):
        chunk = batch.slice(start, CHUNK_ROWS)
        values = [_plain(column) for column in chunk.columns]
        insert_many(f"INSERT INTO {table} ({names}) VALUES ({marks})", zip(*values, strict=True))


def _plain(column: pa.Array) -> list[Any]:
    """Values that sqlite3 takes: dates, times and decimals are text."""
    if kinds.is_date(column.type) or kinds.is_timestamp(column.type):
        return [None if value is None else value.isoformat() for value in column.to_pylist()]
    if kinds.is_decimal(column.type):
        return [None if value is None else str(value) for value in column.to_pylist()]
    return list(column.to_pylist())


def _definition(field: pa.Field) -> str:
    return f"{quote(field.name)} {_declared(field)}"


def _declared(field: pa.Field) -> str:
    for fits, declared in _DECLARED:
        if fits(field.type):
            return declared
    raise ModelFailed(f"The column {field.name!r} is {field.type}, which SQLite has no place for.")


def _field(column: Column, values: Iterable[object]) -> pa.Field:
    """A column's type: the declared one; without one that of its first values, text where there is none."""
    declared = _ARROW.get(column.type.upper())
    if declared is None:
        present = {type(value) for value in values if value is not None}
        inferred = {int: pa.int64(), float: pa.float64(), bytes: pa.binary()}
        declared = inferred.get(present.pop(), pa.string()) if len(present) == 1 else pa.string()
    return pa.field(column.name, declared)


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    try:
        arrays = [pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)]
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise QueryFailed(f"A value does not fit its column: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _fetch(cursor: sqlite3.Cursor, size: int) -> list[tuple[Any, ...]]:
    try:
        return cursor.fetchmany(size)
    except sqlite3.Error as error:
        raise QueryFailed(str(error)) from error
