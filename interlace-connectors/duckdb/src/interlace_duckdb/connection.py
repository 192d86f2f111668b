"""The connection type ``duckdb``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakSet

from interlace.contracts.connection import Capabilities, Connection
from interlace_duckdb.config import MEMORY, DuckDBOptions
from interlace_duckdb.packages import reachable

if TYPE_CHECKING:
    from interlace.contracts.files import FileConnection
    from interlace.contracts.options import Options
    from interlace_duckdb.instance import Instance
    from interlace_duckdb.session import DuckDBSession

__all__ = ["DuckDBConnection"]


class DuckDBConnection(Connection):
    """A DuckDB database, in a file or in memory.

    Connections of one process that name the same file share it.  Each one in memory is its own.
    """

    Config: ClassVar[type[Options]] = DuckDBOptions
    dialect: ClassVar[str] = "duckdb"
    config: DuckDBOptions

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        if not isinstance(config, DuckDBOptions):
            raise TypeError(f"a DuckDB connection takes DuckDBOptions, not {type(config).__name__}")
        super().__init__(name, config, root=root)
        self.file = config.file(root)
        self.capabilities = Capabilities(
            transactional_ddl=True,
            views=True,
            schemas=True,
            arrow_in=True,
            arrow_out=True,
            copy_out=True,
            ibis=True,
            interrupt=True,
            staging=True,
            attachments=frozenset({"comments"}),
            try_cast=True,
            persistent=self.file is not None,
            embedded=True,
            exchange=True,
            read_only=True,
            beside=self.file is not None,
            reaches=reachable(),
        )
        self._guard = RLock()
        self._instance: Instance | None = None
        self._file_connections: Sequence[FileConnection] = ()
        self._beside: Mapping[str, Path] = {}
        self._attached: Mapping[str, Path] = {}
        self._sessions: WeakSet[DuckDBSession] = WeakSet()

    def open(self) -> None:
        """Open the file, or make it."""
        with self._guard:
            if self._instance is None:
                alone = self.access == "read" and not self.written_beside and self.file is not None
                options = self.config.model_copy(update={"read_only": True}) if alone else self.config
                from interlace_duckdb.instance import join

                self._instance = join(self.name, options, self.file, self.root)
                if self._file_connections:
                    self._give_secrets(self._instance)
                self._attach_beside()

    def close(self) -> None:
        """Close its sessions, stopping what they run, and the file when no other connection uses it."""
        with self._guard:
            instance, self._instance = self._instance, None
            if instance is None:
                return
            from interlace_duckdb.instance import leave

            attached, self._attached = self._attached, {}
            with contextlib.ExitStack() as closing:
                closing.callback(leave, instance)
                closing.callback(instance.detach_beside, attached)
                for session in list(self._sessions):
                    session.interrupt()
                    closing.callback(session.close)

    def session(self) -> DuckDBSession:
        """Begin a conversation on a cursor of its own."""
        with self._guard:
            self.open()
            if self._instance is None:
                raise AssertionError("an open connection has an instance")
            from interlace_duckdb.session import DuckDBSession

            session = DuckDBSession(self, self._instance)
            self._sessions.add(session)
            return session

    def where(self) -> str:
        """The path of the file."""
        return str(self.file) if self.file else MEMORY

    def default_schema(self) -> str:
        """``main``, or what the setting ``schema`` says."""
        return str(self.config.settings.get("schema", "main"))

    def reads_files_of(self) -> tuple[str, ...]:
        """What the option `files` names."""
        return self.config.files

    def read_beside(self, files: Mapping[str, Path]) -> None:
        """Attach other DuckDB files, to be read: now, or when it is opened."""
        if files and self.file is None:
            super().read_beside(files)
        with self._guard:
            self._beside = dict(files)
            if self._instance is not None:
                self._attach_beside()

    def copy_to(self, path: Path) -> None:
        """Copy the file as a checkpoint left it; where this process has it open, its tables and views."""
        if self.file is None:
            super().copy_to(path)
            return
        from interlace_duckdb.snapshot import copy_database

        copy_database(self.name, self.config, self.file, self.root, path)

    def use_files(self, connections: Sequence[FileConnection]) -> None:
        """Take them; they become secrets of DuckDB when it is opened."""
        self._file_connections = tuple(connections)

    def files(self) -> tuple[Path, ...]:
        """The file, and its log of what no checkpoint has written into it yet (there only after a crash)."""
        return (self.file, self.file.with_name(self.file.name + ".wal")) if self.file else ()

    def _attach_beside(self) -> None:
        if self._instance is None:
            return
        from interlace_duckdb.instance import leave

        new = {n: file for n, file in self._beside.items() if n not in self._attached}
        old = [n for n in self._attached if n not in self._beside]
        try:
            self._instance.attach_beside(new)
        except BaseException:
            if not self._attached and not list(self._sessions):
                instance, self._instance = self._instance, None
                leave(instance)
            raise
        self._attached = dict(self._beside)
        self._instance.detach_beside(old)

    def _give_secrets(self, instance: Instance) -> None:
        from interlace_duckdb.instance import leave
        from interlace_duckdb.remote_files import give_secrets

        try:
            give_secrets(instance, self._file_connections)
        except BaseException:
            self._instance = None
            leave(instance)
            raise
