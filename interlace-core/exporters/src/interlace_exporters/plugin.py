"""The formats that ``export:`` may name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.plugin import Provider, hookimpl

if TYPE_CHECKING:
    from interlace.contracts.exporter import Exporter

INTERLACE_HOOK_API = 1


@hookimpl
def interlace_exporters() -> list[Provider[Exporter]]:
    """Offer our formats."""
    return [
        Provider("csv", "interlace_exporters.csv_files:Csv", "Comma-separated values, with a header"),
        Provider(
            "json", "interlace_exporters.json_files:Json", "One array of records; a record per line with `lines: true`"
        ),
        Provider("jsonl", "interlace_exporters.json_files:JsonLines", "JSON, one record per line"),
        Provider("table", "interlace_exporters.tables:Table", "A table of another connection, by key or as a whole"),
        Provider("parquet", "interlace_exporters.parquet_files:Parquet", "Apache Parquet"),
    ]
