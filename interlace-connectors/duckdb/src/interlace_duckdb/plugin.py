"""What this distribution offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_connections() -> Iterable[Provider[Connection]]:
    """DuckDB, in a file or in memory, and lakes that DuckDB keeps."""
    return [
        Provider("duckdb", "interlace_duckdb.connection:DuckDBConnection", "DuckDB, in a file or in memory"),
        Provider(
            "ducklake",
            "interlace_duckdb.lake:DuckLakeConnection",
            "DuckLake: Parquet files with a catalogue",
            extra="ducklake",
        ),
    ]
