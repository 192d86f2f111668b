"""The connection: one SQLite file.  What is marked `YOURS` is where another system is spoken to."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import ClassVar

from interlace.contracts.connection import Capabilities, Connection
from interlace.contracts.options import Options
from interlace.errors import ConnectionFailure
from interlace_example.session import ExampleSession

BUSY_SECONDS = 30.0


class ExampleOptions(Options):
    """What stands beside ``type: example``: the file, relative to the project's folder."""

    # YOURS: host, port, database; a password is a SecretStr.
    path: str


class ExampleConnection(Connection):
    """A SQLite file in WAL mode: any number of readers, and one writer at a time, for which the others wait."""

    Config = ExampleOptions
    config: ExampleOptions
    # YOURS: the name that sqlglot has for its SQL, and what it can do. What is declared is tested, and so is that the
    # rest is refused.
    dialect: ClassVar[str] = "sqlite"
    capabilities = Capabilities(transactional_ddl=True, views=True, arrow_in=True, arrow_out=True, interrupt=True)

    def __init__(self, name: str, config: ExampleOptions, *, root: Path) -> None:
        super().__init__(name, config, root=root)
        self.path = root / config.path
        self._lock = threading.Lock()
        self._sessions: list[ExampleSession] = []
        self._open = False

    def open(self) -> None:
        """Make the file if need be."""
        if self._open:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._connect()
            connection.execute("PRAGMA journal_mode = WAL")
            connection.close()
        except (OSError, sqlite3.Error) as error:
            raise ConnectionFailure(f"{self.path} cannot be opened: {error}") from error
        self._open = True

    def close(self) -> None:
        """Close all sessions; the last one folds the write-ahead log into the file."""
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()
            self._open = False

    def session(self) -> ExampleSession:
        """A connection of sqlite3 of its own."""
        self.open()
        session = ExampleSession(self, self._connect())
        with self._lock:
            self._sessions.append(session)
        return session

    def where(self) -> str:
        """The file."""
        return str(self.path)

    def default_schema(self) -> str:
        """SQLite's name of the file itself."""
        # YOURS: the schema of names that have none.
        return "main"

    def files(self) -> tuple[Path, ...]:
        """The file; its log is gone when all is closed."""
        # YOURS: leave the method out where there is a server.
        return (self.path,)

    def _connect(self) -> sqlite3.Connection:
        # YOURS: the driver's own connection, one for each session.
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        # With the modern behaviour a rename fails while a view names the table that was just dropped.
        connection.execute("PRAGMA legacy_alter_table = ON")
        return connection
