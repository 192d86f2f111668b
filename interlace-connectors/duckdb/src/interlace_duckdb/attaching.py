"""Attaching other databases to an open one, and giving DuckDB its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from interlace_duckdb.extensions import load_extension
from interlace_duckdb.failures import cleaned, refused
from interlace_duckdb.locked import database_locked, is_lock_refusal
from interlace_duckdb.quoting import identifier, literal

if TYPE_CHECKING:
    from interlace.errors import ConnectionFailure
    from interlace_duckdb.attached import Attached, Lake

__all__ = ["attach", "attach_beside", "enter_lake", "make_secrets"]

_SECRETS_OF: Final = {
    "s3": "httpfs",
    "r2": "httpfs",
    "gcs": "httpfs",
    "http": "httpfs",
    "huggingface": "httpfs",
    "azure": "azure",
    "postgres": "postgres_scanner",
    "mysql": "mysql_scanner",
    "ducklake": "ducklake",
    "iceberg": "iceberg",
}
"""The extension that a type of secrets belongs to."""

_SQLITE: Final = b"SQLite format 3"


def make_secrets(
    connection: duckdb.DuckDBPyConnection, secrets: Mapping[str, Mapping[str, bool | float | str | tuple[str, ...]]]
) -> None:
    """Give DuckDB secrets, kept in memory only.

    Raises:
        ConnectionFailure: DuckDB refuses one; its message is kept, the values are not.
    """
    for name, facts in secrets.items():
        kind = str(facts["type"]).lower()
        if kind in _SECRETS_OF:
            load_extension(connection, _SECRETS_OF[kind])
        words = ", ".join([f"TYPE {kind}", *(f"{key} {_value(v)}" for key, v in facts.items() if key != "type")])
        try:
            connection.execute(f"CREATE OR REPLACE TEMPORARY SECRET {identifier(name)} ({words})")
        except duckdb.Error as error:
            said = _without(cleaned(str(error)), facts.values())
            raise refused(f"DuckDB refuses the secret {name!r}: {said}") from None


def attach(connection: duckdb.DuckDBPyConnection, attached: Mapping[str, Attached], root: Path) -> None:
    """Attach databases, to be read.

    Raises:
        ConnectionFailure: one is not there, or refuses; or the extension that reads it is not installed.
        DatabaseLocked: another process writes to the file.
    """
    if not attached:
        return
    from interlace_duckdb.attached import SQLite, extensions_of

    for name in extensions_of(attached.values()):
        load_extension(connection, name)
    for name, one in attached.items():
        file = one.file(root)
        if file is not None and not file.is_file():
            raise refused(
                f"{name!r} cannot be attached: there is no file {file}.", f"Name another file under 'attach: {name}'."
            )
        if isinstance(one, SQLite) and file is not None:
            _look_into(name, file)
        try:
            secret = one.secret(name)
            if secret is not None:
                connection.execute(secret)
            connection.execute(one.statement(name, root))
        except duckdb.Error as error:
            raise _refused(name, one, file, error) from None


def attach_beside(connection: duckdb.DuckDBPyConnection, files: Mapping[str, Path]) -> None:
    """Attach DuckDB files of other environments, to be read.

    Raises:
        ConnectionFailure: one is not there, or this process has it open.
        DatabaseLocked: another process writes to the file.
    """
    for name, file in files.items():
        if not file.is_file():
            raise refused(f"There is no file {file}, which is to be read beside this one.", "Run it again.")
        try:
            connection.execute(f"ATTACH {literal(str(file))} AS {identifier(name)} (READ_ONLY)")
        except duckdb.Error as error:
            message = cleaned(str(error))
            if is_lock_refusal(message):
                raise database_locked(file, message) from error
            raise refused(f"{file} cannot be read beside this one: {message}") from error


def enter_lake(connection: duckdb.DuckDBPyConnection, name: str, lake: Lake, root: Path, read_only: bool) -> str:
    """Attach a lake to be written to, made where it is not there; gives the statement that makes it a cursor's own database.

    Raises:
        ConnectionFailure: the catalogue or the folder of the data cannot be opened, or an extension is not installed.
        DatabaseLocked: another process has the catalogue.
    """
    from interlace_duckdb.attached import extensions_of

    for extension in extensions_of([lake]):
        load_extension(connection, extension)
    file = lake.file(root)
    for folder in (file and file.parent, lake.data_folder(root)):
        if folder is not None and not read_only:
            folder.mkdir(parents=True, exist_ok=True)
    try:
        secret = lake.secret(name)
        if secret is not None:
            connection.execute(secret)
        connection.execute(lake.statement(name, root, read_only=read_only))
    except duckdb.Error as error:
        raise _refused(name, lake, file, error) from None
    return f"USE {identifier(name)}"


def _look_into(name: str, file: Path) -> None:
    """DuckDB looks into a file of SQLite when a query first reads it, which is late."""
    with file.open("rb") as opened:
        head = opened.read(len(_SQLITE))
    if head and head != _SQLITE:
        raise refused(
            f"{name!r} cannot be attached: {file} is no SQLite database.", f"Name another file under 'attach: {name}'."
        )


def _refused(name: str, one: Attached | Lake, file: Path | None, error: duckdb.Error) -> ConnectionFailure:
    from interlace_duckdb.attached import DuckDBFile

    message = cleaned(str(error))
    if file is not None and is_lock_refusal(message):
        return database_locked(file, message)
    if "already attached by database" in message and isinstance(one, DuckDBFile):
        return refused(
            f"{name!r} cannot be attached: this process has {file} open as a connection of its own.",
            f"Read it through that connection, and remove 'attach: {name}'.",
        )
    failed = refused(f"{name!r} ({one.place()}) cannot be attached: {message}")
    refused_by_server = any(word in message for word in ("denied", "authentication", "does not exist"))
    failed.transient = file is None and " to connect" in message and not refused_by_server
    return failed


def _value(value: bool | float | str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return literal(value)


def _without(message: str, values: object) -> str:
    """The message without the values of a secret."""
    assert hasattr(values, "__iter__")  # noqa: S101  a view of a mapping
    texts = {str(v) for v in values if isinstance(v, str) and len(v) > 2}  # noqa: PLR2004  shorter ones would tear words
    for text in sorted(texts, key=len, reverse=True):
        message = message.replace(text, "***")
    return message
