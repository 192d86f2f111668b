"""The rows of one file as Arrow, in bounded memory: CSV, JSON lines or Parquet, compressed or not."""

from __future__ import annotations

import bz2
import gzip
import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO, cast

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.model.definition import FileDrop

__all__ = ["Unreadable", "declared_schema", "rows_of", "unpacked"]

_BLOCK = 1 << 22
_PIECE = 1 << 20


class Unreadable(Exception):  # never reaches the user: it becomes a ModelFailed that names the file
    """A file is not what its name says."""


def rows_of(opened: BinaryIO, path: str, drop: FileDrop) -> Iterator[pa.RecordBatch]:
    """The rows of a file, and the column with its name where one is asked for.

    A file of no bytes has no rows.  Of an archive (``.zip``) the rows of all its files.

    Raises:
        Unreadable: it is not what its name says, or a column that is declared is missing or does not fit.
    """
    import pyarrow as pa

    types = declared_types(drop)
    broken = (
        pa.ArrowException,
        zlib.error,
        zipfile.BadZipFile,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        RuntimeError,
    )
    try:
        for member in unpacked(opened, path):
            for batch in _rows(member, drop, types):
                yield _named(_complete(batch, types), path, drop)
    except broken as error:
        # What the reader of these rows raises does not get here.
        raise Unreadable(_said(error)) from error


def declared_types(drop: FileDrop) -> dict[str, pa.DataType]:
    """The types of the columns that are declared.

    Raises:
        InvalidModel: one is no type.
    """
    from interlace.run.arrow_types import arrow_type

    return {name: arrow_type(kind) for name, kind in drop.columns}


def declared_schema(drop: FileDrop) -> pa.Schema | None:
    """The columns that are declared, as the rows have them; None without."""
    import pyarrow as pa

    if not drop.columns:
        return None
    fields = list(declared_types(drop).items())
    return pa.schema([*fields, (drop.filename, pa.string())] if drop.filename is not None else fields)


def unpacked(opened: BinaryIO, path: str) -> Iterator[BinaryIO]:
    """What is in a file, decompressed as its suffix says: one stream, of an archive one for each of its files."""
    match path.lower().rpartition(".")[2]:
        case "gz":
            yield cast("BinaryIO", gzip.GzipFile(fileobj=opened))
        case "bz2":
            yield cast("BinaryIO", bz2.BZ2File(opened))
        case "zst":
            import pyarrow as pa

            yield cast("BinaryIO", pa.CompressedInputStream(pa.PythonFile(opened, mode="r"), "zstd"))
        case "zip":
            with zipfile.ZipFile(opened) as archive:
                for member in archive.infolist():
                    if not member.is_dir() and not member.filename.startswith("__MACOSX/"):
                        with archive.open(member) as inside:
                            yield cast("BinaryIO", inside)
        case _:
            yield opened


def _rows(stream: BinaryIO, drop: FileDrop, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    match drop.format:
        case "csv":
            return _csv(stream, drop, types)
        case "jsonl":
            return _json(stream, drop)
    return _parquet(stream, types)


def _csv(stream: BinaryIO, drop: FileDrop, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import csv

    from interlace.run.csv_options import csv_options

    read, parse, convert = csv_options(drop.options, types, block_size=_BLOCK)
    try:
        reader = csv.open_csv(stream, read_options=read, parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid as error:
        if str(error) == "Empty CSV file":
            return
        raise
    batch = None
    for batch in reader:
        yield batch
    if batch is None:
        yield pa.RecordBatch.from_pylist([], schema=reader.schema)


def _json(stream: BinaryIO, drop: FileDrop) -> Iterator[pa.RecordBatch]:
    from interlace.run.convert import to_batches

    batches, _ = to_batches(_objects(stream), declared=dict(drop.columns) or None)
    return batches


def _objects(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """Line by line; empty ones are left out."""
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except ValueError as error:
            raise Unreadable(f"line {number}: {error}") from error
        if not isinstance(found, dict):
            raise Unreadable(f"line {number} is no object")
        yield found


def _parquet(stream: BinaryIO, types: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    from pyarrow import parquet

    with tempfile.TemporaryFile() as copy:
        if not stream.seekable() or isinstance(stream, gzip.GzipFile | bz2.BZ2File | zipfile.ZipExtFile):
            # It is read from its end, which a compressed one would be decompressed for again and again.
            while piece := stream.read(_PIECE):
                copy.write(piece)
            copy.seek(0)
            stream = cast("BinaryIO", copy)
        if not stream.read(1):
            return
        stream.seek(0)
        for batch in parquet.ParquetFile(stream).iter_batches():
            yield _cast(batch, types)


def _cast(batch: pa.RecordBatch, types: dict[str, pa.DataType]) -> pa.RecordBatch:
    import pyarrow as pa

    schema = pa.schema([pa.field(f.name, types.get(f.name, f.type)) for f in batch.schema])
    return batch if batch.schema.equals(schema) else batch.cast(schema)


def _complete(batch: pa.RecordBatch, types: dict[str, pa.DataType]) -> pa.RecordBatch:
    missing = [name for name in types if name not in batch.schema.names]
    if missing:
        raise Unreadable(f"it has no column {missing[0]!r}, which 'columns' declares")
    return batch


def _named(batch: pa.RecordBatch, path: str, drop: FileDrop) -> pa.RecordBatch:
    import pyarrow as pa

    if drop.filename is None:
        return batch
    if drop.filename in batch.schema.names:
        raise Unreadable(f"it has a column {drop.filename!r} of its own: give 'filename' another name")
    return batch.append_column(drop.filename, pa.array([path] * batch.num_rows, pa.string()))


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
