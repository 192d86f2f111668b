"""What Interlace knows of SQL functions: which answer differently each time, which read files."""

from __future__ import annotations

from typing import Final

__all__ = ["BARE_VOLATILE", "EXTERNAL", "FILE_READERS", "HIDDEN_READERS", "VOLATILE", "is_file", "is_system"]

BARE_VOLATILE: Final = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
"""Volatile without parentheses too."""

VOLATILE: Final = BARE_VOLATILE | frozenset({
    "clock_timestamp",
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "get_current_date",
    "get_current_time",
    "get_current_timestamp",
    "getdate",
    "getenv",
    "getvariable",
    "lastval",
    "newid",
    "nextval",
    "now",
    "rand",
    "random",
    "random_normal",
    "setseed",
    "statement_timestamp",
    "sysdate",
    "sysdatetime",
    "timeofday",
    "today",
    "transaction_timestamp",
    "txid_current",
    "uuid",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
})  # fmt: skip
"""Functions whose answer differs from one run to the next though nothing that they are given changed."""

FILE_READERS: Final = frozenset({
    "glob",
    "json_scan",
    "parquet_scan",
    "parquet_metadata",
    "read_blob",
    "read_csv",
    "read_csv_auto",
    "read_json",
    "read_json_auto",
    "read_json_objects",
    "read_json_objects_auto",
    "read_ndjson",
    "read_ndjson_auto",
    "read_ndjson_objects",
    "read_parquet",
    "read_text",
    "read_xlsx",
    "sniff_csv",
    "st_read",
})  # fmt: skip
"""Table functions whose first argument is a file, a glob or a list of them."""

EXTERNAL: Final = frozenset({
    "delta_scan",
    "iceberg_scan",
    "mysql_query",
    "mysql_scan",
    "postgres_query",
    "postgres_scan",
    "postgres_scan_pushdown",
    "sqlite_query",
    "sqlite_scan",
})  # fmt: skip
"""Table functions that read a system which Interlace cannot see into."""

HIDDEN_READERS: Final = frozenset({"query", "query_table"})
"""Table functions that read a table whose name Interlace cannot see."""

_SUFFIXES: Final = (".csv", ".tsv", ".parquet", ".json", ".jsonl", ".ndjson", ".txt", ".xlsx", ".gz", ".zst", ".arrow")
_SYSTEM: Final = frozenset({"information_schema", "pg_catalog"})
_SYSTEM_TABLES: Final = frozenset({"sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"})


def is_file(name: str) -> bool:
    """Whether a quoted name of a table is a file, as DuckDB reads ``FROM 'data/x.csv'``."""
    return "/" in name or name.casefold().endswith(_SUFFIXES)


def is_system(parts: tuple[str, ...]) -> bool:
    """Whether a name is one of the database's own catalogue, which is never a model."""
    folded = [part.casefold() for part in parts]
    return (
        any(part in _SYSTEM for part in folded[:-1])
        or folded[-1] in _SYSTEM_TABLES
        or (len(folded) == 1 and folded[0].startswith(("duckdb_", "pragma_")))
    )
