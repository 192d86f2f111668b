"""Seeds: files of the project as tables.  Read by pyarrow, so that a seed is the same on every engine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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

    declared = {c.name: c.type for c in model.columns if c.type is not None}
    try:
        table = _read(root / body.file, body, declared)
    except (pa.ArrowException, json.JSONDecodeError, UnicodeError, LookupError, OSError) as error:
        raise ModelFailed(f"seed {model.name}: {error}", where=Location(body.file), model=model.name) from error
    missing = [name for name in declared if name not in table.schema.names]
    if missing:
        said = f"seed {model.name} has no column {missing[0]!r}, which its sidecar declares"
        raise ModelFailed(said, where=Location(body.file), model=model.name)
    return iter(table.to_batches()), table.schema


def _read(path: Path, body: SeedBody, declared: Mapping[str, str]) -> pa.Table:
    match body.format:
        case "csv":
            return _read_csv(path, body.options, declared)
        case "parquet":
            import pyarrow.parquet as pq

            return _cast(pq.read_table(path), declared, {})
        case "json":
            return _read_json(path, body.options, declared)


def _read_csv(path: Path, options: Mapping[str, Any], declared: Mapping[str, str]) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv

    from interlace.run.csv_options import csv_options

    formats = _formats(options)
    texts = {name: pa.string() for name, kind in declared.items() if _family(kind) in formats}
    direct = {name: _arrow(kind) for name, kind in declared.items() if name not in texts}
    times = [formats["timestamp"]] if "timestamp" in formats else []
    read, parse, convert = csv_options(options, {**direct, **texts}, timestamps=times)
    table = csv.read_csv(path, read_options=read, parse_options=parse, convert_options=convert)
    return _cast(_dates(table, declared, formats), {n: declared[n] for n in texts}, formats)


def _read_json(path: Path, options: Mapping[str, Any], declared: Mapping[str, str]) -> pa.Table:
    import pyarrow as pa

    from interlace.run.convert import to_batches

    formats = _formats(options)
    text = path.read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line.strip())
    rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in lines]
    later = {name: kind for name, kind in declared.items() if _family(kind) in formats}
    now = {name: kind for name, kind in declared.items() if name not in later}
    batches, schema = to_batches(rows, declared=now or None)
    del schema  # that of the declared columns alone
    table = pa.concat_tables([pa.Table.from_batches([b]) for b in batches], promote_options="permissive")
    return _cast(table, later, formats)


def _dates(table: pa.Table, declared: Mapping[str, str], formats: Mapping[str, str]) -> pa.Table:
    """With a ``date_format``, undeclared text whose every value is such a date is a date."""
    import pyarrow as pa

    if "date" not in formats:
        return table
    for i, field in enumerate(table.schema):
        if field.name in declared or not pa.types.is_string(field.type):
            continue
        parsed = _parse(table.column(i), formats["date"], pa.date32())
        if parsed.null_count == table.column(i).null_count < len(parsed):
            table = table.set_column(i, field.name, parsed)
    return table


def _cast(table: pa.Table, declared: Mapping[str, str], formats: Mapping[str, str]) -> pa.Table:
    """Columns as declared; text by its format where one is given."""
    import pyarrow as pa

    for i, field in enumerate(table.schema):
        if field.name not in declared:
            continue
        kind = _arrow(declared[field.name])
        column = table.column(i)
        if pa.types.is_string(field.type) and _family(declared[field.name]) in formats:
            parsed = _parse(column, formats[_family(declared[field.name])], kind)
            if parsed.null_count > column.null_count:
                raise pa.ArrowInvalid(f"column {field.name!r} has values that are no {declared[field.name]}")
        else:
            parsed = column.cast(kind)
        table = table.set_column(i, field.name, parsed)
    return table


def _parse(column: pa.ChunkedArray, form: str, kind: pa.DataType) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.strptime(column, format=form, unit="us", error_is_null=True).cast(kind)


def _formats(options: Mapping[str, Any]) -> dict[str, str]:
    names = {"date": "date_format", "timestamp": "timestamp_format"}
    return {family: str(options[option]) for family, option in names.items() if option in options}


def _family(kind: str) -> str:
    word = kind.strip().upper()
    return "timestamp" if word.startswith(("TIMESTAMP", "DATETIME")) else "date" if word.startswith("DATE") else ""


def _arrow(kind: str) -> pa.DataType:
    from interlace.run.arrow_types import arrow_type

    return arrow_type(kind)
