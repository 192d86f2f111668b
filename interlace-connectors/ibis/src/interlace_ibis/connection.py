"""The connection type of every backend of ibis."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import RLock
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

from interlace.contracts.connection import Capabilities, Connection
from interlace.errors import ConnectionFailure, InterlaceError
from interlace_ibis.backends import BACKENDS, Backend
from interlace_ibis.config import FilesOptions, FlinkOptions, IbisOptions, ServerOptions, SparkOptions, SQLiteOptions
from interlace_ibis.engines.files import Table
from interlace_ibis.leases import Leases
from interlace_ibis.markers import SCHEMA, Markers
from interlace_ibis.session import IbisSession

if TYPE_CHECKING:
    from interlace.contracts.options import Options
    from interlace_ibis.engines.engine import Engine

__all__ = ["IbisConnection", "connection_type"]

_IDLE = 8
"""Open backends that are kept for the next session."""


class IbisConnection(Connection):
    """One configured backend; each session has an open one of its own, unless it lives in memory.

    Attributes:
        backend: what is known of it.
    """

    Config: ClassVar[type[Options]] = ServerOptions
    backend: ClassVar[Backend]

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        super().__init__(name, config, root=root)
        self.capabilities = _capabilities(self.backend)
        self.markers = Markers(self.dialect, schemas=self.capabilities.schemas)
        self.leases = Leases(self.dialect, self._reached) if self.backend.leases else None
        self._guard = RLock()
        self._open = False
        self._sessions: set[IbisSession] = set()
        self._idle: list[Engine] = []
        self._marked = False

    # --- opening ----------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Connect once, so that what is wrong is said at once."""
        with self._guard:
            if not self._open:
                self._idle.append(self._connect())
                self._open = True

    def close(self) -> None:
        """Close its sessions, stopping what they run."""
        with self._guard, contextlib.ExitStack() as closing:
            self._open = False
            closing.callback(self._leave)
            for session in list(self._sessions):
                if self.capabilities.interrupt:
                    session.interrupt()
                closing.callback(session.close)

    def session(self) -> IbisSession:
        """Begin a conversation."""
        with self._guard:
            self.open()
            session = IbisSession(self, self._take())
            self._sessions.add(session)
            return session

    def where(self) -> str:
        """The host and database of the url or the options, without secrets."""
        options = self._options()
        if options.url is not None:
            parts = urlsplit(options.url)
            return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}" or self.name
        known = [
            str(options.options[key]) for key in ("host", "account", "database", "project_id") if key in options.options
        ]
        return f"{self.backend.title} ({'/'.join(known)})" if known else self.backend.title

    def default_schema(self) -> str | None:
        """What the option `schema` says, or the url."""
        options = self._options()
        return options.schema_ or self._engine_class().made_schema(options.options, options.url)

    # --- leases -----------------------------------------------------------------------------------------------

    def take_lease(self, name: str, holder: str, ttl: timedelta, *, instead_of: str | None = None) -> str | None:
        """Take or renew the right to write, on a server."""
        return self.leases.take(name, holder, ttl, instead_of) if self.leases is not None else None

    def renew_lease(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Put its end off."""
        return self.leases.renew(name, holder, ttl) if self.leases is not None else True

    def release_lease(self, name: str, holder: str) -> None:
        """Give it back."""
        if self.leases is not None:
            self.leases.release(name, holder)

    @contextlib.contextmanager
    def _reached(self) -> Iterator[Engine]:
        """A borrowed backend, whose exceptions are errors of ours."""
        with self.borrowed() as engine:
            try:
                yield engine
            except InterlaceError:
                raise
            except Exception as error:
                raise engine.failed(error, "_interlace.leases") from error

    # --- inside this distribution -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[Engine]:
        """An open backend for what must not be part of a session's transaction."""
        with self._guard:
            self.open()
            engine = self._take()
        try:
            yield engine
        finally:
            self._put(engine, reusable=not engine.lost)

    def give_back(self, session: IbisSession, *, reusable: bool) -> None:
        """Take back what a session used."""
        with self._guard:
            self._sessions.discard(session)
            engine = session.engine
            try:
                engine.reset(session.temporaries)
            except Exception:  # noqa: BLE001  it is thrown away
                reusable = False
            self._put(engine, reusable=reusable and not engine.lost)

    def make_markers(self, session: IbisSession) -> None:
        """Make the table of markers unless it is there; where DDL commits, outside of the session's transaction."""
        if self.has_markers(session):
            return
        if self.capabilities.transactional_ddl and not self.capabilities.schemas:
            session.execute(self.markers.make())
            return
        with self.borrowed() as engine:
            try:
                engine.create_schema(SCHEMA)
                engine.execute(self.markers.make())
            except Exception as error:
                raise engine.failed(error, self.markers.make()) from error

    def has_markers(self, session: IbisSession) -> bool:
        """Whether the table of markers is there; once it is, it stays."""
        if not self._marked:
            self._marked = session.guarded("SELECT", lambda: session.engine.exists(self.markers.relation))
        return self._marked

    # --- inside -----------------------------------------------------------------------------------------------

    def _options(self) -> IbisOptions:
        if not isinstance(self.config, IbisOptions):
            raise TypeError(f"{type(self).__name__} takes IbisOptions, not {type(self.config).__name__}")
        return self.config

    def _arguments(self) -> tuple[dict[str, Any], str | None]:
        """What ibis's ``connect`` is given: arguments, and a url."""
        options = self._options()
        return dict(options.options), options.url

    def _engine_class(self) -> type[Engine]:
        module, _, name = self.backend.engine.partition(":")
        found: type[Engine] = getattr(import_module(f"interlace_ibis.{module}"), name)
        return found

    def _connect(self) -> Engine:
        self._require_driver()
        import ibis

        cls = self._engine_class()
        options, url = self._arguments()
        try:
            con = cls.connect(options, url, getattr(ibis, self.backend.ibis))
        except InterlaceError:
            raise
        except Exception as error:
            raise cls.unreachable(f"{self.backend.title} ({self.name})", error) from error
        return cls(self.backend, con, self.default_schema())

    def _require_driver(self) -> None:
        missing = _missing(self.backend.driver)
        if missing is not None:
            failure = ConnectionFailure(
                f"Connection {self.name!r} is {self.backend.title}, whose package {missing!r} is not installed.",
                hint=f"pip install 'interlace[{self.backend.extra}]' {self.backend.beside}".rstrip(),
            )
            failure.transient = False
            raise failure

    def _take(self) -> Engine:
        if self._idle:
            return self._idle.pop()
        return self._connect()

    def _put(self, engine: Engine, *, reusable: bool) -> None:
        with self._guard:
            if reusable and self._open and len(self._idle) < _IDLE:
                self._idle.append(engine)
                return
        _close(engine)

    def _leave(self) -> None:
        idle, self._idle = self._idle, []
        for engine in idle:
            _close(engine)


class SQLiteConnection(IbisConnection):
    """A file of SQLite."""

    Config: ClassVar[type[Options]] = SQLiteOptions
    dialect: ClassVar[str] = "sqlite"
    backend: ClassVar[Backend] = BACKENDS["sqlite"]

    @property
    def file(self) -> Path:
        """The file."""
        if not isinstance(self.config, SQLiteOptions):
            raise TypeError(f"a SQLite connection takes SQLiteOptions, not {type(self.config).__name__}")
        return self.config.file(self.root)

    def where(self) -> str:
        """The path of the file."""
        return str(self.file)

    def files(self) -> tuple[Path, ...]:
        """The file, and its log of what is not written into it yet."""
        return self.file, self.file.with_name(f"{self.file.name}-wal")

    def default_schema(self) -> str:
        """``main``."""
        return "main"

    def _arguments(self) -> tuple[dict[str, Any], str | None]:
        assert isinstance(self.config, SQLiteOptions)  # noqa: S101  `file` says so
        self.file.parent.mkdir(parents=True, exist_ok=True)
        given = {"database": str(self.file), "timeout": self.config.timeout, "journal": self.config.journal}
        return given, None


class FlinkConnection(IbisConnection):
    """A table environment of Flink."""

    Config: ClassVar[type[Options]] = FlinkOptions

    def where(self) -> str:
        """What it is."""
        return self.backend.title

    def default_schema(self) -> None:
        """As the environment has it."""

    def _arguments(self) -> tuple[dict[str, Any], str | None]:
        assert isinstance(self.config, FlinkOptions)  # noqa: S101  the project made it of `Config`
        return dict(self.config.options), None


class FilesConnection(IbisConnection):
    """Files that a backend reads as tables."""

    Config: ClassVar[type[Options]] = FilesOptions

    @property
    def given(self) -> FilesOptions:
        """Its options."""
        if not isinstance(self.config, FilesOptions):
            raise TypeError(f"{type(self).__name__} takes FilesOptions, not {type(self.config).__name__}")
        return self.config

    def where(self) -> str:
        """The backend and what it reads."""
        return f"{self.backend.title} ({', '.join(self.given.tables.values())})"

    def default_schema(self) -> str:
        """``main``."""
        return "main"

    def _arguments(self) -> tuple[dict[str, Any], str | None]:
        """The tables, each with the files that are there now."""
        return {"tables": tuple(self._table(name) for name in self.given.tables)}, None

    def _table(self, name: str) -> Table:
        files = self.given.files(self.root, name)
        if not files:
            failure = ConnectionFailure(
                f"{self.backend.title} ({self.name}): the table {name!r} has no file {self.given.tables[name]!r}",
                hint="A path is relative to the project's folder.",
            )
            failure.transient = False
            raise failure
        return Table(name, self.given.format(name), tuple(files))


class SparkConnection(FilesConnection):
    """Files that Spark reads as tables."""

    Config: ClassVar[type[Options]] = SparkOptions

    def __init__(self, name: str, config: Options, *, root: Path) -> None:
        super().__init__(name, config, root=root)
        self._folder: TemporaryDirectory[str] | None = None

    def default_schema(self) -> str:
        """A database of its own: connections of one process share Spark's catalogue."""
        told = f"{self.name} {sorted(self.given.tables.items())} {self.root}"
        return f"interlace_{sha256(told.encode()).hexdigest()[:16]}"

    def _arguments(self) -> tuple[dict[str, Any], str | None]:
        assert isinstance(self.config, SparkOptions)  # noqa: S101  the project made it of `Config`
        first = self._folder is None
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="interlace_spark_", ignore_cleanup_errors=True)
        arguments, _ = super()._arguments()
        more = {"settings": self.config.settings, "schema": self.default_schema(), "folder": self._folder.name}
        return {**arguments, **more, "first": first}, None

    def _leave(self) -> None:
        super()._leave()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


_BASES: Final[Mapping[str, type[IbisConnection]]] = {
    "sqlite": SQLiteConnection,
    "datafusion": FilesConnection,
    "polars": FilesConnection,
    "pyspark": SparkConnection,
    "flink": FlinkConnection,
}
"""The classes of backends that are not servers."""


def connection_type(backend: Backend) -> type[IbisConnection]:
    """The class of connections to a backend."""
    base = _BASES.get(backend.name, IbisConnection)
    return type(f"{backend.ibis}_connection", (base,), {"dialect": backend.dialect, "backend": backend})


def __getattr__(name: str) -> type[IbisConnection]:
    """The class for a word of the table, such as ``mysql``: what the providers name."""
    if name not in BACKENDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = connection_type(BACKENDS[name])
    return found


def _capabilities(backend: Backend) -> Capabilities:
    declared: dict[str, Any] = {"transactions": False, **dict.fromkeys(backend.can, True), "writes": backend.replaces}
    declared.setdefault("persistent", False)
    return Capabilities(**declared, max_sessions=backend.max_sessions)


def _missing(driver: str) -> str | None:
    """The part of a module's name that is not installed."""
    parts = driver.split(".")
    for number in range(1, len(parts) + 1):
        name = ".".join(parts[:number])
        if find_spec(name) is None:
            return driver
    return None


def _close(engine: Engine) -> None:
    with contextlib.suppress(Exception):
        engine.close()
