"""Whether a copy has the types of what it is a copy of: asked before any row moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import InvalidModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column

__all__ = ["refuse_without_equal", "same"]

_AS_TEXT = frozenset(
    {"TEXT", "VARCHAR", "NVARCHAR", "CHAR", "NCHAR", "BPCHAR", "NAME", "ENUM", "USERDEFINED", "XML", "UNKNOWN"}
)
"""Types, as sqlglot calls them, of which a text is all there is."""


def refuse_without_equal(
    name: str, columns: Sequence[Column], given: pa.Schema, made: pa.Schema, source: Session, target: Session
) -> None:
    """Refuse to copy columns whose type the other engine has no equal of.

    Args:
        name: what is copied.
        columns: as the source describes them.
        given: the same columns as Arrow.
        made: what the target gives back of a table that it made of `given`.

    Raises:
        InvalidModel: names each column and its type.
    """
    dialect = source.connection.dialect
    lost = [
        f"{column.name} ({column.type})"
        for column, one, other in zip(columns, given, made, strict=True)
        if _is_only_text(column, one.type, dialect) or not same(one.type, other.type)
    ]
    if not lost:
        return
    what = "Column" if len(lost) == 1 else "Columns"
    raise InvalidModel(
        f"{name} cannot be copied from {source.connection.name!r} to {target.connection.name!r}. {what} without an equal type"
        f" in {target.connection.dialect}: {', '.join(lost)}",
        hint=f"Read a model on {source.connection.name!r} that casts {'it' if len(lost) == 1 else 'them'}, or leave {'it' if len(lost) == 1 else 'them'} out of the query.",
    )


def _is_only_text(column: Column, kind: pa.DataType, dialect: str) -> bool:
    """Whether the values travel as text though they are none."""
    import pyarrow.types as pt
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if not pt.is_string(kind):
        return False
    try:
        parsed = sqlglot.parse_one(f"CAST(NULL AS {column.type})", dialect=dialect)
    except SqlglotError:
        return False
    assert isinstance(parsed, exp.Cast)  # noqa: S101  it was written as one
    return parsed.to.this.value not in _AS_TEXT


def same(one: pa.DataType, other: pa.DataType) -> bool:
    """Whether the second type holds every value of the first, as the same kind of thing."""
    import pyarrow as pa
    import pyarrow.types as pt

    one, other = _plain(one), _plain(other)
    if one == other or pt.is_null(one):
        return True
    if pt.is_integer(one) and pt.is_integer(other):
        if pt.is_signed_integer(one) and pt.is_unsigned_integer(other):
            return False
        return _bits(other) >= _bits(one) + int(pt.is_unsigned_integer(one) and pt.is_signed_integer(other))
    if pt.is_unsigned_integer(one) and pt.is_decimal(other):
        return bool(other.precision - other.scale >= len(str(2 ** _bits(one) - 1)))
    if pt.is_floating(one) and pt.is_floating(other):
        return bool(other.bit_width >= one.bit_width)
    if pt.is_decimal(one) and pt.is_decimal(other):
        return bool(other.scale >= one.scale and other.precision - other.scale >= one.precision - one.scale)
    if pt.is_timestamp(one) and pt.is_timestamp(other):
        return bool((one.tz is None) == (other.tz is None) and _DIGITS[other.unit] >= _DIGITS[one.unit])
    if pt.is_time(one) and pt.is_time(other):
        return _DIGITS[other.unit] >= _DIGITS[one.unit]
    if pt.is_duration(one) and isinstance(other, pa.MonthDayNanoIntervalType):
        return True
    if pt.is_list(one) and pt.is_list(other):
        return same(one.value_type, other.value_type)
    if pt.is_struct(one) and pt.is_struct(other):
        return [f.name for f in one] == [f.name for f in other] and all(
            same(f.type, g.type) for f, g in zip(one, other, strict=True)
        )
    if pt.is_map(one) and pt.is_map(other):
        return same(one.key_type, other.key_type) and same(one.item_type, other.item_type)
    return False


_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def _bits(kind: pa.DataType) -> int:
    return int(kind.bit_width)


def _plain(kind: pa.DataType) -> pa.DataType:
    """A type without what is only about how its values are stored."""
    import pyarrow as pa
    import pyarrow.types as pt

    if pt.is_dictionary(kind):
        return _plain(kind.value_type)
    if pt.is_large_string(kind) or pt.is_string_view(kind):
        return pa.string()
    if pt.is_large_binary(kind) or pt.is_binary_view(kind) or pt.is_fixed_size_binary(kind):
        return pa.binary()
    if pt.is_large_list(kind) or pt.is_fixed_size_list(kind) or pt.is_list_view(kind) or pt.is_large_list_view(kind):
        return pa.list_(kind.value_type)
    if pt.is_date(kind):
        return pa.date32()
    return kind
