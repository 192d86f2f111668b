"""A new migration's file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from interlace.errors import UsageError
from interlace.migrate.migration import FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from interlace.migrate.migration import Migration

__all__ = ["start"]

_SQL: Final = """\
{header}-- up


-- down

"""

_PYTHON: Final = '''\
{header}from interlace.migrate.session import MigrationSession


def up(session: MigrationSession) -> None:
    """Say here what it does."""


def down(session: MigrationSession) -> None:
    """Say here how it is taken back."""
'''


def start(root: Path, migrations: Iterable[Migration], name: str, connection: str | None, *, python: bool) -> Path:
    """Write the next migration's file, to be filled in.

    Raises:
        UsageError: the name is no word, or the file cannot be written.
    """
    word = re.sub(r"[^\w]+", "_", name.strip()).strip("_").lower()
    if not word:
        raise UsageError(f"{name!r} is no name of a migration.", hint="Say in words what it does, such as add_region.")
    number = max((m.number for m in migrations), default=0) + 1
    path = root / FOLDER / f"{number:04d}_{word}.{'py' if python else 'sql'}"
    header = f"{'#' if python else '--'} @connection: {connection}\n" if connection is not None else ""
    try:
        path.parent.mkdir(exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write((_PYTHON if python else _SQL).format(header=header))
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be written: {(error.strerror or str(error)).lower()}.") from error
    return path
