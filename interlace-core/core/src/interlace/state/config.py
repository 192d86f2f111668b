"""The options of ``state:`` in ``config.yaml``."""

from __future__ import annotations

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options

__all__ = ["StateOptions"]


class StateOptions(Options):
    """Where the state is kept.

    Attributes:
        path: the SQLite file, relative to the project's root.  On a local disk: not on a network file system.
        url: a PostgreSQL server instead, for teams: ``postgresql://user@host/database``.
        schema: the schema of the server that holds the tables; made when it is missing.
        lock_timeout: seconds to wait for another process that is writing.
    """

    path: str = Field(default=".interlace/state.db", min_length=1)
    url: str | None = Field(default=None, repr=False)
    schema_: str = Field(default="interlace_state", alias="schema", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    lock_timeout: float = Field(default=30.0, ge=0, le=3600)

    @field_validator("url")
    @classmethod
    def _a_server(cls, url: str | None) -> str | None:
        if url is not None and url.partition("://")[0].partition("+")[0] not in {"postgres", "postgresql"}:
            raise ValueError("must begin with postgresql:// (for SQLite write `path:` instead)")
        return url

    @model_validator(mode="after")
    def _one_place(self) -> StateOptions:
        if self.url is not None and "path" in self.model_fields_set:
            raise ValueError("give `path` or `url`, not both")
        if self.url is None and "schema_" in self.model_fields_set:
            raise ValueError("`schema` goes with `url`")
        return self
