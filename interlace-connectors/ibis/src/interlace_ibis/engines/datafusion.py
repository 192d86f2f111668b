"""DataFusion: queries over files, computed in this process; its own options refuse what is no query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import datafusion

from interlace_ibis.engines.files import FilesEngine, Table, other_columns, plain

if TYPE_CHECKING:
    import ibis
    import pyarrow as pa

    from interlace.contracts.relation import Column

__all__ = ["DataFusion"]

_QUERIES: Final = datafusion.SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
_SETTINGS: Final = {"datafusion.sql_parser.dialect": "PostgreSQL"}


class DataFusion(FilesEngine):
    """One context of DataFusion."""

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Make a context with the tables in it."""
        del url
        config = datafusion.SessionConfig(dict(_SETTINGS)).with_information_schema(enabled=True)
        context = datafusion.SessionContext(config.with_default_catalog_and_schema("datafusion", "main"))
        for table in options["tables"]:
            _register(context, table)
        return module.connect(context)

    def names(self) -> list[str]:
        """The tables."""
        return sorted(self.con.con.catalog("datafusion").schema("main").names())

    def frame(self, sql: str) -> datafusion.DataFrame:
        """A query, bound."""
        context: datafusion.SessionContext = self.con.con
        return context.sql_with_options(sql, _QUERIES)

    def stream(self, sql: str, batch_size: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; its rows as they are computed."""
        frame = self.frame(sql)
        return plain(_pieces(frame, batch_size), frame.schema())

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give."""
        from ibis.formats.pyarrow import PyArrowSchema

        return self.columns_of(PyArrowSchema.to_ibis(self.frame(sql).schema()))


def _pieces(frame: datafusion.DataFrame, size: int) -> Iterator[pa.RecordBatch]:
    for found in frame.execute_stream():
        batch = found.to_pyarrow()
        for start in range(0, batch.num_rows, size):
            yield batch.slice(start, size)


def _register(context: datafusion.SessionContext, table: Table) -> None:
    reader: Any = {"parquet": context.read_parquet, "csv": context.read_csv, "json": context.read_json}[table.format]
    frames = [reader(path, file_extension=f".{path.rpartition('.')[2]}") for path in table.files]
    union: datafusion.DataFrame = frames[0]
    for path, frame in zip(table.files[1:], frames[1:], strict=True):
        union = union.union(_alike(frame, frames[0], table, path))
    context.register_view(table.name, union)


def _alike(frame: datafusion.DataFrame, first: datafusion.DataFrame, table: Table, path: str) -> datafusion.DataFrame:
    """The columns of a file in the order of the first one's: a union goes by their places."""
    names, found = first.schema().names, frame.schema().names
    if sorted(names) != sorted(found):
        raise other_columns(table, path, found, names)
    return frame.select(*(datafusion.col(f'"{name}"') for name in names))
