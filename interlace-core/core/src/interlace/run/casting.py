"""Arrays of declared columns: cast to their type, an error where a value does not fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from interlace.errors import ModelFailed
from interlace.run.values import Place

__all__ = ["cast_column"]


def cast_column(array: pa.Array, kind: pa.DataType, place: Place) -> pa.Array:
    """The same values in a declared type.

    Text is read as ISO dates, times, numbers and UUIDs; timestamps without a zone are in UTC where the type has one;
    whatever would lose digits or time is refused.

    Raises:
        ModelFailed: names the column, the row and the value that does not fit.
    """
    if array.type == kind:
        return array
    try:
        return _cast(array, kind)
    except (pa.ArrowException, ValueError, TypeError) as error:
        index, cause = _first_failure(array, kind, error)
        value = array[index].as_py()
        raise ModelFailed(
            f"Column {place.column!r}, row {place.row(index):,}: {value!r} is no {kind}, as which the column is declared "
            f"({cause}).",
            hint="Convert the value, or declare another type under 'columns'.",
        ) from error


def _first_failure(array: pa.Array, kind: pa.DataType, error: Exception) -> tuple[int, Exception]:
    for index in range(len(array)):
        try:
            _cast(array.slice(index, 1), kind)
        except (pa.ArrowException, ValueError, TypeError) as found:
            return index, found
    return 0, error


def _cast(array: pa.Array, kind: pa.DataType) -> pa.Array:
    if pt.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    given = array.type
    if pt.is_null(given):
        return pa.nulls(len(array), kind)
    if kind == pa.uuid():
        return _each(array, UUID, kind) if _is_text(given) else array.cast(kind)
    if kind == pa.json_():
        return _to_json(array)
    if pt.is_time(kind) and _is_text(given):
        return _each(array, time.fromisoformat, kind)
    if pt.is_timestamp(kind):
        return _to_timestamp(array, kind)
    if pt.is_date(kind) and pt.is_timestamp(given):
        return _to_date(array, kind)
    if pt.is_decimal(kind) and pt.is_integer(given):
        return array.cast(pa.decimal128(38, kind.scale)).cast(kind)
    if pt.is_struct(kind) and pt.is_struct(given):
        _same_fields(array, kind)
    if isinstance(given, pa.BaseExtensionType) and _is_text(kind):
        return pa.array([None if value is None else str(value) for value in array.to_pylist()], kind)
    return array.cast(kind)


def _each(array: pa.Array, read: Callable[[str], object], kind: pa.DataType) -> pa.Array:
    return pa.array([None if value is None else read(value) for value in array.to_pylist()], kind)


def _to_json(array: pa.Array) -> pa.Array:
    if _is_text(array.type):
        for value in array.to_pylist():
            if value is not None:
                json.loads(value)
        texts = array.cast(pa.string())
    else:
        texts = pa.array([None if value is None else json.dumps(value) for value in array.to_pylist()], pa.string())
    return pa.ExtensionArray.from_storage(pa.json_(), texts)


def _to_timestamp(array: pa.Array, kind: pa.TimestampType) -> pa.Array:
    if _is_text(array.type) and kind.tz is not None:
        try:
            return array.cast(kind)
        except pa.ArrowInvalid:  # no offset: it is in UTC
            return array.cast(pa.timestamp(kind.unit)).cast(kind)
    return array.cast(kind)


def _to_date(array: pa.Array, kind: pa.DataType) -> pa.Array:
    days = array.cast(kind)
    if not pc.all(pc.equal(days.cast(array.type), array)).as_py() and array.null_count < len(array):
        raise ValueError("it has a time of day")
    return days


def _same_fields(array: pa.StructArray, kind: pa.StructType) -> None:
    known = {field.name for field in kind}
    for number, field in enumerate(array.type):
        values = pc.struct_field(array, [number])
        if field.name not in known and values.null_count < len(array):
            raise ValueError(f"it has the undeclared field {field.name!r}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind))
