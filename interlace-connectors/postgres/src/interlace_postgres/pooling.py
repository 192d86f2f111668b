"""Connections to the server: made with the session's settings, kept in a pool."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.types.string import TextLoader
from psycopg_pool import ConnectionPool, PoolTimeout

from interlace.errors import ConnectionFailure
from interlace_postgres.failures import connect_failed
from interlace_postgres.quoting import identifier, literal

if TYPE_CHECKING:
    from interlace_postgres.config import PostgresOptions

__all__ = ["Pool", "connect", "parameters", "place"]

OLDEST: Final = 13_00_00
_AS_TEXT: Final = ("json", "jsonb")

# What it says of lost connections we say, too; where nobody listens, Python writes it between the lines of a command.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


class Pool:
    """The connections of one configured server.

    Raises:
        ConnectionFailure: the first connection was refused; the pool's own threads would only say so after a while.
    """

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        with connect(options) as probe:
            _refuse_old(probe)
        sizes = options.pool
        self._pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(
            options.url or "",
            kwargs=_arguments(options),
            configure=lambda connection: _configure(connection, options),
            min_size=sizes.min,
            max_size=sizes.max,
            timeout=sizes.timeout,
            max_idle=sizes.max_idle,
            max_lifetime=sizes.max_lifetime,
            num_workers=2,
            check=_check if sizes.check else None,
            open=True,
        )

    def take(self) -> psycopg.Connection[Any]:
        """A connection of one's own.

        Raises:
            ConnectionFailure: none is free, or the server is gone.
        """
        try:
            return self._pool.getconn()
        except PoolTimeout as error:
            connect(self._options).close()  # where the server is gone, this says why
            raise ConnectionFailure(
                f"All {self._options.pool.max} connections to {place(self._options)} were in use for "
                f"{self._options.pool.timeout:g} seconds.",
                hint="Raise the connection's 'pool.max', or lower 'run.threads'.",
            ) from error

    def give_back(self, connection: psycopg.Connection[Any]) -> None:
        """End the use of a connection; one that is broken or busy is closed."""
        self._pool.putconn(connection)

    def close(self) -> None:
        """Close all of them."""
        self._pool.close()


def connect(options: PostgresOptions) -> psycopg.Connection[Any]:
    """A connection that is not of the pool.

    Raises:
        ConnectionFailure: the server cannot be reached, or refuses; or a setting is refused.
    """
    options.refuse_missing_files()
    try:
        connection = psycopg.Connection.connect(options.url or "", **_arguments(options))
    except psycopg.Error as error:
        raise connect_failed(error, place(options)) from error
    try:
        _configure(connection, options)
    except psycopg.Error as error:
        connection.close()
        raise connect_failed(error, place(options)) from error
    return connection


def parameters(options: PostgresOptions) -> dict[str, Any]:
    """The options and the url together, as libpq understands them."""
    from psycopg.conninfo import conninfo_to_dict

    return conninfo_to_dict(options.url or "", **options.parameters())


def place(options: PostgresOptions) -> str:
    """``host:port/database``, without user and password."""
    given = parameters(options)
    host = str(given.get("host") or given.get("hostaddr") or "localhost")
    port = "" if host.startswith("/") else f":{given.get('port') or 5432}"
    return f"{host}{port}/{given.get('dbname') or given.get('user') or ''}"


def _arguments(options: PostgresOptions) -> dict[str, Any]:
    # Statements that are prepared behind our back break when a table is made anew, and behind PgBouncer.
    return {**options.parameters(), "autocommit": True, "prepare_threshold": None}


def _configure(connection: psycopg.Connection[Any], options: PostgresOptions) -> None:
    for name in _AS_TEXT:
        connection.adapters.register_loader(name, TextLoader)
    settings = options.session_settings().items()
    said = ", ".join(f"set_config({literal(name)}, {literal(value)}, false)" for name, value in settings)
    connection.execute(f"SELECT {said}".encode())
    if options.role is not None:
        connection.execute(f"SET ROLE {identifier(options.role)}".encode())


def _check(connection: psycopg.Connection[Any]) -> None:
    """Whether a connection from the pool still lives."""
    ConnectionPool.check_connection(connection)


def _refuse_old(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version
    if version < OLDEST:
        failure = ConnectionFailure(f"The server is PostgreSQL {version // 10_000}; Interlace needs 13 or newer.")
        failure.transient = False
        raise failure
