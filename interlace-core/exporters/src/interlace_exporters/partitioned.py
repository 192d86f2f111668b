"""Parquet in folders of partitions, as Hive names them: ``day=2024-01-01/part-0.parquet``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from interlace.errors import ExportFailed, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.contracts.connection import Session

__all__ = ["FILE", "write_partitions"]

FILE: Final = "part-0.parquet"
"""The one file of a partition: a rerun puts the new one into the old one's place, in one step."""

NULL: Final = "__HIVE_DEFAULT_PARTITION__"


def write_partitions(
    session: Session, sql: str, folder: Path, columns: Sequence[str], *, compression: str, rows_of_a_group: int
) -> int:
    """Write the rows of a query, sorted by the columns that divide them, so that one file is open at a time.

    Args:
        folder: an empty folder.
        columns: what divides the rows; they stand in the names of folders, not in the files.

    Returns:
        the number of rows.

    Raises:
        ExportFailed: the relation has no such column, or none beside them.
    """
    names = _spelt(session, sql, columns)
    order = ", ".join(f"{session.quote(name)} ASC NULLS FIRST" for name in names)
    reader = session.arrow(f"SELECT * FROM (\n{sql}\n) AS exported ORDER BY {order}", batch_size=rows_of_a_group)
    writer: Any = None
    at, count = "", 0
    try:
        for batch in reader:
            rest = batch.drop_columns(names)
            for partition, start, end in _stretches(batch, names):
                if writer is None or partition != at:
                    if writer is not None:
                        writer.close()
                    at, writer = partition, _writer(folder / partition, rest.schema, compression)
                writer.write_batch(rest.slice(start, end - start), row_group_size=rows_of_a_group)
            count += batch.num_rows
    finally:
        if writer is not None:
            writer.close()
    return count


def _writer(folder: Path, schema: pa.Schema, compression: str) -> Any:
    import pyarrow.parquet as pq

    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        # Values that read the same as text, or names that differ by their case where the file system sees no case.
        said = f"two partitions would have the folder {folder.name!r}: their values differ, the names of the folders do not"
        raise ExportFailed(said, hint="Divide by a column that is text, in one case.") from None
    return pq.ParquetWriter(folder / FILE, schema, compression=compression)


def _spelt(session: Session, sql: str, columns: Sequence[str]) -> list[str]:
    """The columns as the relation spells them."""
    known = {column.name.casefold(): column.name for column in session.describe(sql)}
    for name in columns:
        if name.casefold() not in known:
            near = did_you_mean(name, known.values(), label="Columns")
            raise ExportFailed(f"'partition_by' names {name!r}, which is no column.", hint=near or None)
    if len(columns) == len(known):
        raise ExportFailed("'partition_by' names all columns: nothing is left to write into the files.")
    return [known[name.casefold()] for name in columns]


def _stretches(batch: pa.RecordBatch, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """The rows of a sorted batch by partition: its folder, the first row, and the one after the last."""
    from interlace_exporters.cells import text_cells

    ends = sorted(set().union(*(_ends(batch.column(name)) for name in names))) if batch.num_rows else []
    starts = [0, *ends[:-1]]
    texts = [text_cells(batch.column(name).take(starts)) for name in names] if ends else []
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        yield (
            "/".join(f"{quote(n, safe='')}={_value(t[number])}" for n, t in zip(names, texts, strict=True)),
            start,
            end,
        )


def _ends(column: Any) -> list[int]:
    """After which rows the value is another."""
    import pyarrow.compute as pc

    found: list[int] = pc.run_end_encode(column).run_ends.to_pylist()
    return found


def _value(text: str | None) -> str:
    return NULL if text is None else quote(text, safe=" ")
