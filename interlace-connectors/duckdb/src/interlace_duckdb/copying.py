"""Writing files: ``COPY … TO`` and the options that each format takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from interlace.errors import UnsupportedCapability, did_you_mean
from interlace_duckdb.quoting import literal

__all__ = ["copy_statement"]


def _yes_or_no(value: object) -> str | None:
    return literal(value) if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return literal(value) if isinstance(value, str) else None


def _count(value: object) -> str | None:
    return literal(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _one_of(*words: str) -> Callable[[object], str | None]:
    def write(value: object) -> str | None:
        return literal(value) if value in words and isinstance(value, str) else None

    return write


Writer = Callable[[object], str | None]

FORMATS: Final[Mapping[str, Mapping[str, Writer]]] = {
    "csv": {
        "header": _yes_or_no,
        "delimiter": _text,
        "quote": _text,
        "escape": _text,
        "nullstr": _text,
        "dateformat": _text,
        "timestampformat": _text,
        "compression": _one_of("none", "gzip", "zstd"),
    },
    "parquet": {
        "compression": _one_of("uncompressed", "snappy", "gzip", "zstd", "brotli", "lz4", "lz4_raw"),
        "row_group_size": _count,
    },
    "json": {"array": _yes_or_no, "compression": _one_of("none", "gzip", "zstd")},
}
"""The options of each format, by the words that DuckDB has for them."""


def copy_statement(sql: str, path: Path, format: str, options: Mapping[str, object]) -> str:  # noqa: A002
    """The statement that writes a query's rows to a file.

    Raises:
        UnsupportedCapability: no such format, no such option of it, or a value that the option does not take.
    """
    takes = FORMATS.get(format)
    if takes is None:
        raise UnsupportedCapability(
            f"DuckDB writes no files of format {format!r}.", hint=did_you_mean(format, FORMATS, label="Formats") or None
        )
    words = [f"FORMAT {format}", *(_option(format, takes, name, value) for name, value in options.items())]
    return f"COPY ({sql}\n) TO {literal(str(path))} ({', '.join(words)})"


def _option(format: str, takes: Mapping[str, Writer], name: str, value: object) -> str:  # noqa: A002
    write = takes.get(name)
    if write is None:
        raise UnsupportedCapability(
            f"DuckDB has no option {name!r} for {format} files.",
            hint=did_you_mean(name, takes, label="Options") or None,
        )
    written = write(value)
    if written is None:
        raise UnsupportedCapability(f"Option {name!r} for {format} files does not take {value!r}.")
    return f"{name.upper()} {written}"
