"""The connection type ``postgres``."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Final

from interlace.contracts.connection import Capabilities, Connection
from interlace_postgres import markers
from interlace_postgres.config import PostgresOptions
from interlace_postgres.leases import Leases
from interlace_postgres.own_tables import OwnTables
from interlace_postgres.pooling import Pool, place
from interlace_postgres.quoting import identifier, literal
from interlace_postgres.session import PostgresSession

if TYPE_CHECKING:
    import psycopg

    from interlace.contracts.direct import Door
    from interlace.contracts.options import Options

__all__ = ["PostgresConnection"]

READ_ONLY: Final = {"default_transaction_read_only": True}
SESSIONS_OF_A_MODEL = 5
"""Connections that one model may need at once: its worker's, its own, and those of the streams that it reads."""


class PostgresConnection(Connection):
    """A PostgreSQL database."""

    Config: ClassVar[type[Options]] = PostgresOptions
    dialect: ClassVar[str] = "postgres"
    config: PostgresOptions

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        if not isinstance(config, PostgresOptions):
            raise TypeError(f"a PostgreSQL connection takes PostgresOptions, not {type(config).__name__}")
        config = config.at(root)
        if self.access == "read":
            config = config.model_copy(update={"settings": {**config.settings, **READ_ONLY}})
        super().__init__(name, config, root=root)
        self.capabilities = Capabilities(
            transactional_ddl=True,
            views=True,
            schemas=True,
            arrow_in=True,
            arrow_out=True,
            ibis=True,
            interrupt=True,
            staging=True,
            attachments=frozenset({"indexes", "constraints", "grants", "comments"}),
            exchange=True,
            max_sessions=max(1, config.pool.max // SESSIONS_OF_A_MODEL),
            read_only=True,
            together=True,
        )
        self._guard = RLock()
        self._pool: Pool | None = None
        self._sessions: set[PostgresSession] = set()
        self._tables = OwnTables(config)
        self.leases = Leases(config, self._tables)

    def open(self) -> None:
        """Connect once, so that what is wrong is said at once, and begin the pool."""
        with self._guard:
            if self._pool is None:
                self._pool = Pool(self.config)

    def close(self) -> None:
        """Close its sessions, stopping what they run, and the pool."""
        with self._guard:
            pool, sessions = self._pool, list(self._sessions)
            with contextlib.ExitStack() as closing:
                closing.callback(self._forget_pool)
                if pool is not None:
                    closing.callback(pool.close)
                closing.callback(self.leases.close)
                for session in sessions:
                    session.interrupt()
                    closing.callback(session.close)

    def session(self) -> PostgresSession:
        """Begin a conversation on a connection of the pool."""
        with self._guard:
            self.open()
            pool = self._pool
        if pool is None:
            raise AssertionError("an open connection has a pool")
        session = PostgresSession(self, pool.take())
        with self._guard:
            self._sessions.add(session)
        return session

    def where(self) -> str:
        """``host:port/database``."""
        return place(self.config)

    def default_schema(self) -> str:
        """``public``, or what the option `schema` says."""
        return self.config.schema_

    def door(self) -> Door | None:
        """The server's address, with the settings of a session."""
        from interlace_postgres.direct import door_of

        return door_of(self.config)

    # --- leases -----------------------------------------------------------------------------------------------

    def take_lease(self, name: str, holder: str, ttl: timedelta, *, instead_of: str | None = None) -> str | None:
        """Take or renew the right to write, in ``_interlace.leases``."""
        return self.leases.take(name, holder, ttl, instead_of)

    def renew_lease(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Put its end off."""
        return self.leases.renew(name, holder, ttl)

    def release_lease(self, name: str, holder: str) -> None:
        """Give it back."""
        self.leases.release(name, holder)

    # --- inside this distribution -----------------------------------------------------------------------------

    def give_back(self, session: PostgresSession, server: psycopg.Connection[Any]) -> None:
        """Take back what a session used."""
        with self._guard:
            self._sessions.discard(session)
            pool = self._pool
        if pool is None:
            server.close()
        else:
            pool.give_back(server)

    def make_commits(self) -> None:
        """Make the table of markers unless it is there."""
        self._tables.make(markers.EXISTS, markers.MAKE)

    def make_schema(self, schema: str, *, again: bool = True) -> None:
        """Make a schema unless it is there: without the right to make one, those that are there may be used."""
        exists = f"SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = {literal(schema)}"
        self._tables.make(exists, f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}", again=again)

    def make_default_schema(self) -> None:
        """Make the schema that the option `schema` names, once."""
        if self.config.schema_ != "public" and self.access == "readwrite":
            self.make_schema(self.config.schema_, again=False)

    def _forget_pool(self) -> None:
        self._pool = None
