"""Other databases under names of their own: the options of ``attach``, and the statements that they become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, field_validator, model_validator

from interlace.contracts.options import Options
from interlace_duckdb.quoting import identifier, literal

__all__ = [
    "Attached",
    "DuckDBFile",
    "DuckLake",
    "Lake",
    "MySQL",
    "Postgres",
    "SQLite",
    "attachments",
    "conninfo",
    "extensions_of",
    "server_of",
]

_SERVER: Final = ("host", "port", "user", "password", "database")
_OWN_NAMES: Final = frozenset({"main", "memory", "system", "temp", "pg_catalog", "information_schema"})


class _Server(Options):
    """A server: a `url`, or its parts.

    Attributes:
        url: such as ``postgresql://user:password@host:5432/database``.
        password: kept in a secret of the session, never in a statement that is shown.
    """

    url: str | None = Field(default=None, repr=False)
    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    user: str | None = None
    password: str | None = Field(default=None, repr=False)
    database: str | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        given = [name for name in _SERVER if getattr(self, name) is not None]
        if self.url is not None and given:
            raise ValueError(f"'url' and {given[0]!r} are both given: say it once")
        return self

    def parts(self) -> dict[str, str]:
        """Host, port, user, password and database, and what the query of the URL adds."""
        if self.url is not None:
            return server_of(self.url)
        return {name: str(value) for name in _SERVER if (value := getattr(self, name)) is not None}

    def secret(self, name: str) -> str | None:
        """The statement that keeps the password; None where there is none."""
        password = self.parts().get("password")
        if password is None:
            return None
        kind = self.extension.partition("_")[0]
        return f"CREATE OR REPLACE TEMPORARY SECRET {_secret_name(name)} (TYPE {kind}, PASSWORD {literal(password)})"

    @property
    def extension(self) -> str:
        """The extension that reads it."""
        raise NotImplementedError

    def file(self, root: Path) -> None:
        """A server has no file."""

    def place(self) -> str:
        """``host:port/database``, for messages."""
        parts = self.parts()
        port = f":{parts['port']}" if "port" in parts else ""
        return f"{parts.get('host', 'localhost')}{port}/{parts.get('database', '')}"

    def _statement(self, name: str, words: Mapping[str, str]) -> str:
        kind = self.extension.partition("_")[0]
        secret = f", SECRET {_secret_name(name)}" if "password" in self.parts() else ""
        text = " ".join(f"{key}={conninfo(value)}" for key, value in words.items())
        return f"ATTACH {literal(text)} AS {identifier(name)} (TYPE {kind}, READ_ONLY{secret})"


class Postgres(_Server):
    """A PostgreSQL database.

    Attributes:
        type: ``postgres``.
        schema_: read this schema only.
    """

    type: Literal["postgres"]
    schema_: str | None = Field(default=None, alias="schema")

    @property
    def extension(self) -> str:
        """The extension that reads it."""
        return "postgres_scanner"

    def statement(self, name: str, root: Path) -> str:
        """The statement that attaches it."""
        del root
        words = {"dbname" if k == "database" else k: v for k, v in self.parts().items() if k != "password"}
        made = self._statement(name, words)
        return made if self.schema_ is None else f"{made[:-1]}, SCHEMA {literal(self.schema_)})"


class MySQL(_Server):
    """A database of MySQL or MariaDB.

    Attributes:
        type: ``mysql``.
        socket: the path of a Unix socket, in place of host and port.
    """

    type: Literal["mysql"]
    socket: str | None = None

    @property
    def extension(self) -> str:
        """The extension that reads it."""
        return "mysql_scanner"

    def statement(self, name: str, root: Path) -> str:
        """The statement that attaches it."""
        del root
        words = {k: v for k, v in self.parts().items() if k != "password"}
        return self._statement(name, words | ({"socket": self.socket} if self.socket else {}))


class _File(Options):
    """A database in a file, relative to the project's folder."""

    path: str = Field(min_length=1)

    def file(self, root: Path) -> Path:
        """The absolute path of the file, its links resolved."""
        return (root / Path(self.path).expanduser()).resolve()

    def secret(self, name: str) -> None:
        """A file has no password."""

    def place(self) -> str:
        """The path as it was written."""
        return self.path

    def _statement(self, name: str, root: Path, kind: str) -> str:
        return f"ATTACH {literal(str(self.file(root)))} AS {identifier(name)} (TYPE {kind}, READ_ONLY)"


class SQLite(_File):
    """A SQLite file.

    Attributes:
        type: ``sqlite``.
        path: the file, relative to the project's folder.
    """

    type: Literal["sqlite"]

    @property
    def extension(self) -> str:
        """The extension that reads it."""
        return "sqlite_scanner"

    def statement(self, name: str, root: Path) -> str:
        """The statement that attaches it."""
        return self._statement(name, root, "sqlite")


class DuckDBFile(_File):
    """Another DuckDB file; while it is attached, no other process may write to it.

    Attributes:
        type: ``duckdb``.
        path: the file, relative to the project's folder.
    """

    type: Literal["duckdb"]

    @property
    def extension(self) -> None:
        """DuckDB reads it itself."""
        return

    def statement(self, name: str, root: Path) -> str:
        """The statement that attaches it."""
        return self._statement(name, root, "duckdb")


class Lake(Options):
    """A lake: Parquet files, and a catalogue that says what they are.

    Attributes:
        catalog: where its catalogue is: the path of a DuckDB file, ``sqlite:`` and a path, or ``postgresql://…``.
        data_path: the folder of its data, relative to the project's, or ``s3://…``; by default as the catalogue says.
    """

    catalog: str = Field(min_length=1, repr=False)
    data_path: str | None = None

    @field_validator("catalog")
    @classmethod
    def _a_known_catalogue(cls, catalog: str) -> str:
        scheme, colon, _ = catalog.partition(":")
        if colon and len(scheme) > 1 and scheme not in {"sqlite", "postgresql", "postgres"}:
            raise ValueError(
                f"'{scheme}:' is no catalogue: the path of a DuckDB file, 'sqlite:PATH' or 'postgresql://…'"
            )
        return catalog

    @property
    def extension(self) -> str:
        """The extension that reads it."""
        return "ducklake"

    @property
    def catalogue_extension(self) -> str | None:
        """The extension that reads its catalogue."""
        if self._is_server:
            return "postgres_scanner"
        return "sqlite_scanner" if self.catalog.startswith("sqlite:") else None

    def file(self, root: Path) -> Path | None:
        """The file of the catalogue; None where it is on a server."""
        if self._is_server:
            return None
        return (root / Path(self.catalog.removeprefix("sqlite:")).expanduser()).resolve()

    def secret(self, name: str) -> str | None:
        """The statement that keeps the password of the catalogue's server."""
        password = server_of(self.catalog).get("password") if self._is_server else None
        if password is None:
            return None
        # DuckLake connects to the catalogue by itself, so that the secret has to be the one that everybody finds.
        return f"CREATE OR REPLACE TEMPORARY SECRET {_secret_name(name)} (TYPE postgres, PASSWORD {literal(password)})"

    def place(self) -> str:
        """The catalogue, without a password."""
        if not self._is_server:
            return self.catalog
        parts = server_of(self.catalog)
        return f"{parts.get('host', 'localhost')}/{parts.get('database', '')}"

    def data(self, root: Path) -> str | None:
        """The absolute path or the URL of the data."""
        if self.data_path is None or "://" in self.data_path:
            return self.data_path
        return f"{(root / Path(self.data_path).expanduser()).resolve()}/"

    def data_folder(self, root: Path) -> Path | None:
        """The folder of the data, where it is one of this machine."""
        data = self.data(root)
        return None if data is None or "://" in data else Path(data)

    def statement(self, name: str, root: Path, *, read_only: bool = True) -> str:
        """The statement that attaches it."""
        words = ["READ_ONLY"] if read_only else []
        data = self.data(root)
        if data is not None:
            words.append(f"DATA_PATH {literal(data)}")
        if self.catalog.startswith("sqlite:") and not read_only:
            words.append("META_JOURNAL_MODE 'WAL'")  # a transaction that reads does not lock out one that writes
        if self._is_server and "password" in server_of(self.catalog):
            words.append(f"META_SECRET {literal(_secret_text(name))}")
        options = f" ({', '.join(words)})" if words else ""
        return f"ATTACH {literal(f'ducklake:{self._where(root)}')} AS {identifier(name)}{options}"

    @property
    def _is_server(self) -> bool:
        return self.catalog.startswith(("postgresql:", "postgres:"))

    def _where(self, root: Path) -> str:
        if self._is_server:
            parts = server_of(self.catalog)
            words = {"dbname" if k == "database" else k: v for k, v in parts.items() if k != "password"}
            return "postgres:" + " ".join(f"{key}={conninfo(value)}" for key, value in words.items())
        kind = "sqlite:" if self.catalog.startswith("sqlite:") else ""
        return f"{kind}{self.file(root)}"


class DuckLake(Lake):
    """A lake that is read.

    Attributes:
        type: ``ducklake``.
    """

    type: Literal["ducklake"]


Attached = Annotated[Postgres | MySQL | SQLite | DuckDBFile | DuckLake, Field(discriminator="type")]


def _by_name(value: object) -> object:
    """A list of mappings with a ``name`` each is the same as a mapping."""
    if not isinstance(value, list | tuple):
        return value
    found: dict[str, Any] = {}
    for entry in value:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise ValueError("each entry of a list needs a 'name'")  # noqa: TRY004  pydantic reports a ValueError
        if entry["name"] in found:
            raise ValueError(f"{entry['name']!r} is attached twice")
        found[entry["name"]] = {key: item for key, item in entry.items() if key != "name"}
    return found


def _check_names(attached: Mapping[str, Any]) -> Mapping[str, Any]:
    """Refuse names that no query could use."""
    folded: set[str] = set()
    for name in attached:
        if not name.isidentifier() or name.casefold() in _OWN_NAMES:
            raise ValueError(
                f"{name!r} cannot be the name of a database: letters, digits and '_', and no word of DuckDB's"
            )
        if name.casefold() in folded:
            raise ValueError(f"{name!r} is attached twice")
        folded.add(name.casefold())
    return attached


_ATTACHMENTS: Final[TypeAdapter[Mapping[str, Attached]]] = TypeAdapter(
    Annotated[Mapping[str, Attached], BeforeValidator(_by_name), AfterValidator(_check_names)]
)


def attachments(value: object) -> Mapping[str, Attached]:
    """What is attached, by the name that queries use; `value` may also be a list whose entries have a ``name``.

    Raises:
        ValidationError: something is wrong.
    """
    return _ATTACHMENTS.validate_python(value)


def server_of(url: str) -> dict[str, str]:
    """The parts of a URL: host, port, user, password, database, and what its query adds."""
    split = urlsplit(url)
    parts = {
        "host": split.hostname,
        "port": str(split.port) if split.port else None,
        "user": split.username and unquote(split.username),
        "password": split.password and unquote(split.password),
        "database": unquote(split.path.lstrip("/")) or None,
        **dict(parse_qsl(split.query)),
    }
    return {name: value for name, value in parts.items() if value}


def extensions_of(attached: Iterable[Attached | Lake]) -> list[str]:
    """The extensions that reading them takes, each once."""
    found: dict[str, None] = {}
    for one in attached:
        if isinstance(one, Lake) and one.catalogue_extension:
            found[one.catalogue_extension] = None
        if one.extension:
            found[one.extension] = None
    return list(found)


def _secret_text(name: str) -> str:
    return f"__interlace_{name}".lower()


def _secret_name(name: str) -> str:
    return identifier(_secret_text(name))


def conninfo(value: str) -> str:
    """A value of a connection string, quoted where it has to be."""
    if value and not any(c in " '\\=" for c in value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
