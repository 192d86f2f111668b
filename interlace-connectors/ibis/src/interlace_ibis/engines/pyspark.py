"""Spark: queries over files, computed in a Java of this process's own or on a cluster."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from interlace.contracts.relation import Column
from interlace.errors import InterlaceError, QueryFailed
from interlace_ibis.engines.dbapi import over
from interlace_ibis.engines.files import FilesEngine, Table, plain, require_same_columns
from interlace_ibis.quoting import identifier, literal

if TYPE_CHECKING:
    import ibis
    from pyspark.sql import DataFrame, SparkSession

    from interlace_ibis.backends import Backend

__all__ = ["PySpark"]

_DEFAULTS: Final = {
    "spark.master": "local[*]",
    "spark.app.name": "interlace",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
}
_CAUSE: Final = re.compile(r"^Caused by: (?:[\w.$]+: )?(.+)$", re.MULTILINE)
_SPECIAL: Final = re.compile(r"[{}\[\]*?,\\^]")
_READ: Final = {"parquet": "", "csv": ", header 'true', inferSchema 'true', enforceSchema 'false'", "json": ""}


class PySpark(FilesEngine):
    """One session of Spark; those of one connection share a database in its catalogue, which is in memory."""

    def __init__(self, backend: Backend, con: ibis.BaseBackend, schema: str | None) -> None:
        super().__init__(backend, con, schema)
        self._spark: SparkSession = con._session  # noqa: SLF001  there is no other way to it

    @classmethod
    def connect(cls, options: Mapping[str, Any], url: str | None, module: Any) -> ibis.BaseBackend:
        """Begin a session beside those that run, with the tables in it."""
        del url
        from pyspark.sql import SparkSession

        running = SparkSession.getActiveSession() or _started(options["settings"])
        spark = running.newSession()
        con = module.connect(spark)
        _use(spark, options["schema"], options["folder"])
        if options["first"]:
            _register(spark, options["tables"])
        return con

    def names(self) -> list[str]:
        """The tables."""
        return sorted(row.tableName for row in self._spark.sql("SHOW TABLES").collect())

    def frame(self, sql: str) -> DataFrame:
        """A query, bound."""
        return self._spark.sql(sql)

    def stream(self, sql: str, batch_size: int) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
        """Run a query; one of its partitions at a time is in memory here."""
        frame = self.frame(sql)
        from pyspark.sql.pandas.types import to_arrow_schema

        schema = to_arrow_schema(frame.schema)
        return plain(_pieces(frame, schema, batch_size), schema)

    def describe(self, sql: str) -> tuple[Column, ...]:
        """The columns that a query would give."""
        fields = self.frame(sql).schema.fields
        return tuple(Column(field.name, field.dataType.simpleString().upper(), field.nullable) for field in fields)

    def failed(self, error: Exception, sql: str) -> InterlaceError:
        """An exception of Spark as an error: its first lines, not its trace in Java."""
        text = str(error).strip()
        causes = _CAUSE.findall(text)
        return QueryFailed(causes[-1] if causes else text.partition("\n\n")[0], sql=sql)

    def backend_for(self, session: Any) -> ibis.BaseBackend:
        """The backend, whose rows come from the session's streams: ibis would hold them all, as pandas."""
        return over(self.con, session)

    def close(self) -> None:
        """Leave the session; Spark runs on for the others."""


def _started(settings: Mapping[str, Any]) -> SparkSession:
    from pyspark.sql import SparkSession

    builder = SparkSession.builder
    for key, value in {**_DEFAULTS, **settings, "spark.sql.catalogImplementation": "in-memory"}.items():
        builder = builder.config(key, str(value).lower() if isinstance(value, bool) else str(value))
    return builder.getOrCreate()


def _use(spark: SparkSession, schema: str, folder: str) -> None:
    database = identifier(schema, "spark")
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {database} LOCATION {literal(folder, 'spark')}")
    spark.sql(f"USE {database}")


def _register(spark: SparkSession, tables: tuple[Table, ...]) -> None:
    """Make the tables, of the files that are there now; what is dropped is Spark's note of a table, not its files."""
    for table in tables:
        options = f"path {literal(_pattern(table), 'spark')}{_READ[table.format]}"
        name = identifier(table.name, "spark")
        spark.sql(f"DROP TABLE IF EXISTS {name}")
        spark.sql(f"CREATE TABLE {name} USING {table.format} OPTIONS ({options})")


def _pattern(table: Table) -> str:
    """The files as one path: Spark takes no list of them, and every path for a pattern."""
    odd = [file for file in table.files if _SPECIAL.search(file)]
    if odd:
        raise ValueError(f"Spark takes the path {odd[0]} for a pattern: rename it")
    if table.format == "parquet":
        require_same_columns(table)
    return "/{" + ",".join(file.removeprefix("/") for file in table.files) + "}" if table.files[1:] else table.files[0]


def _pieces(frame: DataFrame, schema: pa.Schema, size: int) -> Iterator[pa.RecordBatch]:
    rows = frame.toLocalIterator(prefetchPartitions=False)
    while some := list(islice(rows, size)):
        arrays = [pa.array(values, field.type) for values, field in zip(zip(*some, strict=True), schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
