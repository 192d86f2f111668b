"""Snapshots of database files: what environments that have a file each read from one another.

A snapshot is a copy of the file beside it, which nobody writes to any more, and what the state knew of its models when it
was made: both are one thing, so that whoever reads it reads rows of the versions, intervals and cursors that belong to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import ConnectionFailure, InterlaceError, UsageError
from interlace.run.intent import decode, encode
from interlace.run.lease import RunLease
from interlace.run.promote import record_of
from interlace.state.ids import new_id

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection
    from interlace.contracts.state import AttemptRecord, StateSnapshot, StateStore
    from interlace.run.view import View

__all__ = ["Made", "Snapshot", "drop_snapshots", "folder_of", "make_snapshots", "newest", "publish_snapshots"]

KEPT: Final = 2
"""How many are kept of a file: who has just begun to read the one before the newest still finds it."""

_SUFFIXES: Final = (".duckdb", ".json", ".part", ".wal")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot of one environment's database file.

    Attributes:
        id: sorts by time.
        environment: whose file it is.
        revision: of the environment's state when it was made.
        at: when it was made, UTC.
        file: the copy.
        records: by model what the state knew of it.
    """

    id: str
    environment: str
    revision: int
    at: datetime
    file: Path
    records: Mapping[str, AttemptRecord]


@dataclass(frozen=True, slots=True)
class Made:
    """One snapshot that was made: the connection whose file it is of, and how many bytes it has."""

    connection: str
    file: Path
    bytes: int


def folder_of(file: Path) -> Path:
    """Where the snapshots of a database file are: beside it, so that the file system can share their blocks."""
    return file.with_name(f"{file.name}.snapshots")


def newest(file: Path) -> Snapshot | None:
    """The last snapshot of a database file; None where there is none."""
    found = _newest(file)
    if found is None:
        return None
    facts, said = found
    records = [decode(text.encode())[1] for text in said["records"]]
    return Snapshot(
        id=facts.stem,
        environment=said["environment"],
        revision=said["revision"],
        at=datetime.fromisoformat(said["at"]),
        file=facts.with_suffix(".duckdb"),
        records={r.model: r for r in records},
    )


def _newest(file: Path) -> tuple[Path, dict[str, Any]] | None:
    for facts in sorted(folder_of(file).glob("*.json"), reverse=True):
        try:
            said: dict[str, Any] = json.loads(facts.read_text("utf-8"))
            facts.with_suffix(".duckdb").stat()
        except FileNotFoundError:  # it has just been removed
            continue
        return facts, said
    return None


def make_snapshots(view: View, store: StateStore) -> list[Made]:
    """Make a snapshot of each database file of an environment, asked for or not.

    Raises:
        UsageError: it has none.
        RunUnderWay: a run of the environment has not ended.
        DatabaseLocked: another process writes to the file.
        ConnectionFailure: the copy cannot be written.
    """
    connections = _with_files(view)
    if not connections:
        raise UsageError(
            f"Environment {view.environment} has no database file of its own to make a snapshot of.",
            hint=f"Snapshots are of DuckDB files: build it first (interlace run --env {view.environment}), or defer to it as "
            "it is, where environments share a database.",
        )
    return _make(view, store, connections, newer_only=False)


def publish_snapshots(view: View, store: StateStore) -> list[Made]:
    """Make the snapshots that other environments read, of the files that were written since the last ones.

    Raises:
        as for `make_snapshots`, but nothing where there is nothing to make.
    """
    if not view.loaded.config.deferring:
        return []
    return _make(view, store, [c for c in _with_files(view) if _is_read(view, c.name)], newer_only=True)


def drop_snapshots(file: Path) -> None:
    """Remove all snapshots of a database file."""
    _prune(folder_of(file), keep=())
    folder = folder_of(file)
    if folder.is_dir():
        (folder / ".gitignore").unlink(missing_ok=True)
        folder.rmdir()


def _with_files(view: View) -> list[Connection]:
    """The connections that models of the project are on, and whose database is a file that is there."""
    found, config = [], view.loaded.config
    for name in sorted({m.connection or config.default_connection for m in view.models.values()}):
        try:
            described = view.loaded.connections.described(name)
        except InterlaceError:  # nobody can have used it: nothing was written through it (ruling 23)
            continue
        writes = config.connection(name).policy.access == "readwrite"
        if writes and described.capabilities.beside and described.files()[0].exists():
            found.append(view.loaded.connections.get(name))
    return found


def _is_read(view: View, connection: str) -> bool:
    """Whether an environment that defers to this one has the connection in another database."""
    from interlace.run.deferring import elsewhere, same_database

    config = view.loaded.config
    if "*" in config.deferring:
        return config.connection(connection).isolated and not config.connection(connection).schema_only
    return any(not same_database(config, elsewhere(view, name), connection) for name in config.deferring)


def _make(view: View, store: StateStore, connections: Iterable[Connection], *, newer_only: bool) -> list[Made]:
    made: list[Made] = []
    lease = RunLease(store, view.environment, new_id())
    lease.acquire()
    try:
        state = store.snapshot(view.environment)
        for connection in connections:
            file = connection.files()[0]
            last = _newest(file) if newer_only else None
            if last is None or last[1]["revision"] != state.revision:
                made.append(_write(view, store, state, connection, file))
    finally:
        lease.release()
    return made


def _write(view: View, store: StateStore, state: StateSnapshot, connection: Connection, file: Path) -> Made:
    """The copy comes first, and is a snapshot once what is known of it has its name."""
    folder, name = folder_of(file), new_id()
    target, part, facts = folder / f"{name}.duckdb", folder / f"{name}.duckdb.part", folder / f"{name}.json.part"
    try:
        folder.mkdir(exist_ok=True)
        (folder / ".gitignore").write_text("*\n")
        connection.copy_to(part)
        part.rename(target)
        facts.write_text(json.dumps(_facts(view, store, state, connection.name)), encoding="utf-8")
        facts.rename(folder / f"{name}.json")
    except OSError as error:
        _prune(folder, keep=_kept(folder))
        raise _unwritten(file, folder, error) from error
    except InterlaceError:
        _prune(folder, keep=_kept(folder))
        raise
    _prune(folder, keep=_kept(folder))
    return Made(connection.name, target, target.stat().st_size)


def _unwritten(file: Path, folder: Path, error: OSError) -> ConnectionFailure:
    failed = ConnectionFailure(f"No snapshot of {file} can be written: {error.strerror} ({folder}).")
    failed.transient = False
    return failed


def _facts(view: View, store: StateStore, state: StateSnapshot, connection: str) -> dict[str, Any]:
    environment = view.environment
    records = [
        encode(environment, record_of("", "", known, None, store, environment, name)).decode()
        for name, known in state.models.items()
        if known.fingerprint is not None
        and name in view.models
        and (view.models[name].connection or view.loaded.config.default_connection) == connection
    ]
    now = datetime.now(UTC).isoformat()
    return {"environment": environment, "revision": state.revision, "at": now, "records": records}


def _kept(folder: Path) -> Sequence[str]:
    return sorted(path.stem for path in folder.glob("*.json"))[-KEPT:]


def _prune(folder: Path, keep: Sequence[str]) -> None:
    """Remove what belongs to no snapshot that is kept: older ones, and what a killed process left."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir(), key=lambda p: p.suffix != ".json"):  # without its facts a copy is none
        if path.suffix in _SUFFIXES and path.name.partition(".")[0] not in keep:
            try:
                path.unlink(missing_ok=True)
            except OSError:  # Windows: somebody reads it, and the next snapshot removes it
                continue
