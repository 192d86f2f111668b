"""Which Arrow types fit one column of PostgreSQL, what it is called there, and the type that holds both of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.types as pt

from interlace.errors import ModelFailed
from interlace.schema.arrow_kinds import canonical_scalar, wider_scalar

__all__ = ["canonical", "is_list", "server_type", "wider"]

_MOST_DIGITS: Final = 76

_PLAIN: Final[Mapping[pa.DataType, str]] = {
    pa.null(): "text",
    pa.bool_(): "boolean",
    pa.int8(): "smallint",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "integer",
    pa.uint32(): "bigint",
    pa.uint64(): "numeric(20,0)",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.binary(): "bytea",
    pa.date32(): "date",
    pa.time64("us"): "time without time zone",
    pa.timestamp("us"): "timestamp without time zone",
    pa.timestamp("us", tz="UTC"): "timestamp with time zone",
    pa.duration("us"): "interval",
    pa.month_day_nano_interval(): "interval",
    pa.uuid(): "uuid",
    pa.json_(): "jsonb",
}


def canonical(kind: pa.DataType) -> pa.DataType:
    """The one type that stands for all that PostgreSQL stores alike: large and view strings, dictionaries, units of time."""
    kind = canonical_scalar(kind)
    if pt.is_duration(kind):
        return pa.duration("us")
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name == "arrow.bool8":
        return pa.bool_()
    return _canonical_nested(kind)


def _canonical_nested(kind: pa.DataType) -> pa.DataType:
    if is_list(kind):
        return pa.list_(canonical(kind.value_type))
    if pt.is_map(kind):
        return pa.map_(canonical(kind.key_type), canonical(kind.item_type))
    if pt.is_struct(kind):
        return pa.struct([(field.name, canonical(field.type)) for field in kind])
    return kind


def server_type(name: str, kind: pa.DataType) -> str:
    """PostgreSQL's word for a canonical type.  What is nested deeper than a list of scalars is kept as JSON.

    Raises:
        ModelFailed: it has none.
    """
    known = _PLAIN.get(kind)
    if known is not None:
        return known
    if pt.is_decimal(kind):
        return f"numeric({kind.precision},{kind.scale})"
    if is_list(kind) and (element := kind.value_type) in _PLAIN and element != pa.json_():
        return f"{_PLAIN[element]}[]"
    if is_list(kind) and pt.is_decimal(kind.value_type):
        return f"{server_type(name, kind.value_type)}[]"
    if is_list(kind) or pt.is_struct(kind) or pt.is_map(kind):
        return "jsonb"
    raise ModelFailed(f"Column {name!r} holds values of the type {kind}, which PostgreSQL cannot store.")


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The narrowest canonical type that holds the values of both canonical types; None where none does.

    Numbers widen to numbers, whole ones to floats too; dates to timestamps; lists, maps and structures by what is in
    them. Text and numbers, decimals and floats, timestamps with and without a zone have nothing in common.
    """
    both = wider_scalar(one, other, _MOST_DIGITS)
    if both is not None:
        return both
    if is_list(one) and is_list(other):
        value = wider(one.value_type, other.value_type)
        return None if value is None else pa.list_(value)
    if pt.is_map(one) and pt.is_map(other):
        key, item = wider(one.key_type, other.key_type), wider(one.item_type, other.item_type)
        return pa.map_(key, item) if key is not None and item is not None else None
    return _wider_struct(one, other) if pt.is_struct(one) and pt.is_struct(other) else None


def _wider_struct(one: pa.StructType, other: pa.StructType) -> pa.DataType | None:
    fields: dict[str, pa.DataType] = {field.name: field.type for field in one}
    for field in other:
        both = wider(fields.get(field.name, pa.null()), field.type)
        if both is None:
            return None
        fields[field.name] = both
    return pa.struct(list(fields.items()))


def is_list(kind: pa.DataType) -> bool:
    """Whether it is a list, of any kind."""
    return bool(
        pt.is_list(kind)
        or pt.is_large_list(kind)
        or pt.is_list_view(kind)
        or pt.is_large_list_view(kind)
        or pt.is_fixed_size_list(kind)
    )
