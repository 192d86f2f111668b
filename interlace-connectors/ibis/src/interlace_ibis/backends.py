"""What Interlace knows of each backend of ibis: a table, and nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["BACKENDS", "Backend"]

_FILE: Final = ("arrow_in", "arrow_out", "ibis", "interrupt", "staging", "transactions", "views")
_READ: Final = ("arrow_out", "ibis", "persistent")
_WAREHOUSE: Final = ("arrow_in", "arrow_out", "ibis", "persistent", "schemas", "views")

_ONLY_REPLACES: Final = (
    "Tables are replaced and views made; loads that keep rows are refused: nothing was tried on a server."
)
_ONLY_READ: Final = "Read, by sources and Python models; nothing is written to it."
_OVER_FILES: Final = "Reads files by the names that `tables` gives them; nothing is written to it."


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend of ibis.

    Attributes:
        name: the word that users write after ``type:``.
        title: what people call it.
        ibis: ibis's own name of it.
        dialect: sqlglot's name of its dialect.
        driver: the module that ibis imports for it, to tell whether it is installed.
        engine: where the class is that knows its ways, as ``module:Class`` inside this distribution.
        can: the capabilities that its sessions declare, by the names of `Capabilities`.
        aliases: other words for it.
        live: whether the suite runs against the real thing.
        note: what people should know, in one sentence.
        replaces: whether tables are made anew in it from a query; what cannot is only read.
        installs: the extra that installs what it needs, where it is not the name.
        beside: what that extra leaves out, because it asks for versions of its own.
        max_sessions: how many sessions may run at once; None where it does not mind.
    """

    name: str
    title: str
    ibis: str
    dialect: str
    driver: str
    engine: str = "engines.engine:Engine"
    can: tuple[str, ...] = _WAREHOUSE
    aliases: tuple[str, ...] = ()
    live: bool = False
    note: str = ""
    replaces: bool = True
    max_sessions: int | None = None
    installs: str = ""
    beside: str = ""

    @property
    def leases(self) -> bool:
        """Whether the right to write is kept in a table of the server."""
        return "transactions" in self.can and "schemas" in self.can

    @property
    def extra(self) -> str:
        """The extra that installs what it needs."""
        return self.installs or self.name.replace("_", "-")


_ALL: Final = (
    Backend(
        "sqlite",
        "SQLite",
        "sqlite",
        "sqlite",
        "sqlite3",
        "engines.sqlite:SQLite",
        (*_FILE, "embedded", "persistent", "transactional_ddl"),
        live=True,
        note="One writer at a time; no schemas; moments are kept as text.",
        max_sessions=1,
    ),
    Backend(
        "mysql",
        "MySQL and MariaDB",
        "mysql",
        "mysql",
        "MySQLdb",
        "engines.mysql:MySQL",
        (*_FILE, "persistent", "schemas"),
        ("mariadb",),
        live=True,
        note="Run live on MariaDB. DDL commits, so a table is replaced by a swap; a schema is a database.",
    ),
    Backend(
        "ibis_postgres",
        "PostgreSQL",
        "postgres",
        "postgres",
        "psycopg",
        "engines.postgres:Postgres",
        (
            "arrow_in",
            "arrow_out",
            "ibis",
            "interrupt",
            "persistent",
            "schemas",
            "staging",
            "transactional_ddl",
            "transactions",
        ),
        live=True,
        note="For servers that speak its protocol and are not it; `type: postgres` does more.",
    ),
    Backend(
        "datafusion",
        "DataFusion",
        "datafusion",
        "postgres",
        "datafusion",
        "engines.datafusion:DataFusion",
        (*_READ, "embedded", "read_only"),
        live=True,
        note=_OVER_FILES,
        replaces=False,
    ),
    Backend(
        "polars",
        "Polars",
        "polars",
        "postgres",
        "polars",
        "engines.polars:Polars",
        (*_READ, "embedded"),
        live=True,
        note=_OVER_FILES,
        replaces=False,
        installs="ibis-polars",
    ),
    Backend(
        "pyspark",
        "Spark",
        "pyspark",
        "spark",
        "pyspark",
        "engines.pyspark:PySpark",
        _READ,
        ("spark",),
        live=True,
        note=f"{_OVER_FILES} Run live on a Spark in this process's own Java.",
        replaces=False,
    ),
    Backend("snowflake", "Snowflake", "snowflake", "snowflake", "snowflake.connector", note=_ONLY_REPLACES),
    Backend("bigquery", "BigQuery", "bigquery", "bigquery", "google.cloud.bigquery", note=_ONLY_REPLACES),
    Backend("databricks", "Databricks", "databricks", "databricks", "databricks.sql", note=_ONLY_REPLACES),
    Backend("trino", "Trino", "trino", "trino", "trino", note=_ONLY_REPLACES),
    Backend("exasol", "Exasol", "exasol", "exasol", "pyexasol", note=_ONLY_REPLACES),
    Backend(
        "clickhouse",
        "ClickHouse",
        "clickhouse",
        "clickhouse",
        "clickhouse_connect",
        can=_READ,
        note=_ONLY_READ,
        replaces=False,
    ),
    Backend(
        "mssql",
        "Microsoft SQL Server",
        "mssql",
        "tsql",
        "pyodbc",
        aliases=("sqlserver",),
        can=_READ,
        note=_ONLY_READ,
        replaces=False,
    ),
    Backend("oracle", "Oracle", "oracle", "oracle", "oracledb", can=_READ, note=_ONLY_READ, replaces=False),
    Backend(
        "risingwave", "RisingWave", "risingwave", "risingwave", "psycopg2", can=_READ, note=_ONLY_READ, replaces=False
    ),
    Backend(
        "flink",
        "Flink",
        "flink",
        "hive",
        "pyflink",
        "engines.flink:Flink",
        can=_READ,
        note=_ONLY_READ,
        replaces=False,
        beside="apache-flink",
    ),
    Backend("athena", "Amazon Athena", "athena", "athena", "pyathena", can=_READ, note=_ONLY_READ, replaces=False),
    Backend("impala", "Impala", "impala", "hive", "impala", can=_READ, note=_ONLY_READ, replaces=False),
    Backend("druid", "Druid", "druid", "druid", "pydruid", can=_READ, note=_ONLY_READ, replaces=False),
)

BACKENDS: Final[Mapping[str, Backend]] = {backend.name: backend for backend in _ALL}
"""The backends by the words that users write."""
