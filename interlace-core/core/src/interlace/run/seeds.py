"""Seeds: files of the project as tables.  Read by pyarrow, so that a seed is the same on every engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from interlace.errors import Location, ModelFailed

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.model.definition import Model, SeedBody

__all__ = ["read_seed"]


def read_seed(root: Path, body: SeedBody, model: Model) -> tuple[Iterator[pa.RecordBatch], pa.Schema | None]:
    """Read a seed's file as Arrow.  An empty field of a CSV file is NULL, a quoted one is an empty text.

    Raises:
        ModelFailed: the file is not what its suffix says, or a value does not fit its declared type.
    """
    import pyarrow as pa

    path = root / body.file
    declared = {c.name: c.type for c in model.columns if c.type is not None}
    try:
        table = _read(path, body, declared)
    except (pa.ArrowException, json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise ModelFailed(f"seed {model.name}: {error}", where=Location(body.file), model=model.name) from error
    missing = [name for name in declared if name not in table.schema.names]
    if missing:
        said = f"seed {model.name} has no column {missing[0]!r}, which its sidecar declares"
        raise ModelFailed(said, where=Location(body.file), model=model.name)
    return iter(table.to_batches()), table.schema


def _read(path: Path, body: SeedBody, declared: dict[str, str]) -> pa.Table:
    match body.format:
        case "csv":
            return _read_csv(path, body.options, declared)
        case "parquet":
            import pyarrow.parquet as pq

            return _cast(pq.read_table(path), declared)
        case "json":
            return _read_json(path, declared)


def _read_csv(path: Path, options: Any, declared: dict[str, str]) -> pa.Table:
    from pyarrow import csv

    from interlace.run.convert import arrow_type

    convert = csv.ConvertOptions(
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        null_values=list(options.get("null", [""])),
        column_types={name: arrow_type(type_, "duckdb") for name, type_ in declared.items()},
    )
    parse = csv.ParseOptions(delimiter=options.get("delimiter", ","), newlines_in_values=True)
    return csv.read_csv(path, parse_options=parse, convert_options=convert)


def _read_json(path: Path, declared: dict[str, str]) -> pa.Table:
    import pyarrow as pa

    from interlace.run.convert import to_batches

    text = path.read_text(encoding="utf-8")
    rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(x) for x in text.splitlines() if x.strip()]
    batches, schema = to_batches(rows, declared=declared or None)
    return pa.Table.from_batches(list(batches), schema)


def _cast(table: pa.Table, declared: dict[str, str]) -> pa.Table:
    import pyarrow as pa

    from interlace.run.convert import arrow_type

    fields = [f.with_type(arrow_type(declared[f.name], "duckdb")) if f.name in declared else f for f in table.schema]
    return table.cast(pa.schema(fields))
