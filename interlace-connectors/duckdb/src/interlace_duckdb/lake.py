"""The connection type ``ducklake``: tables of Parquet files, with a catalogue that says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from interlace_duckdb.attached import Lake
from interlace_duckdb.attaching import enter_lake
from interlace_duckdb.config import MEMORY, DuckDBOptions, Scalar
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.instance import join

if TYPE_CHECKING:
    from interlace.contracts.options import Options

__all__ = ["DuckLakeConnection", "DuckLakeOptions"]

NAME: Final = "lake"
"""What the lake is called inside DuckDB."""


class DuckLakeOptions(Lake):
    """What a connection of type ``ducklake`` takes.

    Attributes:
        catalog: where its catalogue is: the path of a DuckDB file, ``sqlite:`` and a path, or ``postgresql://…``.
        data_path: the folder of its data, relative to the project's, or ``s3://…``; by default beside the catalogue.
        threads: how many threads DuckDB computes with; by default one for each core.
        memory_limit: such as ``4GB``; by default 80 % of the machine's memory.
        temp_directory: where DuckDB spills what does not fit in memory, relative to the project's folder.
        settings: any other settings of DuckDB, by name.
        secrets: credentials that DuckDB itself uses, by name: a ``type``, such as ``s3``, and what DuckDB's ``CREATE SECRET`` takes.
    """

    threads: int | None = Field(default=None, ge=1)
    memory_limit: str | None = None
    temp_directory: str | None = None
    settings: Mapping[str, Scalar] = Field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Scalar | tuple[str, ...]]] = Field(default_factory=dict, repr=False)

    def database(self) -> DuckDBOptions:
        """The database in memory that the lake is attached to."""
        own = ("threads", "memory_limit", "temp_directory", "settings", "secrets")
        return DuckDBOptions.model_validate({"path": MEMORY, **{name: getattr(self, name) for name in own}})


class DuckLakeConnection(DuckDBConnection):
    """A DuckLake: its catalogue in a DuckDB or SQLite file or on PostgreSQL, its data on disk or in S3.

    What one transaction does is one snapshot; earlier ones can be read with ``AT (VERSION => n)``.
    """

    Config: ClassVar[type[Options]] = DuckLakeOptions

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        if not isinstance(config, DuckLakeOptions):
            raise TypeError(f"a DuckLake connection takes DuckLakeOptions, not {type(config).__name__}")
        super().__init__(name, config.database(), root=root)
        # What sessions look at, its settings, is in both.
        self.config = config  # type: ignore[assignment]
        self.lake = config
        # Two commits at once of one process now and then fail with "schema not found in metadata catalog" (DuckDB 1.5.5).
        self.capabilities = replace(self.capabilities, persistent=True, max_sessions=1)

    def open(self) -> None:
        """Open the lake, or make it."""
        with self._guard:
            if self._instance is None:
                only_read = self.access == "read" and not self.written_beside
                self._instance = join(
                    self.name,
                    self.lake.database(),
                    None,
                    self.root,
                    place=f"ducklake:{self.where()}",
                    enter=lambda connection: enter_lake(connection, NAME, self.lake, self.root, only_read),
                )

    def reads_files_of(self) -> tuple[str, ...]:
        """Credentials of object stores are given as `secrets`."""
        return ()

    def where(self) -> str:
        """The catalogue."""
        file = self.lake.file(self.root)
        return str(file) if file is not None else self.lake.place()

    def files(self) -> tuple[Path, ...]:
        """The files of the catalogue, which change with every commit; none where it is on a server."""
        file = self.lake.file(self.root)
        return () if file is None else (file, file.with_name(f"{file.name}.wal"))
