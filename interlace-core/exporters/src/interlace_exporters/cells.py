"""Arrow columns as text, one text for each row: the same text that DuckDB writes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["json_cells", "text_cells"]

Cells = list[str | None]


def text_cells(column: pa.Array) -> Cells:
    """The values as text, None for NULL; nested values as JSON.

    Raises:
        pyarrow.ArrowNotImplementedError: a type that has no text, such as an interval.
    """
    kind = column.type
    if at.is_dictionary(kind):
        return text_cells(column.dictionary_decode())
    if at.is_nested(kind):
        return _absent(column, json_cells(column))
    if at.is_floating(kind):
        return _mapped(_floats(column), _float)
    return _scalars(column)


def json_cells(column: pa.Array) -> list[str]:
    """The values as JSON, ``null`` for NULL, NaN and the infinities, which JSON has no words for."""
    kind = column.type
    if at.is_dictionary(kind):
        return json_cells(column.dictionary_decode())
    if at.is_struct(kind):
        return _structs(column)
    if at.is_map(kind):
        return _maps(column)
    if at.is_nested(kind):
        return _lists(column)
    if at.is_floating(kind):
        return ["null" if v is None or not math.isfinite(v) else repr(v) for v in column.to_pylist()]
    return ["null" if text is None else text for text in _mapped(_scalars(column), _written(kind))]


# --- scalars ----------------------------------------------------------------------------------------------------------


def _scalars(column: pa.Array) -> Cells:
    kind = column.type
    if at.is_null(kind):
        return [None] * len(column)
    if at.is_binary(kind) or at.is_large_binary(kind) or at.is_fixed_size_binary(kind) or at.is_binary_view(kind):
        return _mapped(column.to_pylist(), _bytes)
    if at.is_decimal(kind):
        return _mapped(column.to_pylist(), lambda number: f"{number:f}")
    if at.is_timestamp(kind):
        return _timestamps(column)
    if at.is_time(kind):
        return _mapped(column.cast(pa.string()).to_pylist(), _without_zeros)
    if isinstance(kind, pa.UuidType):
        return _mapped(column.to_pylist(), str)
    texts: Cells = column.cast(pa.string()).to_pylist()
    return texts


def _timestamps(column: pa.Array) -> Cells:
    kind = column.type
    if kind.tz is None:
        return _mapped(column.cast(pa.string()).to_pylist(), _without_zeros)
    naive = column.cast(pa.timestamp(kind.unit, "UTC")).cast(pa.timestamp(kind.unit))
    return _mapped(naive.cast(pa.string()).to_pylist(), lambda text: f"{_without_zeros(text)}+00")


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _floats(column: pa.Array) -> list[float | None]:
    """The values as Python's floats; those of 32 bits as the shortest decimal that means them."""
    if at.is_float64(column.type):
        values: list[float | None] = column.to_pylist()
        return values
    texts = column.cast(pa.float32()).cast(pa.string()).to_pylist()
    return [None if text is None else float(text) for text in texts]


def _float(number: float) -> str:
    return repr(number)


def _bytes(value: bytes) -> str:
    r"""Printable ASCII as it is, the rest and quotes and backslashes as ``\x5C``."""
    return "".join(chr(b) if 32 <= b < 127 and b not in b"\\'\"" else f"\\x{b:02X}" for b in value)  # noqa: PLR2004


def _written(kind: pa.DataType) -> Callable[[str], str]:
    """How a scalar's text becomes JSON: numbers and booleans as they are, the rest in quotes."""
    if at.is_integer(kind) or at.is_decimal(kind) or at.is_boolean(kind):
        return str
    return lambda text: json.dumps(text, ensure_ascii=False)


def _mapped(values: list[Any], write: Callable[[Any], str]) -> Cells:
    return [None if value is None else write(value) for value in values]


def _absent(column: pa.Array, texts: list[str]) -> Cells:
    return [text if there else None for text, there in zip(texts, column.is_valid().to_pylist(), strict=True)]


# --- nested -----------------------------------------------------------------------------------------------------------


def _structs(column: pa.StructArray) -> list[str]:
    names = [json.dumps(field.name, ensure_ascii=False) for field in column.type]
    children = [json_cells(child) for child in column.flatten()]
    rows = zip(*children, strict=True) if children else iter([()] * len(column))
    texts = ["{" + ",".join(f"{n}:{v}" for n, v in zip(names, row, strict=True)) + "}" for row in rows]
    return ["null" if text is None else text for text in _absent(column, texts)]


def _lists(column: pa.Array) -> list[str]:
    elements = iter(json_cells(column.flatten()))
    lengths = pc.list_value_length(column).to_pylist()
    return ["null" if n is None else f"[{','.join(_take(elements, n))}]" for n in lengths]


def _maps(column: pa.MapArray) -> list[str]:
    pairs = column.to_pylist()
    flat = [pair for row in pairs if row is not None for pair in row]
    keys = text_cells(pa.array([key for key, _ in flat], column.type.key_type))
    values = json_cells(pa.array([value for _, value in flat], column.type.item_type))
    written = iter([f"{json.dumps(k, ensure_ascii=False)}:{v}" for k, v in zip(keys, values, strict=True)])
    return ["null" if row is None else "{" + ",".join(_take(written, len(row))) + "}" for row in pairs]


def _take(texts: Iterator[str], count: int) -> list[str]:
    return [next(texts) for _ in range(count)]
