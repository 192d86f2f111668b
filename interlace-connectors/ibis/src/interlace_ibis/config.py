"""The options of connections over ibis."""

from __future__ import annotations

from collections.abc import Mapping
from glob import glob
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options

__all__ = ["MEMORY", "FilesOptions", "FlinkOptions", "IbisOptions", "SQLiteOptions", "ServerOptions", "SparkOptions"]

MEMORY: Final = ":memory:"
FORMATS: Final = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json", ".ndjson": "json"}


class IbisOptions(Options):
    """What a connection over a backend of ibis takes.

    Attributes:
        url: such as ``mysql://user:password@host:3306/database``, as ibis's own ``connect`` takes it.
        options: the arguments of the backend's own ``connect``, by name; beside a `url` they are added to it.
        schema: where names without a schema live; by default as the url or the options say.
    """

    url: str | None = Field(default=None, repr=False)
    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)
    schema_: str | None = Field(default=None, alias="schema", min_length=1)


class ServerOptions(IbisOptions):
    """What a connection to a server takes: a `url`, or `options`."""

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.url is None and not self.options:
            raise ValueError("neither 'url' nor 'options' is given: one of them says where to connect")
        return self


class FlinkOptions(Options):
    """What a connection of type ``flink`` takes.

    Attributes:
        options: settings of the table environment, such as ``execution.target: remote``, by their names.
    """

    options: Mapping[str, Any] = Field(default_factory=dict, repr=False)


class FilesOptions(Options):
    """What a connection takes that reads files as tables.

    Attributes:
        tables: the files of each table by its name: a path, or a pattern such as ``data/orders/*.parquet``, relative to
            the project's folder.  The suffix says what they are: ``.parquet``, ``.csv``, or ``.jsonl`` and ``.ndjson``.
    """

    tables: Mapping[str, str] = Field(min_length=1)

    @field_validator("tables")
    @classmethod
    def _tables_of_files(cls, tables: Mapping[str, str]) -> Mapping[str, str]:
        for name, path in tables.items():
            if not (name.isidentifier() and name.isascii()):
                raise ValueError(
                    f"the table {name!r}: its name may have letters, digits and _, and begins with no digit"
                )
            if Path(path).suffix.lower() not in FORMATS:
                known = ", ".join(FORMATS)
                raise ValueError(f"the table {name!r}: {path!r} ends in none of {known}, which say what the files are")
        if len({name.casefold() for name in tables}) < len(tables):
            raise ValueError(f"names a table twice: {', '.join(tables)}")
        return tables

    def files(self, root: Path, name: str) -> list[str]:
        """The absolute paths of a table's files, in order; none where no file is there."""
        pattern = str(root / Path(self.tables[name]).expanduser())
        return sorted(glob(pattern, recursive=True))  # noqa: PTH207  a pattern may be absolute

    def format(self, name: str) -> str:
        """What a table's files are: ``parquet``, ``csv`` or ``json``."""
        return FORMATS[Path(self.tables[name]).suffix.lower()]


class SparkOptions(FilesOptions):
    """What a connection of type ``pyspark`` takes.

    Attributes:
        settings: of the Spark session, such as ``spark.master`` (by default ``local[*]``), by their names.
    """

    settings: Mapping[str, str | int | float | bool] = Field(default_factory=dict, repr=False)


class SQLiteOptions(Options):
    """What a connection of type ``sqlite`` takes.

    Attributes:
        path: the database file, relative to the project's folder; made where it is not there.
        timeout: seconds to wait while another process writes.
        journal: ``wal`` lets others read while a model is written; ``delete`` is for folders of a network.
    """

    path: str = Field(min_length=1)
    timeout: float = Field(default=30.0, ge=0)
    journal: Literal["wal", "delete"] = "wal"

    @model_validator(mode="after")
    def _a_file(self) -> Self:
        if self.path == MEMORY:
            raise ValueError("a SQLite database in memory has one session only: name a file, or use DuckDB")
        return self

    def file(self, root: Path) -> Path:
        """The absolute path of the file."""
        return (root / Path(self.path).expanduser()).resolve()
