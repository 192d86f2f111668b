"""Polars: queries over files, computed in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from interlace_ibis.engines.files import FilesEngine, Table, plain

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace.contracts.relation import Column

__all__ = ["Polars"]


class Polars(FilesEngine):
    """One context of Polars's SQL."""

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Make a backend with the tables in it, each by its name and by that of the schema: Polars has none."""
        del url
        frames = {table.name: _frame(table) for table in options["tables"]}
        con = module.connect(frames)
        for name, frame in frames.items():
            con._context.register(f"main.{name}", frame)  # noqa: SLF001  there is no other way to it
        own = con.table
        con.table = lambda name, /, *, database=None: own(name, database=None if database == "main" else database)
        con.files = list(frames)
        return con

    def names(self) -> list[str]:
        """The tables."""
        return sorted(self.con.files)

    def frame(self, sql: str) -> pl.LazyFrame:
        """A query, bound."""
        found: pl.LazyFrame = self.con._context.execute(sql, eager=False)  # noqa: SLF001  the same
        found.collect_schema()
        return found

    def stream(self, sql: str, batch_size: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; its rows as they are computed."""
        frame = self.frame(sql)
        none = frame.head(0).collect().to_arrow()
        return plain(_pieces(frame, batch_size), none.schema)

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give."""
        from ibis.backends.sql.datatypes import PostgresType
        from ibis.formats.polars import PolarsSchema

        from interlace.contracts.relation import Column

        kinds = PolarsSchema.to_ibis(self.frame(sql).collect_schema())
        return tuple(Column(name, PostgresType.to_string(kind), bool(kind.nullable)) for name, kind in kinds.items())


def _pieces(frame: pl.LazyFrame, size: int) -> Iterator[pa.RecordBatch]:
    for found in frame.collect_batches(chunk_size=size, maintain_order=True, lazy=True):
        yield from found.to_arrow().to_batches(max_chunksize=size)


def _frame(table: Table) -> pl.LazyFrame:
    scan: Any = {"parquet": pl.scan_parquet, "csv": pl.scan_csv, "json": pl.scan_ndjson}[table.format]
    extra = {"try_parse_dates": True} if table.format == "csv" else {}
    frame: pl.LazyFrame = scan(list(table.files), **extra)
    frame.collect_schema()
    return frame
