"""A PostgreSQL server as the database, through SQLAlchemy.  Imported only where ``state.url`` is set."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from interlace.errors import StateError
from interlace.state import revision, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import URL, Connection, Engine

    from interlace.state.database import Row

__all__ = ["ServerDatabase"]

_FORM = "write postgresql://user@host/database"

_MAKING = 0x696E7465726C6163
"""The advisory lock under which the tables are made or migrated: ``interlac``."""


class ServerDatabase:
    """A PostgreSQL database.

    Args:
        url: SQLAlchemy's URL; ``postgresql://`` is spoken by psycopg 3.
        schema: the schema that holds the tables; a plain word.
        lock_timeout: seconds to wait for other writers.
    """

    path: Path | None = None
    not_held = " FOR UPDATE SKIP LOCKED"

    def __init__(self, url: str, *, schema: str, lock_timeout: float = 30.0) -> None:
        self._url = _parsed(url)
        self._schema = schema
        self._lock_timeout = lock_timeout
        self._engine: Engine | None = None

    @property
    def where(self) -> str:
        """What messages call it: the URL without its password."""
        return self._url.render_as_string(hide_password=True)

    # --- opening ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect, make the tables where there are none, and check their revision."""
        if self._engine is not None:
            return
        engine = self._made()
        try:
            with self._failures(), engine.connect() as connection:
                found = self._found_revision(connection)
            if found is None:
                self._migrate(engine)
            else:
                revision.check(found, self.where)
        except BaseException:
            engine.dispose()
            raise
        self._engine = engine

    def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the tables to this revision by Alembic, in one transaction."""
        engine = self._made()
        try:
            return self._migrate(engine)
        finally:
            engine.dispose()

    def _made(self) -> Engine:
        try:
            engine = create_engine(self._url, pool_pre_ping=True)
        except NoSuchModuleError as error:
            raise StateError(
                f"`state.url` names a driver that SQLAlchemy does not know: {error}", hint=_FORM
            ) from error
        except ModuleNotFoundError as error:
            raise StateError(
                f"the state's server {self.where} needs the Python package {error.name!r}, which is not installed",
                hint='install it: pip install "psycopg[binary]"',
            ) from error
        event.listen(engine, "connect", self._prepare)
        return engine

    def _prepare(self, connection: Any, _record: object) -> None:
        # Outside a transaction, because a setting made in one is undone when it rolls back.
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'SET search_path TO "{self._schema}"')
            cursor.execute(f"SET lock_timeout TO {max(1, int(self._lock_timeout * 1000))}")
        connection.autocommit = False

    def _found_revision(self, connection: Connection) -> str | None:
        there = connection.execute(
            text("SELECT to_regclass(:name)"), {"name": f'"{self._schema}".store_revision'}
        ).scalar()
        return connection.execute(text(statements.REVISION)).scalar() if there else None

    def _migrate(self, engine: Engine) -> tuple[str | None, str]:
        from interlace.state.migrate import upgrade

        with self._failures(), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MAKING})
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"'))
            return upgrade(connection, self.where)

    # --- using ------------------------------------------------------------------------------------------------

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of one query."""
        with self._failures(), self._open.connect() as connection:
            return ServerTransaction(connection).rows(sql, values)

    @contextmanager
    def writing(self) -> Iterator[ServerTransaction]:
        """A transaction."""
        with self._failures(), self._open.begin() as connection:
            yield ServerTransaction(connection)

    @contextmanager
    def reading(self) -> Iterator[ServerTransaction]:
        """A transaction that reads one moment's state."""
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._failures(), self._open.connect().execution_options(**options) as connection:
            yield ServerTransaction(connection)

    def ahead(self, now: datetime) -> timedelta:
        """How far the server's clock is ahead of this machine's, which shows `now`; in whole seconds."""
        [(there,)] = self.rows("SELECT clock_timestamp()", {})
        return timedelta(seconds=round((there - now).total_seconds()))

    def compact(self) -> None:
        """Do nothing: the server's own autovacuum does it."""

    @property
    def _open(self) -> Engine:
        if self._engine is None:
            raise StateError(f"the state on {self.where} is not open")
        return self._engine

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._state_error(error) from error
        except SQLAlchemyError as error:
            raise StateError(f"the state on {self.where}: {error}") from error

    def _state_error(self, error: DBAPIError) -> StateError:
        said = str(error.orig).strip().partition("\n")[0]
        failure = StateError(f"the state on {self.where}: {said}", hint="look at `state.url` and at the server")
        failure.transient = error.connection_invalidated or type(error.orig).__name__ in {
            "OperationalError",
            "LockNotAvailable",
        }
        return failure


class ServerTransaction:
    """What is done in one transaction of one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, values: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of a query."""
        return [tuple(row) for row in self._connection.execute(text(sql), dict(values))]

    def each(self, sql: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a query by their columns' names, in bounded memory."""
        with self._connection.execution_options(yield_per=1000).execute(text(sql)) as result:
            for row in result.mappings():
                yield dict(row)

    def execute(self, sql: str, values: Mapping[str, Any]) -> int:
        """Run one statement; gives the number of rows that it changed."""
        return self._connection.execute(text(sql), dict(values)).rowcount

    def execute_many(self, sql: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Run one statement for each of the values, in one round trip where the driver can."""
        if values:
            self._connection.execute(text(sql), list(values))


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        dialect = parsed.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise StateError(f"`state.url` cannot be read: {error}", hint=_FORM) from error
    if dialect not in {"postgres", "postgresql"}:
        raise StateError(f"the state cannot be kept in {dialect!r}", hint="PostgreSQL is supported: postgresql://…")
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed
