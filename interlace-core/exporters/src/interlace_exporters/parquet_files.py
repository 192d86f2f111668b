"""``export: {format: parquet, path: …}``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field

from interlace.contracts.exporter import Exported, Exporter, ExportOptions
from interlace.errors import UnsupportedCapability
from interlace_exporters.columns import is_huge, type_of
from interlace_exporters.replacing import write_file

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["Parquet", "ParquetOptions"]

_ROWS_OF_A_GROUP: Final = 122_880


class ParquetOptions(ExportOptions):
    """Options of ``parquet``.

    Attributes:
        compression: of the pages: ``snappy``, ``zstd``, ``gzip`` or ``none``.
        row_group_size: rows in a row group; by default 122,880.
    """

    compression: Literal["snappy", "zstd", "gzip", "none"] = "snappy"
    row_group_size: Annotated[int, Field(ge=1, strict=True)] | None = None


class Parquet(Exporter):
    """Apache Parquet.

    The engine writes it where it can.  A whole number of 128 bits, such as DuckDB's ``sum`` of integers, is written as
    ``DECIMAL(38, 0)``: Parquet has no such integer, and a float would lose digits.
    """

    Config: ClassVar[type[ExportOptions]] = ParquetOptions

    def export(self, session: Session, sql: str, path: Path, options: ParquetOptions) -> Exported:  # type: ignore[override]
        """Write the rows.

        Raises:
            ExportFailed: the file cannot be written, or a column has a type that Parquet has not.
        """
        return write_file(path, lambda temporary: _write(session, sql, temporary, options))


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
