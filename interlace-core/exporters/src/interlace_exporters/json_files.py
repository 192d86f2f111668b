"""``export: {format: json, path: …}`` and ``export: {format: jsonl, path: …}``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.exporter import Exported, Exporter, ExportOptions
from interlace.errors import UnsupportedCapability
from interlace.schema.sql_types import Floating
from interlace_exporters.columns import holds_float, is_json, type_of
from interlace_exporters.compression import Compression, compression_of, opened
from interlace_exporters.replacing import write_file

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column

__all__ = ["Json", "JsonLines", "JsonLinesOptions", "JsonOptions"]


class JsonLinesOptions(ExportOptions):
    """Options of ``jsonl``.

    Attributes:
        compression: ``gzip``, ``zstd`` or ``none``; by default what the path's end says, ``.gz`` or ``.zst``.
    """

    compression: Compression | None = None


class JsonOptions(JsonLinesOptions):
    """Options of ``json``.

    Attributes:
        lines: a record on each line, instead of one array of records.
    """

    lines: bool = False


class Json(Exporter):
    """JSON in UTF-8: one array of records, or a record on each line.

    The engine writes it where it can.  NaN and the infinities become null, which is all that JSON has for them; dates and
    times become text, and decimals numbers with all their digits.
    """

    Config: ClassVar[type[ExportOptions]] = JsonOptions

    def export(self, session: Session, sql: str, path: Path, options: JsonOptions) -> Exported:
        """Write the rows.

        Raises:
            ExportFailed: the file cannot be written.
        """
        return _export(session, sql, path, options, array=not options.lines)


class JsonLines(Exporter):
    """JSON in UTF-8, a record on each line: ``json`` with ``lines: true``."""

    Config: ClassVar[type[ExportOptions]] = JsonLinesOptions

    def export(self, session: Session, sql: str, path: Path, options: JsonLinesOptions) -> Exported:
        """Write the rows.

        Raises:
            ExportFailed: the file cannot be written.
        """
        return _export(session, sql, path, options, array=False)


def _export(session: Session, sql: str, path: Path, options: JsonLinesOptions, *, array: bool) -> Exported:
    compression = compression_of(options.compression, options.path)
    return write_file(path, lambda temporary: _write(session, sql, temporary, compression, array=array))


def _write(session: Session, sql: str, path: Path, compression: Compression, *, array: bool) -> int:
    columns = session.describe(sql)
    if session.connection.capabilities.copy_out and not any(_hides_float(session, column) for column in columns):
        try:
            finite = _finite(session, sql, columns)
            return session.copy_out(finite, path, "json", {"array": array, "compression": compression})
        except UnsupportedCapability:
            # The engine writes JSON, but not so: what is written below is the same.
            pass
    return _write_arrow(session, sql, path, compression, columns, array=array)


# --- NaN --------------------------------------------------------------------------------------------------------------


def _hides_float(session: Session, column: Column) -> bool:
    """Whether floats stand deeper than `_finite` reaches."""
    kind = type_of(session, column)
    return holds_float(kind) and not isinstance(kind, Floating)


def _finite(session: Session, sql: str, columns: tuple[Column, ...]) -> str:
    """The query with NULL for NaN and the infinities, which engines write as words that are no JSON."""
    floats = {c.name for c in columns if isinstance(type_of(session, c), Floating)}
    if not floats:
        return sql
    shown = ", ".join(_bounded(session.quote(c.name)) if c.name in floats else session.quote(c.name) for c in columns)
    return f"SELECT {shown} FROM (\n{sql}\n) AS exported"


def _bounded(name: str) -> str:
    least, most = ("CAST('-infinity' AS DOUBLE PRECISION)", "CAST('infinity' AS DOUBLE PRECISION)")
    return f"CASE WHEN {name} > {least} AND {name} < {most} THEN {name} END AS {name}"


# --- from Arrow -------------------------------------------------------------------------------------------------------


def _write_arrow(
    session: Session, sql: str, path: Path, compression: Compression, columns: tuple[Column, ...], *, array: bool
) -> int:
    embedded = frozenset(column.name for column in columns if is_json(column))
    reader = session.arrow(sql)
    count = 0
    with opened(path, compression) as file:
        file.write(b"[\n" if array else b"")
        for batch in reader:
            records = _records(batch, embedded)
            file.write(_array_part(records, first=not count) if array else "".join(f"{r}\n" for r in records).encode())
            count += batch.num_rows
        file.write(b"\n]\n" if array else b"")
    return count


def _array_part(records: list[str], *, first: bool) -> bytes:
    if not records:
        return b""
    return (("" if first else ",\n") + ",\n".join(f"\t{record}" for record in records)).encode()


def _records(batch: pa.RecordBatch, embedded: frozenset[str]) -> list[str]:
    from interlace_exporters.cells import json_cells, text_cells

    names = [json.dumps(name, ensure_ascii=False) for name in batch.schema.names]
    columns = [
        [text or "null" for text in text_cells(column)] if name in embedded else json_cells(column)
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    rows = zip(*columns, strict=True)
    return ["{" + ",".join(f"{n}:{v}" for n, v in zip(names, row, strict=True)) + "}" for row in rows]
