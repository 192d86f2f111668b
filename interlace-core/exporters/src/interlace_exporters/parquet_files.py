"""``export: {format: parquet, path: …}``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field, model_validator

from interlace.contracts.exporter import Exported, Exporter, ExportOptions, Folder
from interlace.contracts.options import Columns
from interlace.errors import UnsupportedCapability
from interlace_exporters.columns import is_huge, type_of
from interlace_exporters.replacing import failures_of, write_file

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["Parquet", "ParquetOptions"]

_ROWS_OF_A_GROUP: Final = 122_880


class ParquetOptions(ExportOptions):
    """Options of ``parquet``.

    Attributes:
        compression: of the pages: ``snappy``, ``zstd``, ``gzip`` or ``none``.
        row_group_size: rows in a row group; by default 122,880.
        partition_by: columns whose values divide the rows: `path` is a folder then, with a folder for each value, such as
            ``day=2024-01-01``, and one file in each.
        missing_partitions: what becomes of the files of partitions that the table no longer has: ``keep`` or ``remove``.
    """

    compression: Literal["snappy", "zstd", "gzip", "none"] = "snappy"
    row_group_size: Annotated[int, Field(ge=1, strict=True)] | None = None
    partition_by: Columns | None = None
    missing_partitions: Literal["keep", "remove"] = "keep"

    @model_validator(mode="after")
    def _only_of_partitions(self) -> ParquetOptions:
        if self.partition_by is None and "missing_partitions" in self.model_fields_set:
            raise ValueError("'missing_partitions' goes with 'partition_by'")
        return self


class Parquet(Exporter):
    """Apache Parquet.

    The engine writes it where it can.  A whole number of 128 bits, such as DuckDB's ``sum`` of integers, is written as
    ``DECIMAL(38, 0)``: Parquet has no such integer, and a float would lose digits.
    """

    Config: ClassVar[type[ExportOptions]] = ParquetOptions

    def export(self, session: Session, sql: str, path: Path, options: ParquetOptions) -> Exported:
        """Write the rows.

        Raises:
            ExportFailed: the file cannot be written, or a column has a type that Parquet has not.
        """
        if options.partition_by is not None:
            return _write_partitions(session, sql, path, options)
        return write_file(path, lambda temporary: _write(session, sql, temporary, options))

    def folder(self, options: ParquetOptions) -> Folder | None:  # type: ignore[override]
        """A folder for each partition."""
        return Folder(".parquet", options.missing_partitions == "keep") if options.partition_by is not None else None


def _write_partitions(session: Session, sql: str, folder: Path, options: ParquetOptions) -> Exported:
    from interlace_exporters.partitioned import write_partitions

    with failures_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
        rows = write_partitions(
            session,
            sql,
            folder,
            options.partition_by or (),
            compression=options.compression,
            rows_of_a_group=options.row_group_size or _ROWS_OF_A_GROUP,
        )
    return Exported(folder, rows, sum(file.stat().st_size for file in folder.rglob("*.parquet")))


def _write(session: Session, sql: str, path: Path, options: ParquetOptions) -> int:
    exact = not any(is_huge(type_of(session, column)) for column in session.describe(sql))
    if session.connection.capabilities.copy_out and exact:
        try:
            return session.copy_out(sql, path, "parquet", _engine_options(options))
        except UnsupportedCapability:
            # The engine writes Parquet, but not with these options: what is written below is the same.
            pass
    return _write_arrow(session, sql, path, options)


def _engine_options(options: ParquetOptions) -> dict[str, object]:
    said: dict[str, object] = {"compression": "uncompressed" if options.compression == "none" else options.compression}
    if options.row_group_size is not None:
        said["row_group_size"] = options.row_group_size
    return said


def _write_arrow(session: Session, sql: str, path: Path, options: ParquetOptions) -> int:
    import pyarrow.parquet as pq

    size = options.row_group_size or _ROWS_OF_A_GROUP
    reader = session.arrow(sql, batch_size=size)
    count = 0
    with pq.ParquetWriter(path, reader.schema, compression=options.compression) as writer:
        for batch in reader:
            writer.write_batch(batch, row_group_size=size)
            count += batch.num_rows
    return count
