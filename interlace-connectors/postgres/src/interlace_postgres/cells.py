"""Arrow columns as the CSV of COPY: pyarrow writes what it writes exactly, the rest becomes text here."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from pyarrow import csv

from interlace.errors import ModelFailed
from interlace_postgres.widening import is_list, server_type

__all__ = ["copy_data"]


def copy_data(table: pa.Table, kinds: dict[str, pa.DataType], *, utc: bool = False) -> pa.Buffer:
    """The rows of a table as CSV: a text is quoted always, so that what is empty is NULL.

    Args:
        kinds: the canonical type of each column.
        utc: whether the server reads times without a zone as UTC: writing the zone takes twenty times as long.

    Raises:
        ModelFailed: a value would lose digits: a time of nanoseconds.
    """
    columns = [_cells(name, table.column(name), kinds[name], utc=utc) for name in table.column_names]
    names = [str(number) for number in range(len(columns))]
    sink = pa.BufferOutputStream()
    options = csv.WriteOptions(include_header=False, quoting_style="needed")
    csv.write_csv(pa.table(columns, names=names), sink, options)
    return sink.getvalue()


def _cells(name: str, column: pa.ChunkedArray, kind: pa.DataType, *, utc: bool) -> pa.ChunkedArray:
    try:
        write = _writer(name, kind)
        if write is not None:
            return _texts(column, write)
        cells = column if column.type == kind else column.cast(kind)
        return cells.cast(pa.timestamp("us")) if utc and kind == pa.timestamp("us", tz="UTC") else cells
    except pa.ArrowException as error:
        raise ModelFailed(
            f"Column {name!r} ({column.type}): {error}.", hint="PostgreSQL keeps microseconds: round the values."
        ) from error


def _writer(name: str, kind: pa.DataType) -> Callable[[Any], str] | None:
    """How one value of a type becomes text; None for types that pyarrow writes."""
    if pt.is_binary(kind):
        return lambda value: "\\x" + value.hex()
    if pt.is_duration(kind):
        return _interval
    if pt.is_interval(kind):
        return lambda value: f"{value.months} months {value.days} days {value.nanoseconds // 1000} microseconds"
    if isinstance(kind, pa.UuidType | pa.JsonType):
        return str
    if is_list(kind) and server_type(name, kind).endswith("[]"):
        element = _writer(name, kind.value_type) or _element
        return lambda values: "{" + ",".join("NULL" if v is None else _quoted(element(v)) for v in values) + "}"
    if pt.is_nested(kind):
        plain = _json_maker(kind)
        return lambda value: json.dumps(plain(value), ensure_ascii=False, default=str)
    return None


def _texts(column: pa.ChunkedArray, write: Callable[[Any], str]) -> pa.ChunkedArray:
    texts = [None if value is None else write(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _interval(value: Any) -> str:
    return f"{value.days} days {value.seconds} seconds {value.microseconds} microseconds"


def _element(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _quoted(text: str) -> str:
    """An element of an array's text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json_maker(kind: pa.DataType) -> Callable[[Any], Any]:
    """How a nested value becomes what `json` writes: maps are objects, bytes are hexadecimal."""
    if is_list(kind):
        inner = _json_maker(kind.value_type)
        return lambda values: None if values is None else [inner(v) for v in values]
    if pt.is_map(kind):
        item = _json_maker(kind.item_type)
        return lambda pairs: None if pairs is None else {str(key): item(value) for key, value in pairs}
    if pt.is_struct(kind):
        makers = {field.name: _json_maker(field.type) for field in kind}
        return lambda value: None if value is None else {name: make(value[name]) for name, make in makers.items()}
    if pt.is_binary(kind):
        return lambda value: None if value is None else value.hex()
    if isinstance(kind, pa.JsonType):
        return lambda value: None if value is None else json.loads(value)
    if pt.is_temporal(kind) and not pt.is_duration(kind):
        return lambda value: None if value is None else value.isoformat()
    return lambda value: value
