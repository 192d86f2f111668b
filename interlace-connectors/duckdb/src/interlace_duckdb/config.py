"""The options of a DuckDB connection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import Field, WrapValidator, field_validator

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from interlace_duckdb.attached import Attached


__all__ = ["MEMORY", "DuckDBOptions"]

MEMORY: Final = ":memory:"

Scalar = bool | int | float | str

_EXTENSION = re.compile(r"[a-z][a-z0-9_]*")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NOT_A_FILE = re.compile(r"[a-z][a-z0-9+.\-]+:", re.IGNORECASE)  # a drive has one letter


def _attachments(value: object, _: object) -> Mapping[str, Attached]:
    """Check what is attached, by classes that are imported where something is."""
    if isinstance(value, Mapping) and not value:
        return {}
    from interlace_duckdb.attached import attachments

    return attachments(value)


class DuckDBOptions(Options):
    """What a connection of type ``duckdb`` takes.

    Attributes:
        path: the database file, relative to the project's folder, or ``:memory:`` for one that is gone when it is closed.
        read_only: open an existing file without the right to write; several processes may do so at once.
        threads: how many threads DuckDB computes with; by default one for each core.
        memory_limit: such as ``4GB``; by default 80 % of the machine's memory.
        temp_directory: where DuckDB spills what does not fit in memory, relative to the project's folder.
        settings: any other settings of DuckDB, by name.
        extensions: the extensions to load, such as ``httpfs``; each comes from its package ``duckdb-extension-…``.
        files: connections to object stores, such as S3, whose files queries may read by their addresses
            (``read_parquet('s3://bucket/…')``); needs the package ``duckdb-extension-httpfs``.
        attach: other databases that queries may read, by the name that they have there: PostgreSQL, MySQL, SQLite, DuckDB, DuckLake.
        secrets: credentials that DuckDB itself uses, by name: a ``type``, such as ``s3``, and what DuckDB's ``CREATE SECRET`` takes.
    """

    path: str = Field(min_length=1)
    read_only: bool = False
    threads: int | None = Field(default=None, ge=1)
    memory_limit: str | None = None
    temp_directory: str | None = None
    settings: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    attach: Annotated[Mapping[str, Any], WrapValidator(_attachments)] = Field(default_factory=dict)
    secrets: Mapping[str, Mapping[str, Scalar | tuple[str, ...]]] = Field(default_factory=dict, repr=False)

    @field_validator("path")
    @classmethod
    def _a_local_file(cls, path: str) -> str:
        if path != MEMORY and _NOT_A_FILE.match(path):
            raise ValueError(f"{path!r} is no path of a local file, and no {MEMORY!r}")
        return path

    @field_validator("settings")
    @classmethod
    def _plain_names(cls, settings: Mapping[str, bool | float | str]) -> Mapping[str, bool | float | str]:
        taken = {"threads", "memory_limit", "temp_directory", "access_mode"} & {name.lower() for name in settings}
        if taken:
            raise ValueError(f"{min(taken)!r} is a key of the connection itself, not of 'settings'")
        return settings

    @field_validator("extensions")
    @classmethod
    def _plain_words(cls, extensions: tuple[str, ...]) -> tuple[str, ...]:
        for name in extensions:
            if not _EXTENSION.fullmatch(name):
                raise ValueError(f"extension {name!r}: a name is lower case letters, digits and '_'")
        return extensions

    @field_validator("secrets")
    @classmethod
    def _plain_secrets(cls, secrets: Mapping[str, Mapping[str, object]]) -> Mapping[str, Mapping[str, object]]:
        for name, facts in secrets.items():
            if not isinstance(facts.get("type"), str):
                raise ValueError(f"the secret {name!r} needs a 'type', such as s3")  # noqa: TRY004  pydantic reports a ValueError
            for word in (name, *facts):
                if not _WORD.fullmatch(word):
                    raise ValueError(f"{word!r}: the names of secrets and of their keys are letters, digits and '_'")
        return secrets

    def file(self, root: Path) -> Path | None:
        """The absolute path of the file, its links resolved; None in memory."""
        return None if self.path == MEMORY else (root / Path(self.path).expanduser()).resolve()
