"""The options of a PostgreSQL connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options

__all__ = ["PoolOptions", "PostgresOptions"]

_PARTS: Final = ("host", "port", "database", "user", "password")
_TAKEN: Final = {
    "application_name": "application_name",
    "lock_timeout": "lock_timeout",
    "role": "role",
    "search_path": "schema",
    "statement_timeout": "statement_timeout",
}


class PoolOptions(Options):
    """How many connections to the server are kept.

    Attributes:
        min: connections that stay open while the project is open.
        max: the most at once; a fifth of them, at least one, may be models that run at once.
        timeout: seconds to wait for one that is free.
        max_idle: seconds after which one that nobody uses is closed.
    """

    min: int = Field(default=0, ge=0)
    max: int = Field(default=40, ge=2)
    timeout: float = Field(default=30.0, gt=0)
    max_idle: float = Field(default=300.0, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"'min' ({self.min}) is more than 'max' ({self.max})")
        return self


class PostgresOptions(Options):
    """What a connection of type ``postgres`` takes: a `url`, or its parts.

    What neither gives comes from where libpq looks: ``PGHOST``, ``PGPASSWORD``, ``~/.pgpass`` and the others.

    Attributes:
        url: such as ``postgresql://user:password@host:5432/database``; its query may hold options of libpq.
        host: a name, an address, or the folder of a Unix socket.
        port: by default 5432.
        database: by default the user's name.
        user: by default the name of the system's user.
        password: of the user; better from a variable: ``${WAREHOUSE_PASSWORD}``.
        sslmode: how far the connection is encrypted and the server's certificate verified; by default ``prefer``.
        application_name: what ``pg_stat_activity`` shows.
        schema: where names without a schema live; made by the first run where it is not there.
        role: taken by ``SET ROLE`` once connected.
        connect_timeout: seconds until the attempt to connect is given up.
        statement_timeout: such as ``10min``: what runs longer is cancelled by the server; by default as the server says.
        lock_timeout: such as ``30s``: how long a statement waits for a lock; by default as the server says.
        settings: any other settings of the session, by name.
        pool: how many connections are kept.
    """

    url: str | None = Field(default=None, repr=False)
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    database: str | None = None
    user: str | None = None
    password: str | None = Field(default=None, repr=False)
    sslmode: Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] | None = None
    application_name: str = "interlace"
    schema_: str = Field(default="public", alias="schema", min_length=1)
    role: str | None = None
    connect_timeout: int = Field(default=10, ge=1)
    statement_timeout: str | int | None = None
    lock_timeout: str | int | None = None
    settings: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    pool: PoolOptions = PoolOptions()

    @field_validator("url")
    @classmethod
    def _a_url(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).scheme not in {"postgresql", "postgres"}:
            raise ValueError("a url begins with postgresql://")
        return url

    @field_validator("settings")
    @classmethod
    def _other_settings(cls, settings: Mapping[str, Any]) -> Mapping[str, Any]:
        for name in settings:
            if key := _TAKEN.get(name.lower()):
                raise ValueError(f"{name!r} is said by the connection's own key {key!r}, not in 'settings'")
        return settings

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        given = [name for name in _PARTS if getattr(self, name) is not None]
        if self.url is not None and given:
            raise ValueError(f"'url' and {given[0]!r} are both given: say it once")
        return self

    def parameters(self) -> dict[str, Any]:
        """What libpq is given."""
        parts = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "sslmode": self.sslmode,
            "connect_timeout": self.connect_timeout,
            "application_name": self.application_name,
        }
        return {name: value for name, value in parts.items() if value is not None}

    def session_settings(self) -> dict[str, str]:
        """The settings of each session, as text; `settings` comes last."""
        from interlace_postgres.quoting import identifiers

        schemas = dict.fromkeys((self.schema_, "public"))
        said = {
            "TimeZone": "UTC",
            "search_path": identifiers(schemas),
            "statement_timeout": self.statement_timeout,
            "lock_timeout": self.lock_timeout,
            **self.settings,
        }
        return {name: _text(value) for name, value in said.items() if value is not None}


def _text(value: bool | float | str) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
