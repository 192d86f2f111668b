"""The options of a PostgreSQL connection."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from interlace.contracts.options import Options
from interlace.errors import ConnectionFailure

__all__ = ["PoolOptions", "PostgresOptions"]

_PARTS: Final = ("host", "port", "database", "user", "password")
_FILES: Final = ("sslrootcert", "sslcert", "sslkey")
_TAKEN: Final = {
    "application_name": "application_name",
    "lock_timeout": "lock_timeout",
    "role": "role",
    "search_path": "search_path",
    "statement_timeout": "statement_timeout",
}


class PoolOptions(Options):
    """How many connections to the server are kept.

    Attributes:
        min: connections that stay open while the project is open.
        max: the most at once; a fifth of them, at least one, may be models that run at once.
        timeout: seconds to wait for one that is free.
        max_idle: seconds after which one that nobody uses is closed.
        max_lifetime: seconds after which one is replaced by a new one, once nobody uses it.
        check: whether each is asked for a sign of life before it is used: a round trip, and no error of a model whose
            server was started again in the meantime.
    """

    min: int = Field(default=0, ge=0)
    max: int = Field(default=40, ge=2)
    timeout: float = Field(default=30.0, gt=0)
    max_idle: float = Field(default=300.0, gt=0)
    max_lifetime: float = Field(default=3600.0, gt=0)
    check: bool = True

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
        sslrootcert: the file of certificates that the server's must be signed by, relative to the project; or ``system``.
        sslcert: the file of the client's certificate.
        sslkey: the file of its key, which nobody else may read.
        sslpassword: of that key, where it has one.
        application_name: what ``pg_stat_activity`` shows.
        schema: where names without a schema live; made by the first run where it is not there.
        search_path: schemas that names without a schema are looked for in after `schema`.
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
    sslrootcert: str | None = None
    sslcert: str | None = None
    sslkey: str | None = None
    sslpassword: str | None = Field(default=None, repr=False)
    application_name: str = "interlace"
    schema_: str = Field(default="public", alias="schema", min_length=1)
    search_path: tuple[str, ...] = ("public",)
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
            if name.lower() == "datestyle" and not str(settings[name]).lower().startswith("iso"):
                raise ValueError(f"{name!r} must begin with ISO: rows are read in that form")
        return settings

    @field_validator("search_path", mode="before")
    @classmethod
    def _schemas(cls, value: object) -> object:
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        given = [name for name in _PARTS if getattr(self, name) is not None]
        if self.url is not None and given:
            raise ValueError(f"'url' and {given[0]!r} are both given: say it once")
        return self

    @model_validator(mode="after")
    def _a_pair(self) -> Self:
        if (self.sslcert is None) != (self.sslkey is None):
            there, missing = ("sslcert", "sslkey") if self.sslkey is None else ("sslkey", "sslcert")
            raise ValueError(f"{there!r} needs {missing!r}: a client's certificate and its key go together")
        if self.sslrootcert == "system" and self.sslmode not in {None, "verify-full"}:
            raise ValueError("'sslrootcert: system' needs 'sslmode: verify-full'")
        return self

    def at(self, root: Path) -> Self:
        """The options with the files of TLS where they are: relative ones start at the project's folder."""
        found = {key: str(root / Path(said).expanduser()) for key, said in self._files().items()}
        return self.model_copy(update=found)

    def refuse_missing_files(self) -> None:
        """Say which key names a file that is not there.

        Raises:
            ConnectionFailure: there is one.
        """
        for key, said in self._files().items():
            if not Path(said).is_file():
                failure = ConnectionFailure(f"{key!r} names the file {said}, which is not there.")
                failure.transient = False
                raise failure

    def _files(self) -> dict[str, str]:
        files = {key: getattr(self, key) for key in _FILES}
        return {key: said for key, said in files.items() if said is not None and said != "system"}

    def parameters(self) -> dict[str, Any]:
        """What libpq is given."""
        parts = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "sslmode": self.sslmode,
            "sslrootcert": self.sslrootcert,
            "sslcert": self.sslcert,
            "sslkey": self.sslkey,
            "sslpassword": self.sslpassword,
            "connect_timeout": self.connect_timeout,
            "application_name": self.application_name,
        }
        return {name: value for name, value in parts.items() if value is not None}

    def session_settings(self) -> dict[str, str]:
        """The settings of each session, as text; `settings` comes last."""
        from interlace_postgres.quoting import identifiers

        schemas = dict.fromkeys((self.schema_, *self.search_path))
        # The last two are how rows are written for `copying`, whatever a role or a database says.
        said = {
            "TimeZone": "UTC",
            "DateStyle": "ISO",
            "extra_float_digits": 1,
            "search_path": identifiers(schemas),
            "statement_timeout": self.statement_timeout,
            "lock_timeout": self.lock_timeout,
            **self.settings,
        }
        return {name: _text(value) for name, value in said.items() if value is not None}


def _text(value: bool | float | str) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
