"""The options of connections over ibis."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, model_validator

from interlace.contracts.options import Options

__all__ = ["MEMORY", "IbisOptions", "SQLiteOptions"]

MEMORY: Final = ":memory:"


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
