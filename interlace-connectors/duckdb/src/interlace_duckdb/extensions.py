"""Extensions: loaded from their PyPI packages, never downloaded."""

from __future__ import annotations

from typing import Final

import duckdb

from interlace_duckdb.failures import cleaned, refused
from interlace_duckdb.packages import packaged
from interlace_duckdb.quoting import literal

__all__ = ["load_extension"]

BUILT_IN: Final = frozenset({"core_functions", "icu", "json", "parquet"})
FULL_NAMES: Final = {"postgres": "postgres_scanner", "mysql": "mysql_scanner", "sqlite": "sqlite_scanner"}
EXTRAS: Final = {
    "postgres_scanner": "duckdb-postgres",
    "mysql_scanner": "duckdb-mysql",
    "sqlite_scanner": "duckdb-sqlite",
    "ducklake": "ducklake",
}
"""The extras of Interlace that bring an extension."""

NEEDED_FIRST: Final = {"iceberg": "avro"}


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load an extension from its package, or the one that was installed into DuckDB's own folder.

    Raises:
        ConnectionFailure: it is neither here nor there, or belongs to another version of DuckDB.
    """
    full = FULL_NAMES.get(name, name)
    if full in BUILT_IN:
        return
    if full in NEEDED_FIRST:
        load_extension(connection, NEEDED_FIRST[full])
    file = packaged(full)
    try:
        connection.execute(f"LOAD {literal(str(file)) if file else full}")
    except duckdb.Error as error:
        raise refused(
            f"DuckDB's extension {name!r} cannot be loaded: {cleaned(str(error))}",
            f"Install it with: pip install {_package(full)}",
        ) from error


def _package(full: str) -> str:
    if full in EXTRAS:
        return f"'interlace[{EXTRAS[full]}]'"
    return f"duckdb-extension-{full.replace('_', '-')}=={duckdb.__version__}"
