"""Rows that a test gives: dictionaries, tables and frames, CSV text, files."""

from __future__ import annotations

import csv
import difflib
import io
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InterlaceError, InvalidTest, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

    from interlace.model.definition import ColumnSpec

__all__ = ["Mock", "Written", "given_table", "mock_dependency", "written"]

_FILES: Final = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".json": "json", ".jsonl": "json"}


@dataclass(frozen=True, slots=True)
class Mock:
    """Rows in place of a model or source, with the types of columns that nobody else declares."""

    rows: object = ()
    columns: Mapping[str, str] | None = None


def mock_dependency(rows: object = (), *, columns: Mapping[str, str] | None = None) -> Mock:
    """Rows in place of what a model reads.

    Args:
        rows: dictionaries, a pyarrow, pandas or polars table, CSV text, or the `Path` of a file in CSV, Parquet or JSON.
        columns: SQL types by column, over those that the project declares; needed where there are no rows and the
            project declares no columns.
    """
    return Mock(rows, dict(columns) if columns is not None else None)


def given_table(name: str, given: object, declared: Sequence[ColumnSpec], dialect: str, root: Path) -> pa.Table:
    """The rows of a dependency as Arrow, in their declared types; what is not declared is inferred.

    Args:
        name: of the dependency, for messages.
        given: what `mock_dependency` takes, or gives.
        declared: the columns that the project declares for it.
        dialect: of the declared types.
        root: where paths of files begin.

    Raises:
        InvalidTest: a value does not fit its type, a column is not the declared one, or there are no columns at all.
    """
    from interlace.run.convert import to_batches

    mock = given if isinstance(given, Mock) else Mock(given)
    types = {c.name: c.type for c in declared if c.type is not None} | dict(mock.columns or {})
    try:
        rows = _loaded(mock.rows, root, types)
        batches, schema = to_batches(rows, declared=types or None, dialect=dialect)
        made = list(batches)
    except InterlaceError as error:
        raise InvalidTest(f"the rows given for {name!r}: {error.message}", hint=error.hint) from error
    if not made and schema is None:
        raise InvalidTest(
            f"no rows are given for {name!r}, and nothing declares its columns",
            hint="Give the columns with their types: mock_dependency(columns={'id': 'BIGINT'}), in YAML columns: {id: BIGINT}.",
        )
    table = _joined(made) if made else schema.empty_table()  # type: ignore[union-attr]
    _refuse_slips(name, table.column_names, rows, [c.name for c in declared])
    return table


def _joined(batches: Sequence[pa.RecordBatch]) -> pa.Table:
    import pyarrow as pa

    return pa.concat_tables([pa.Table.from_batches([batch]) for batch in batches], promote_options="permissive")


def _refuse_slips(name: str, given: Iterable[str], rows: object, declared: Sequence[str]) -> None:
    """A column that the project does not declare and that is close to one that was not given is a slip of the pen."""
    written_names = {c.casefold() for c in _names(rows, given)}
    left = {c.casefold(): c for c in declared if c.casefold() not in written_names}
    for column in given:
        near = difflib.get_close_matches(column.casefold(), left, n=1, cutoff=0.8)
        if near and column.casefold() not in {c.casefold() for c in declared}:
            raise InvalidTest(
                f"the rows given for {name!r} have a column {column!r}, which it does not have",
                hint=f"Did you mean {left[near[0]]!r}?",
            )


def _names(rows: object, otherwise: Iterable[str]) -> Iterable[str]:
    """The columns that were written down: declared ones that were not are filled with NULL."""
    if isinstance(rows, Mapping):
        return list(rows)
    if isinstance(rows, list | tuple):
        return {key for row in rows if isinstance(row, Mapping) for key in row}
    columns: Any = getattr(rows, "column_names", None) or getattr(rows, "columns", None)
    return list(columns) if columns is not None else otherwise


def _loaded(rows: object, root: Path, declared: Iterable[str]) -> object:
    """Text and files as tables; anything else as it is."""
    if isinstance(rows, str):
        return _from_csv(rows, declared)
    if isinstance(rows, Path):
        return _from_file(root / rows, declared)
    return list(rows) if isinstance(rows, tuple) else rows


def _from_file(path: Path, declared: Iterable[str] | None) -> object:
    kind = _FILES.get(path.suffix.lower())
    if kind is None:
        raise InvalidTest(f"{path.name} is no file of rows", hint=f"Files end in {', '.join(_FILES)}.")
    try:
        if kind == "parquet":
            import pyarrow.parquet as pq

            return pq.read_table(path)
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError, ValueError) as error:
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else [])
        raise InvalidTest(f"the file {str(path)!r} cannot be read: {error}", hint=near or None) from error
    return _from_csv(text, declared, path.suffix.lower()) if kind == "csv" else _from_json(text)


def _from_json(text: str) -> object:
    import json

    if text.lstrip().startswith("["):
        return json.loads(text)
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def _from_csv(text: str, declared: Iterable[str] | None, suffix: str = ".csv") -> pa.Table:
    """CSV text as a table.  An empty field is NULL, a quoted one an empty text, as in seeds.

    Args:
        text: with a header; common indentation is dropped.
        declared: the columns whose values are left as text, for they are cast later; None leaves all.
        suffix: ``.tsv`` for tabs.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    text = textwrap.dedent(text).strip("\r\n") + "\n"
    delimiter = "\t" if suffix == ".tsv" else ","
    header = next(csv.reader(io.StringIO(text), delimiter=delimiter), [])
    folded = None if declared is None else {name.casefold() for name in declared}
    as_text = {name: pa.string() for name in header if folded is None or name.casefold() in folded}
    try:
        return arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=as_text, strings_can_be_null=True, quoted_strings_can_be_null=False, null_values=[""]
            ),
        )
    except pa.ArrowException as error:
        raise InvalidTest(f"the CSV text cannot be read: {error}") from error


# --- what is expected -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Written:
    """Rows as a test wrote them.

    Attributes:
        columns: in the order in which they occur first.
        rows: one tuple for each row, a value for each column.
        text: whether all values are text, as in CSV.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    text: bool = False


def written(value: object, root: Path) -> Written:
    """Expected rows, whatever they were given as.

    Raises:
        InvalidTest: they are no rows.
    """
    if isinstance(value, Mock):
        value = value.rows
    text = isinstance(value, str) or (isinstance(value, Path) and _FILES.get(value.suffix.lower()) == "csv")
    if isinstance(value, str):
        value = _from_csv(value, None)
    elif isinstance(value, Path):
        value = _from_file(root / value, None)
    if isinstance(value, Mapping):
        value = [value]
    if isinstance(value, list | tuple) and all(isinstance(row, Mapping) for row in value):
        rows: Sequence[Mapping[str, Any]] = value
    else:
        rows = _rows_of(value)
    columns = tuple(dict.fromkeys(key for row in rows for key in row)) or _columns_of(value)
    return Written(columns, tuple(tuple(row.get(c) for c in columns) for row in rows), text)


def _columns_of(value: object) -> tuple[str, ...]:
    columns: Any = getattr(value, "column_names", None) or getattr(value, "columns", None)
    return tuple(map(str, columns)) if columns is not None else ()


def _rows_of(value: object) -> list[dict[str, Any]]:
    from interlace.run.convert import to_batches

    try:
        batches, _ = to_batches(value)
        return [row for batch in batches for row in batch.to_pylist()]
    except InterlaceError as error:
        raise InvalidTest(f"the expected rows: {error.message}", hint=error.hint) from error
