"""Alembic, driven over one connection and in one transaction.  Imported only when something is to be migrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, pool

from interlace.errors import StateError
from interlace.state import revision

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

__all__ = ["VERSION_TABLE", "configuration", "found", "upgrade", "upgrade_sqlite"]

VERSION_TABLE = "store_revision"


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations of this package; it reads no file."""
    config = Config()
    config.set_main_option("script_location", "interlace.state:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def found(connection: Connection) -> str | None:
    """The revision that a store states; None where there is none."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()


def upgrade(connection: Connection, where: str) -> tuple[str | None, str]:
    """Bring a store to this Interlace's revision, in the connection's transaction.

    Args:
        where: what to call the store in messages.

    Returns:
        the revision before (None for an empty store) and the one after.

    Raises:
        StateError: a newer Interlace made it.
    """
    before = found(connection)
    if before is not None and before not in revision.KNOWN:
        revision.check(before, where)
    command.upgrade(configuration(connection), revision.REVISION)
    if (after := found(connection)) != revision.REVISION:
        raise StateError(f"the state in {where} has revision {after} after the upgrade, not {revision.REVISION}")
    return before, revision.REVISION


def upgrade_sqlite(path: Path, where: str, lock_timeout: float) -> tuple[str | None, str]:
    """`upgrade` of a SQLite file; a failure half way leaves it as it was."""
    engine = create_engine(
        f"sqlite:///{path}", poolclass=pool.NullPool, connect_args={"timeout": lock_timeout, "isolation_level": None}
    )
    # The driver by itself begins transactions late and not before DDL, so that half a migration could stay.
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        return upgrade(connection, where)
