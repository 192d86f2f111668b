"""A table from PostgreSQL to DuckDB, or back, in one way: a child process of the benchmarks.

``bare_transfer.py WAY in|back URL FILE TABLE``; the ways are ``interlace`` (what a run does to copy a table), ``adbc``, ``copy`` (CSV, by psycopg)
and ``attach`` (DuckDB's extension).  TABLE is PostgreSQL's; it is called ``wide`` in DuckDB and ``back`` in PostgreSQL again.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

Way = Callable[[str, str], None]

CREATE_BACK = (
    "CREATE TABLE back (id bigint, a integer, b double precision, c text, d text, e boolean, f timestamp, h date, i numeric(12,2), "
    "j timestamptz)"
)


def interlace_in(url: str, file: str) -> None:
    from interlace.contracts.relation import Relation

    with _sessions(url, file) as (server, local):
        _copied(server, local, Relation(TABLE, "public"), Relation("wide", "main"))


def interlace_back(url: str, file: str) -> None:
    from interlace.contracts.relation import Relation

    with _sessions(url, file) as (server, local):
        _copied(local, server, Relation("wide", "main"), Relation("back", "public"))


def _copied(reading, writing, source, target) -> None:
    """As a run copies what a model reads on another connection."""
    from interlace.run.transfers import streamed

    sql = f"SELECT * FROM {reading.name(source)}"
    streamed(source.name, sql, reading.describe(sql), target, reading, writing, table=source)


def adbc_in(url: str, file: str) -> None:
    import adbc_driver_postgresql.dbapi
    import duckdb

    with adbc_driver_postgresql.dbapi.connect(url) as server, server.cursor() as cursor, duckdb.connect(file) as local:
        # The driver gives numbers of exact digits as text.
        cursor.execute(f"SELECT * FROM {TABLE}")
        reader = cursor.fetch_record_batch()  # noqa: F841  DuckDB finds it by its name
        local.execute("CREATE TABLE wide AS SELECT * REPLACE (i::varchar::decimal(12,2) AS i) FROM reader")


def adbc_back(url: str, file: str) -> None:
    import adbc_driver_postgresql.dbapi
    import duckdb

    with adbc_driver_postgresql.dbapi.connect(url) as server, server.cursor() as cursor, duckdb.connect(file) as local:
        cursor.adbc_ingest("back", local.execute("FROM wide").to_arrow_reader(100_000), mode="create")
        server.commit()


def copy_in(url: str, file: str) -> None:
    import duckdb
    import psycopg

    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url) as server, duckdb.connect(file) as local:
        pipe = os.path.join(folder, "rows.csv")  # noqa: PTH118
        with (
            Path(pipe).open("wb") as rows,
            server.cursor() as cursor,
            cursor.copy(f"COPY {TABLE} TO STDOUT (FORMAT csv)") as copy,
        ):
            rows.writelines(copy)
        types = (
            "{id: 'BIGINT', a: 'INTEGER', b: 'DOUBLE', c: 'VARCHAR', d: 'VARCHAR', e: 'BOOLEAN', f: 'TIMESTAMP', h: 'DATE', "
            "i: 'DECIMAL(12,2)', j: 'TIMESTAMPTZ'}"
        )
        local.execute(
            f"CREATE TABLE wide AS FROM read_csv('{pipe}', header = false, auto_detect = false, columns = {types})"
        )


def copy_back(url: str, file: str) -> None:
    import duckdb
    import psycopg

    with tempfile.TemporaryDirectory() as folder, psycopg.connect(url) as server, duckdb.connect(file) as local:
        pipe = os.path.join(folder, "rows.csv")  # noqa: PTH118
        local.execute(f"COPY wide TO '{pipe}' (FORMAT csv, HEADER false)")
        server.execute(CREATE_BACK)
        with (
            Path(pipe).open("rb") as rows,
            server.cursor() as cursor,
            cursor.copy("COPY back FROM STDIN (FORMAT csv)") as copy,
        ):
            while data := rows.read(2**20):
                copy.write(data)


def attach_in(url: str, file: str) -> None:
    with _attached(url, file) as local:
        local.execute(f"CREATE TABLE wide AS FROM server.public.{TABLE}")


def attach_back(url: str, file: str) -> None:
    with _attached(url, file) as local:
        local.execute("CREATE TABLE server.public.back AS FROM wide")


class _sessions:  # noqa: N801  used as a function
    """A session of each connector."""

    def __init__(self, url: str, file: str) -> None:
        from interlace_duckdb.config import DuckDBOptions
        from interlace_duckdb.connection import DuckDBConnection
        from interlace_postgres.config import PostgresOptions
        from interlace_postgres.connection import PostgresConnection

        self._server = PostgresConnection("server", PostgresOptions(url=url), root=Path.cwd())
        self._local = DuckDBConnection("local", DuckDBOptions(path=file), root=Path.cwd())

    def __enter__(self) -> tuple:
        return self._server.session(), self._local.session()

    def __exit__(self, *_: object) -> None:
        self._server.close()
        self._local.close()


def _attached(url: str, file: str):
    import duckdb

    local = duckdb.connect(file)
    [folder] = find_spec("duckdb_extension_postgres_scanner").submodule_search_locations
    local.execute(f"LOAD '{folder}/extensions/v{duckdb.__version__}/postgres_scanner.duckdb_extension'")
    local.execute(f"SET TimeZone = 'UTC'; ATTACH '{url}' AS server (TYPE postgres)")
    return local


if __name__ == "__main__":
    way, direction, server_url, path, TABLE = sys.argv[1:]
    os.environ["PGTZ"] = "UTC"
    globals()[f"{way}_{direction}"](server_url, path)
