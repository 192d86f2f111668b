"""What is said of a CSV file, as pyarrow's options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from pyarrow import csv

__all__ = ["CsvOptions", "csv_options"]


class CsvOptions(NamedTuple):
    """The three kinds of options that pyarrow takes."""

    read: csv.ReadOptions
    parse: csv.ParseOptions
    convert: csv.ConvertOptions


def csv_options(
    options: Mapping[str, Any],
    types: Mapping[str, pa.DataType],
    *,
    timestamps: Sequence[str] = (),
    block_size: int | None = None,
) -> CsvOptions:
    """An empty field is NULL, a quoted one is an empty text.

    Args:
        options: delimiter, header, quote, escape, encoding, null and skip, where they are said.
        types: of columns, where they are declared.
        timestamps: formats of times beside ISO 8601.
        block_size: bytes that are read at once; from the first of them the types are taken that are not declared.
    """
    from pyarrow import csv

    null = options.get("null", "")
    return CsvOptions(
        csv.ReadOptions(
            skip_rows=int(options.get("skip", 0)),
            encoding=str(options.get("encoding", "utf8")),
            autogenerate_column_names=not options.get("header", True),
            **({} if block_size is None else {"block_size": block_size}),
        ),
        csv.ParseOptions(
            delimiter=options.get("delimiter", ","),
            quote_char=options.get("quote", '"') or False,
            escape_char=options.get("escape") or False,
            newlines_in_values=True,
        ),
        csv.ConvertOptions(
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[str(n) for n in (null if isinstance(null, list | tuple) else [null])],
            column_types=dict(types),
            timestamp_parsers=[*timestamps, csv.ISO8601] if timestamps else None,
        ),
    )
