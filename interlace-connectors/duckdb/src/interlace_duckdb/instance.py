"""One open database, shared by the connections of this process that name its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final

from interlace_duckdb import markers
from interlace_duckdb.attaching import attach_beside
from interlace_duckdb.breadth import Breadth
from interlace_duckdb.failures import refused
from interlace_duckdb.opening import copy_open, open_database
from interlace_duckdb.quoting import identifier

if TYPE_CHECKING:
    import duckdb

    from interlace_duckdb.config import DuckDBOptions

__all__ = ["Instance", "join", "leave", "unshared"]

# DuckDB opens a file once per process, whoever asks: this table says by whom.
_OPEN: Final[dict[Path | str, Instance]] = {}
_GUARD: Final = RLock()

_UNSAID: Final = frozenset({"attach", "secrets"})  # they hold passwords


class Instance:
    """An open database and its first cursor.

    Attributes:
        guard: held for what two cursors may not do at once: making schemas.
        breadth: how many threads it computes with.
    """

    def __init__(self, owner: str, options: DuckDBOptions, file: Path | None, root: Path) -> None:
        self.owner = owner
        self.options = options
        self.file = file
        self.place: Path | str | None = file
        self.users = 0
        self.guard = RLock()
        self._connection, self._per_session = open_database(options, file, root)
        self.breadth = Breadth(self._connection, self.guard)
        self._can_mark = options.read_only
        self._beside: dict[str, int] = {}

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own: a conversation beside the others."""
        with self.guard:
            cursor = self._connection.cursor()
        for statement in self._per_session:
            cursor.execute(statement)
        return cursor

    def enter(self, act: Callable[[duckdb.DuckDBPyConnection], str]) -> None:
        """Do something once, before there are sessions; the statement that it gives is run on each of their cursors."""
        with self.guard:
            statement = act(self._connection)
            self._connection.execute(statement)
            self._per_session.append(statement)

    def attach_beside(self, files: Mapping[str, Path]) -> None:
        """Attach other DuckDB files, to be read; a name stands for the same file whoever attaches it."""
        with self.guard:
            attach_beside(self._connection, {n: file for n, file in files.items() if n not in self._beside})
            for name in files:
                self._beside[name] = self._beside.get(name, 0) + 1

    def detach_beside(self, names: Iterable[str]) -> None:
        """Give them back; the last one detaches the file."""
        with self.guard:
            for name in names:
                self._beside[name] -= 1
                if not self._beside[name]:
                    del self._beside[name]
                    self._connection.execute(f"DETACH {identifier(name)}")

    def copy_to(self, path: Path) -> None:
        """Write what is committed into a new file."""
        with self.guard:
            copy_open(self._connection.cursor(), path)

    def make_markers_table(self) -> None:
        """Make ``_interlace.commits`` unless it is there; once, and before a transaction that may write to it begins.

        Made inside that transaction, it would conflict with another one that makes it too.
        """
        if self._can_mark:
            return
        with self.guard:
            if self._connection.execute(markers.EXISTS).fetchone() is None:
                self._connection.execute(markers.MAKE)
            self._can_mark = True

    def close(self) -> None:
        """Close; DuckDB writes a checkpoint when the last cursor is closed too."""
        self._connection.close()


def join(
    name: str,
    options: DuckDBOptions,
    file: Path | None,
    root: Path,
    *,
    place: str | None = None,
    enter: Callable[[duckdb.DuckDBPyConnection], str] | None = None,
) -> Instance:
    """The instance for a file, opened now unless another connection of this process did; a new one in memory.

    Args:
        place: what is shared where it is no file: the catalogue of a lake.
        enter: see `Instance.enter`; performed once it is opened.

    Raises:
        ConnectionFailure: it cannot be opened, or another connection opened it with other options.
        DatabaseLocked: another process holds the file.
    """
    with _GUARD:
        shared = file or place
        found = _OPEN.get(shared) if shared else None
        if found is None:
            found = _opened(name, options, file, root, enter)
            found.place = shared
            if shared:
                _OPEN[shared] = found
        _same_options(name, options, found)
        found.users += 1
        return found


def _opened(
    name: str,
    options: DuckDBOptions,
    file: Path | None,
    root: Path,
    enter: Callable[[duckdb.DuckDBPyConnection], str] | None,
) -> Instance:
    made = Instance(name, options, file, root)
    try:
        if enter is not None:
            made.enter(enter)
    except BaseException:
        made.close()
        raise
    return made


def leave(instance: Instance) -> None:
    """Give an instance back; the last one closes it."""
    with _GUARD:
        instance.users -= 1
        if instance.users == 0:
            if instance.place:
                del _OPEN[instance.place]
            instance.close()


@contextmanager
def unshared(file: Path) -> Iterator[Instance | None]:
    """Keep this process from opening or closing a file meanwhile; gives what has it open.

    The system forgets all locks that a process holds on a file as soon as it closes the file once, so nobody may look into
    one that this process has open.
    """
    with _GUARD:
        yield _OPEN.get(file)


def _same_options(name: str, options: DuckDBOptions, found: Instance) -> None:
    mine, theirs = (o.model_dump(exclude={"path"}) for o in (options, found.options))
    differing = [key for key in mine if mine[key] != theirs[key]]
    if differing:
        said = ", ".join(key if key in _UNSAID else f"{key} ({theirs[key]!r} and {mine[key]!r})" for key in differing)
        raise refused(
            f"The connections {found.owner!r} and {name!r} open {found.place} with different options: {said}.",
            "Give both the same options: one process opens a DuckDB file once.",
        )
