"""Which Arrow types fit one column of DuckDB, and the type that holds both of two."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.types as pt

from interlace.schema.arrow_kinds import decoded, wider_scalar

__all__ = ["canonical", "importable", "settled", "wider"]

_MOST_DIGITS: Final = 38


def canonical(kind: pa.DataType) -> pa.DataType:
    """The one type that stands for all that DuckDB stores alike: large and view strings, dictionaries, encodings."""
    kind = decoded(kind)
    if pt.is_temporal(kind):
        return _canonical_time(kind)
    if pt.is_decimal(kind):
        return pa.decimal128(min(kind.precision, _MOST_DIGITS), kind.scale)
    if isinstance(kind, pa.BaseExtensionType):
        return _canonical_extension(kind)
    return _canonical_nested(kind)


def _canonical_time(kind: pa.DataType) -> pa.DataType:
    if pt.is_timestamp(kind):
        if kind.tz is not None:
            return pa.timestamp("us", tz="UTC")
        return pa.timestamp("ns" if kind.unit == "ns" else "us")
    if pt.is_time(kind):
        return pa.time64("ns" if kind == pa.time64("ns") else "us")
    return pa.date32() if pt.is_date(kind) else pa.duration("us")


def _canonical_extension(kind: pa.BaseExtensionType) -> pa.DataType:
    if kind.extension_name == "arrow.bool8":
        return pa.bool_()
    return kind


def _canonical_nested(kind: pa.DataType) -> pa.DataType:
    if pt.is_fixed_size_list(kind):
        return pa.list_(canonical(kind.value_type), kind.list_size)
    if _is_list(kind):
        return pa.list_(canonical(kind.value_type))
    if pt.is_map(kind):
        return pa.map_(canonical(kind.key_type), canonical(kind.item_type))
    if pt.is_struct(kind):
        return pa.struct([(field.name, canonical(field.type)) for field in kind])
    return kind


def importable(kind: pa.DataType) -> str | None:
    """Why DuckDB cannot store a canonical type; None where it can."""
    if pt.is_union(kind):
        return "a union"
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name not in {"arrow.uuid", "arrow.json"}:
        return f"values of the extension type {kind.extension_name}"
    if pt.is_struct(kind):
        names = [field.name.lower() for field in kind]
        if not names:
            return "a structure without fields"
        if len(set(names)) < len(names):
            return "a structure with two fields of one name (DuckDB does not look at their case)"
        return next((why for field in kind if (why := importable(field.type))), None)
    if _is_list(kind) or pt.is_fixed_size_list(kind):
        return importable(kind.value_type)
    if pt.is_map(kind):
        return importable(kind.key_type) or importable(kind.item_type)
    return None


def settled(kind: pa.DataType) -> pa.DataType:
    """The type of a column of which nothing but NULL is known: text."""
    if pt.is_null(kind):
        return pa.string()
    if pt.is_fixed_size_list(kind):
        return pa.list_(settled(kind.value_type), kind.list_size)
    if _is_list(kind):
        return pa.list_(settled(kind.value_type))
    if pt.is_map(kind):
        return pa.map_(settled(kind.key_type), settled(kind.item_type))
    if pt.is_struct(kind):
        return pa.struct([(field.name, settled(field.type)) for field in kind])
    return kind


def wider(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The narrowest canonical type that holds the values of both canonical types; None where none does.

    Numbers widen to numbers, whole ones to floats too; dates to timestamps; lists, maps and structures by what is in
    them. Text and numbers, decimals and floats, timestamps with and without a zone have nothing in common.
    """
    both = wider_scalar(one, other, _MOST_DIGITS)
    if both is not None:
        return both
    if pt.is_timestamp(one) and pt.is_timestamp(other) and (one.tz is None) == (other.tz is None):
        return pa.timestamp("ns", tz=one.tz)
    if pt.is_time(one) and pt.is_time(other):
        return pa.time64("ns")
    return _wider_nested(one, other)


def _wider_nested(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    if (_is_list(one) or pt.is_fixed_size_list(one)) and (_is_list(other) or pt.is_fixed_size_list(other)):
        value = wider(one.value_type, other.value_type)
        if value is None:
            return None
        same = pt.is_fixed_size_list(one) and pt.is_fixed_size_list(other) and one.list_size == other.list_size
        return pa.list_(value, one.list_size) if same else pa.list_(value)
    if pt.is_map(one) and pt.is_map(other):
        key, item = wider(one.key_type, other.key_type), wider(one.item_type, other.item_type)
        return pa.map_(key, item) if key is not None and item is not None else None
    return _wider_struct(one, other) if pt.is_struct(one) and pt.is_struct(other) else None


def _wider_struct(one: pa.StructType, other: pa.StructType) -> pa.DataType | None:
    fields: dict[str, tuple[str, pa.DataType]] = {field.name.lower(): (field.name, field.type) for field in one}
    for field in other:
        name, kind = fields.get(field.name.lower(), (field.name, pa.null()))
        both = wider(kind, field.type)
        if both is None:
            return None
        fields[field.name.lower()] = (name, both)
    return pa.struct(list(fields.values()))


def _is_list(kind: pa.DataType) -> bool:
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_list_view(kind) or pt.is_large_list_view(kind))
