"""What has arrived for the models that take in files, as the planner is told; and where their connections are."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, BinaryIO
from zoneinfo import ZoneInfo

from interlace.contracts.file_patterns import folder_of
from interlace.errors import ConnectionFailure, InvalidModel, Location, did_you_mean
from interlace.plan.arrivals import Arrivals, arrivals_of, decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from interlace.contracts.files import FileConnection, FileInfo
    from interlace.model.definition import FileDrop, Model
    from interlace.plan.observe import Observation
    from interlace.plan.planner import Facts
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["content_at", "content_of", "drop_of", "find", "require_drops", "take", "with_arrivals"]

TAKE_AWAY = "files"
"""The key of the step that takes files away, among a model's exports in the state."""

_PIECE = 1 << 20


def taking_models(view: View, names: Iterable[str]) -> list[str]:
    """Those of some models that take in files."""
    return sorted(n for n in names if (m := view.models.get(n)) is not None and m.files is not None)


def require_drops(view: View, names: Iterable[str]) -> None:
    """Look at the models that take in files, before anything runs.

    Raises:
        InvalidModel: a connection does not exist, has tables, or is ``access: read`` where files are to be moved or
            deleted; or a type of a column is none.
    """
    from interlace.run.file_rows import declared_types

    for name in taking_models(view, names):
        model = view.models[name]
        _connection(view, model)
        try:
            declared_types(drop_of(model))
        except InvalidModel as error:
            raise _wrong(model, f"declares a column of its files: {error.message}", error.hint or "") from None


def with_arrivals(view: View, facts: Facts) -> Facts:
    """The planner's facts with what has arrived for the selected models that take in files.

    Those that are to take files away have that as one more export, which is due while files that were loaded are there.
    """
    names = [n for n in taking_models(view, facts.selected) if n not in facts.deferral.read]
    found = {n: arrived(view, n, facts.cursor(n), facts.now) for n in names}
    away = [n for n in names if takes_away(view, view.models[n])]
    from interlace.run.take_away import take_away_fingerprint

    exports = {n: {**facts.exports.get(n, {}), TAKE_AWAY: take_away_fingerprint(view.models[n])} for n in away}
    left = frozenset((n, TAKE_AWAY) for n in away if found[n].present)
    return replace(
        facts,
        arrivals=found,
        exports={**facts.exports, **exports},
        lost_exports=facts.lost_exports | left,
        notices=(*facts.notices, *left_where_they_are(view, names)),
    )


def take(view: View, task: Task, facts: Facts, at: datetime) -> None:
    """Give a task the files that it loads, and the step that takes them away.

    Args:
        at: the run's execution time, UTC.
    """
    from interlace.run.take_away import TakeAway
    from interlace.run.taking import taking_portions

    found, drop = facts.arrivals[task.name], drop_of(task.model)
    connection = _connection(view, task.model)
    ledger = dict(found.loaded)
    if task.step.action == "build":
        task.portions = taking_portions(task, found, connection, ledger, at, facts.now)
    key = facts.exports.get(task.name, {}).get(TAKE_AWAY)
    if key is not None:
        folder = None
        if drop.archive is not None:
            day = at.astimezone(ZoneInfo(facts.timezone)).date()
            folder = drop.archive.replace("{date}", str(day)).replace("{env}", view.environment)
            folder = folder.replace("{model}", task.name)
        task.exports = (*task.exports, TakeAway(TAKE_AWAY, key, drop, connection, folder, ledger))


def arrived(view: View, name: str, recorded: str | None, now: datetime) -> Arrivals:
    """What is there for one model; a place that does not answer is asked again when the model runs.

    Args:
        recorded: what was loaded, as its cursor.
    """
    model = view.models[name]
    try:
        return find(drop_of(model), _connection(view, model), bool(model.key), recorded, now)
    except ConnectionFailure as error:
        return Arrivals(loaded=decode(recorded), failure=error.message)


def find(drop: FileDrop, connection: FileConnection, keyed: bool, recorded: str | None, now: datetime) -> Arrivals:
    """List, and compare with what was loaded.

    Raises:
        ConnectionFailure: the place does not answer.
    """
    # Before the listing: what arrives between the two is seen by the next run.
    seen = _observations(connection, drop)
    return arrivals_of(
        drop,
        connection.list(drop.path),
        decode(recorded),
        now,
        keyed=keyed,
        content=lambda file: content_at(connection, file),
        observations=seen,
    )


def drop_of(model: Model) -> FileDrop:
    """What a model says under ``files``."""
    assert model.files is not None  # noqa: S101  only models that take in files are asked
    return model.files


def takes_away(view: View, model: Model) -> bool:
    """Whether files are moved or deleted after they were loaded.

    An environment that shares the place with others leaves it as it is, unless it is the base environment: whatever it
    took away the others would never see.
    """
    drop = drop_of(model)
    config = view.loaded.config
    own = not config.declared or view.environment == config.config.base_environment
    return drop.after != "keep" and (own or config.connections[drop.connection].isolated)


def left_where_they_are(view: View, names: Iterable[str]) -> tuple[str, ...]:
    """What to say of files that another environment has to take away."""
    return tuple(
        f"{name} leaves its files where they are: {drop.connection} is not {view.environment}'s own"
        for name in taking_models(view, names)
        if (drop := drop_of(view.models[name])).after != "keep" and not takes_away(view, view.models[name])
    )


def content_of(opened: BinaryIO, copy: Callable[[bytes], object] | None = None) -> str:
    """A hash of a file's bytes from where it stands on; `copy` is given each piece."""
    hashed = blake2b(digest_size=16)
    while piece := opened.read(_PIECE):
        hashed.update(piece)
        if copy is not None:
            copy(piece)
    return hashed.hexdigest()


def content_at(connection: FileConnection, file: FileInfo) -> str:
    """A hash of the bytes of a file that is listed; empty where it went away."""
    try:
        with connection.read(file.path) as opened:
            return content_of(opened)
    except FileNotFoundError:
        return ""


def _observations(connection: FileConnection, drop: FileDrop) -> tuple[Observation, ...] | None:
    from interlace.plan.observe import observe_tree

    folder = connection.local_folder()
    return None if folder is None else tuple(observe_tree(str(folder / folder_of(drop.path))))


def _connection(view: View, model: Model) -> FileConnection:
    from interlace.contracts.files import FileConnection

    drop = drop_of(model)
    known = view.loaded.config.connections
    if drop.connection not in known:
        near = did_you_mean(drop.connection, known, label="Connections")
        raise _wrong(model, f"takes in files of the connection {drop.connection!r}, which does not exist", near)
    connection = view.loaded.connections.get(drop.connection)
    if not isinstance(connection, FileConnection):
        said = f"takes in files of the connection {drop.connection!r}, which has tables"
        raise _wrong(model, said, "Name a connection to files, such as one of type s3 or filesystem.")
    if connection.access == "read" and takes_away(view, model):
        said = f"would {drop.after} the files of the connection {drop.connection!r}, which is 'access: read'"
        raise _wrong(model, said, "Write 'after: keep', or give the connection 'access: readwrite'.")
    return connection


def _wrong(model: Model, said: str, hint: str) -> InvalidModel:
    where = Location(model.file, model.line)
    return InvalidModel(f"{model.name} {said}", where=where, hint=hint or None, model=model.name)
