"""Bare DuckDB doing the same: a child process of the benchmarks, one sub-command for each of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    import pyarrow as pa


def statements(file: str, database: str, block_size: str = "") -> None:
    """Run each line of a file, with DuckDB's autocommit."""
    config: dict[str, str] = {"default_block_size": block_size} if block_size else {}
    with duckdb.connect(database, config=config) as connection:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            connection.execute(line)


def dicts(count: str, database: str) -> None:
    """A list of dicts, through Arrow, into a table."""
    import pyarrow as pa

    rows = made_rows(int(count))
    table = pa.Table.from_pylist(rows)
    with duckdb.connect(database) as connection:
        connection.register("rows_of_python", table)
        connection.execute("CREATE OR REPLACE TABLE rows AS SELECT * FROM rows_of_python")


def rows_only(count: str) -> None:
    """Make the list of dicts and do nothing with it."""
    made_rows(int(count))


def batches(database: str) -> None:
    """Read a table as batches, change each, write them to another table."""
    import pyarrow as pa
    import pyarrow.compute as pc

    with duckdb.connect(database) as connection:
        reader = connection.cursor().execute("SELECT * FROM events").fetch_record_batch(100_000)
        schema = reader.schema.append(pa.field("double_value", pa.float64()))

        def changed() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                columns = [*batch.columns, pc.multiply(batch.column("value"), 2.0)]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)

        connection.register("changed", pa.RecordBatchReader.from_batches(schema, changed()))
        connection.execute("CREATE OR REPLACE TABLE doubled AS SELECT * FROM changed")


def make_events(count: str, database: str) -> None:
    """Make the table that `batches` reads."""
    with duckdb.connect(database) as connection:
        connection.execute(
            "CREATE TABLE events AS SELECT range AS id, range % 1000 AS kind, range * 0.25 AS value, "
            "'event ' || (range % 100) AS name, TIMESTAMP '2024-01-01' + INTERVAL (range) SECOND AS at "
            f"FROM range({count})"
        )


def make_random(rows: str, file: str) -> None:
    """A Parquet file of two columns of random numbers, which do not compress: 16 bytes a row."""
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT random() AS a, random() AS b FROM range({rows})) TO '{file}' (FORMAT parquet)"
        )


def make_tpch(scale: str, database: str) -> None:
    """Make the eight tables of TPC-H."""
    with tpch(database) as connection:
        connection.execute(f"CALL dbgen(sf = {scale})")


def tpch_queries() -> None:
    """Print the queries of TPC-H, as JSON."""
    with tpch(":memory:") as connection:
        found = connection.execute("SELECT query_nr, query FROM tpch_queries() ORDER BY query_nr").fetchall()
    print(json.dumps([query.strip().rstrip(";") for _, query in found]))


def tpch(database: str) -> duckdb.DuckDBPyConnection:
    """A database with the extension `tpch`, from its PyPI package."""
    connection = duckdb.connect(database)
    [folder] = find_spec("duckdb_extension_tpch").submodule_search_locations
    connection.execute(f"LOAD '{folder}/extensions/v{duckdb.__version__}/tpch.duckdb_extension'")
    return connection


def made_rows(count: int) -> list[dict[str, object]]:
    """What the Python model of the benchmark returns."""
    return [{"id": i, "name": f"name {i % 1000}", "value": i * 0.5, "even": i % 2 == 0} for i in range(count)]


COMMANDS: dict[str, Callable[..., None]] = {
    command.__name__: command
    for command in (statements, dicts, rows_only, batches, make_events, make_random, make_tpch, tpch_queries)
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
