"""Opening a database: the file is looked at first, so that what is wrong with it is said in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from interlace.errors import did_you_mean
from interlace_duckdb.attaching import attach, make_secrets
from interlace_duckdb.extensions import load_extension
from interlace_duckdb.failures import cleaned, open_failed, refused
from interlace_duckdb.quoting import identifier, literal

if TYPE_CHECKING:
    from interlace.errors import ConnectionFailure
    from interlace_duckdb.config import DuckDBOptions

__all__ = ["copy_open", "look", "open_database"]

BLOCK_SIZE: Final = 65_536
"""Bytes.  A small table takes one block: DuckDB's own default of 262,144 makes a thousand of them four times as large."""

# SQL models never see Python's variables; a missing extension fails at once, in place of a download; timestamps with
# time zone read the same on every machine.
_ALWAYS: Final = (
    "SET GLOBAL python_enable_replacements = false; "
    "SET GLOBAL autoinstall_known_extensions = false; "
    "SET GLOBAL TimeZone = 'UTC'"
)

_MAGIC_AT, _MAGIC = 8, b"DUCK"


def look(file: Path) -> bool:
    """Whether a database file is there; what is there but is none is refused.

    Raises:
        ConnectionFailure: it is a folder, empty, unreadable, or of another kind.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(_MAGIC_AT + len(_MAGIC))
    except FileNotFoundError:
        return False
    except IsADirectoryError:
        raise refused(f"{file} is a folder, no database file.", "Name a file under 'path'.") from None
    except OSError as error:
        raise refused(f"The database {file} cannot be read: {error.strerror}.") from error
    if head.startswith(b"SQLite"):
        raise refused(f"{file} is a SQLite database, no DuckDB database.", "Name another file under 'path'.")
    if head[_MAGIC_AT:] != _MAGIC:
        what = "empty" if not head else "damaged, or no DuckDB database"
        raise refused(f"The file {file} is {what}.", "Remove it, or name another file under 'path'.")
    return True


def open_database(options: DuckDBOptions, file: Path | None, root: Path) -> tuple[duckdb.DuckDBPyConnection, list[str]]:
    """Open a database, in memory where there is no file, and set what the options say.

    Returns:
        the connection, and the statements to run on each cursor (for the settings that DuckDB keeps per session).

    Raises:
        ConnectionFailure: it cannot be opened, or a setting or extension is refused.
        DatabaseLocked: another process holds the file.
    """
    if file is not None and not look(file):
        _make(options, file)
    try:
        # No settings are passed here: a Python model that calls duckdb.connect() with this file shares the instance,
        # and is refused where the configurations differ.
        connection = duckdb.connect(str(file) if file else ":memory:", read_only=options.read_only)
    except duckdb.Error as error:
        raise open_failed(error, file) from error
    try:
        connection.execute(_ALWAYS)
        per_session = _set(connection, options, root)
        for name in options.extensions:
            load_extension(connection, name)
        make_secrets(connection, options.secrets)
        attach(connection, options.attach, root)
    except BaseException:
        connection.close()
        raise
    return connection, per_session


def copy_open(cursor: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Copy the tables and views of an open database into a new file, as one transaction sees them; the cursor is closed.

    Raises:
        ConnectionFailure: it cannot be written.
    """
    name = "__interlace_copy"
    try:
        (own,) = cursor.execute("SELECT current_database()").fetchone() or ("",)
        cursor.execute(f"ATTACH {literal(str(path))} AS {name} (BLOCK_SIZE {BLOCK_SIZE})")
        try:
            cursor.execute(f"COPY FROM DATABASE {identifier(own)} TO {name}")
        finally:
            cursor.execute(f"DETACH {name}")
    except duckdb.Error as error:
        raise refused(f"The database cannot be copied to {path}: {cleaned(str(error))}") from error
    finally:
        cursor.close()


def _make(options: DuckDBOptions, file: Path) -> None:
    """Make the file: the size of its blocks is fixed now."""
    if options.read_only:
        raise refused(f"The database {file} does not exist, and the connection is 'read_only: true'.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        duckdb.connect(str(file), config={"default_block_size": BLOCK_SIZE}).close()
    except OSError as error:
        raise refused(f"The folder {file.parent} cannot be made: {error.strerror}.") from error
    except duckdb.Error as error:
        raise open_failed(error, file) from error


def _set(connection: duckdb.DuckDBPyConnection, options: DuckDBOptions, root: Path) -> list[str]:
    per_session = []
    for name, value in _settings(options, root).items():
        assignment = f"{identifier(name)} = {literal(value)}"
        try:
            connection.execute(f"SET GLOBAL {assignment}")
        except duckdb.Error as error:
            if "cannot be set globally" not in str(error):
                raise _setting_refused(connection, name, error) from error
            per_session.append(f"SET SESSION {assignment}")
    return per_session


def _setting_refused(connection: duckdb.DuckDBPyConnection, name: str, error: duckdb.Error) -> ConnectionFailure:
    known = {row[0] for row in connection.execute("SELECT name FROM duckdb_settings()").fetchall()}
    if name.lower() in known or "unrecognized configuration parameter" not in str(error):
        return refused(f"DuckDB refuses the setting {name!r}: {cleaned(str(error))}")
    return refused(f"DuckDB has no setting {name!r}.", did_you_mean(name, known) or None)


def _settings(options: DuckDBOptions, root: Path) -> dict[str, bool | int | float | str]:
    own = {
        "threads": options.threads,
        "memory_limit": options.memory_limit,
        # Relative paths in SQL are meant from the project's folder, wherever the process stands.
        "file_search_path": str(root),
        "temp_directory": options.temp_directory and str(root / Path(options.temp_directory).expanduser()),
    }
    return {**{name: value for name, value in own.items() if value is not None}, **options.settings}
