"""What this distribution offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections() -> list[Provider[Connection]]:
    """Each backend of ibis by its own word; written out, so that listing them imports nothing."""
    return [
        Provider("sqlite", "interlace_ibis.connection:sqlite", "SQLite, through ibis", extra="sqlite"),
        Provider(
            "mysql",
            "interlace_ibis.connection:mysql",
            "MySQL and MariaDB, through ibis",
            aliases=("mariadb",),
            extra="mysql",
        ),
        Provider(
            "ibis_postgres",
            "interlace_ibis.connection:ibis_postgres",
            "PostgreSQL, through ibis",
            extra="ibis-postgres",
        ),
        Provider("datafusion", "interlace_ibis.connection:datafusion", "Files, read by DataFusion", extra="datafusion"),
        Provider("polars", "interlace_ibis.connection:polars", "Files, read by Polars", extra="ibis-polars"),
        Provider(
            "pyspark",
            "interlace_ibis.connection:pyspark",
            "Files, read by Spark",
            aliases=("spark",),
            extra="pyspark",
        ),
        Provider(
            "snowflake",
            "interlace_ibis.connection:snowflake",
            "Snowflake, through ibis (not tested live)",
            extra="snowflake",
            experimental=True,
        ),
        Provider(
            "bigquery",
            "interlace_ibis.connection:bigquery",
            "BigQuery, through ibis (not tested live)",
            extra="bigquery",
            experimental=True,
        ),
        Provider(
            "databricks",
            "interlace_ibis.connection:databricks",
            "Databricks, through ibis (not tested live)",
            extra="databricks",
            experimental=True,
        ),
        Provider(
            "trino",
            "interlace_ibis.connection:trino",
            "Trino, through ibis (not tested live)",
            extra="trino",
            experimental=True,
        ),
        Provider(
            "exasol",
            "interlace_ibis.connection:exasol",
            "Exasol, through ibis (not tested live)",
            extra="exasol",
            experimental=True,
        ),
        Provider(
            "clickhouse",
            "interlace_ibis.connection:clickhouse",
            "ClickHouse, through ibis (not tested live)",
            extra="clickhouse",
            experimental=True,
        ),
        Provider(
            "mssql",
            "interlace_ibis.connection:mssql",
            "Microsoft SQL Server, through ibis (not tested live)",
            aliases=("sqlserver",),
            extra="mssql",
            experimental=True,
        ),
        Provider(
            "oracle",
            "interlace_ibis.connection:oracle",
            "Oracle, through ibis (not tested live)",
            extra="oracle",
            experimental=True,
        ),
        Provider(
            "risingwave",
            "interlace_ibis.connection:risingwave",
            "RisingWave, through ibis (not tested live)",
            extra="risingwave",
            experimental=True,
        ),
        Provider(
            "flink",
            "interlace_ibis.connection:flink",
            "Flink, through ibis (not tested live)",
            extra="flink",
            experimental=True,
        ),
        Provider(
            "athena",
            "interlace_ibis.connection:athena",
            "Amazon Athena, through ibis (not tested live)",
            extra="athena",
            experimental=True,
        ),
        Provider(
            "impala",
            "interlace_ibis.connection:impala",
            "Impala, through ibis (not tested live)",
            extra="impala",
            experimental=True,
        ),
        Provider(
            "druid",
            "interlace_ibis.connection:druid",
            "Druid, through ibis (not tested live)",
            extra="druid",
            experimental=True,
        ),
    ]
