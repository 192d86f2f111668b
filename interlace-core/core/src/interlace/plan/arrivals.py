"""Which files a model that takes in files has to load: what is there, compared with what was loaded.  Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from interlace.plan.steps import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from interlace.contracts.files import FileInfo
    from interlace.model.definition import FileDrop
    from interlace.plan.observe import Observation

__all__ = ["Arrivals", "LoadedFile", "arrivals_of", "decode", "encode", "oldest_first", "reasons_to_take", "stamp"]

_SHOWN = 3
_KEPT = frozenset({"full_refresh", "new", "clone"})


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file that was loaded, as it is recorded: with the rows, in the place of the model's cursor.

    Attributes:
        size: in bytes.
        modified: its time in microseconds since 1970; None where the place gave none.
        etag: as the place gave it.
        content: a hash of its bytes.
    """

    size: int
    modified: int | None
    etag: str | None
    content: str

    def is_stamp_of(self, file: FileInfo) -> bool:
        """Whether a listed file is, by its stamp, the one that was loaded."""
        return (self.size, self.modified, self.etag) == (file.size, stamp(file.modified), file.etag)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What is there for one model.

    Attributes:
        new: never loaded under this name, or loaded with other content where that is to be loaded; oldest first.
        changed: loaded under this name with other content, which is an error.
        waiting: may still be written.
        loaded: what was loaded, by path.
        present: loaded files that are still there as they were.
        until: when the first that waits may be taken.
        observations: what tells that nothing arrived since; None where nobody can look without asking.
        failure: why nobody could look; all else is unknown then.
    """

    new: tuple[FileInfo, ...] = ()
    changed: tuple[FileInfo, ...] = ()
    waiting: tuple[FileInfo, ...] = ()
    loaded: Mapping[str, LoadedFile] = field(default_factory=dict)
    present: tuple[FileInfo, ...] = ()
    until: datetime | None = None
    observations: tuple[Observation, ...] | None = None
    failure: str | None = None

    @property
    def gone(self) -> int:
        """How many of the loaded files are not there any more."""
        return len(self.loaded) - len(self.present) - len(self.changed)


def stamp(moment: datetime | None) -> int | None:
    """A file's time in whole microseconds."""
    return None if moment is None else (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def arrivals_of(
    drop: FileDrop,
    listed: Iterable[FileInfo],
    loaded: Mapping[str, LoadedFile],
    now: datetime,
    *,
    keyed: bool,
    content: Callable[[FileInfo], str],
    observations: tuple[Observation, ...] | None = None,
) -> Arrivals:
    """Compare what is there with what was loaded.

    Args:
        loaded: by path.
        keyed: whether the model has a key, so that a file's rows may be loaded again.
        content: hashes a file's bytes; asked only where a loaded file has another stamp than it had.
    """
    new: list[FileInfo] = []
    changed: list[FileInfo] = []
    waiting: list[FileInfo] = []
    present: list[FileInfo] = []
    for file in listed:
        known = loaded.get(file.path)
        if known is not None and known.is_stamp_of(file):
            present.append(file)
        elif drop.settle and file.modified is not None and file.modified > now - timedelta(seconds=drop.settle):
            waiting.append(file)
        elif known is None:
            new.append(file)
        elif known.content == content(file):
            present.append(file)
        else:
            {"load": new, "error": changed, "ignore": []}[_meaning(drop, keyed=keyed)].append(file)
    times = [f.modified for f in waiting if f.modified is not None]
    return Arrivals(
        new=tuple(sorted(new, key=oldest_first)),
        changed=tuple(sorted(changed, key=oldest_first)),
        waiting=tuple(sorted(waiting, key=oldest_first)),
        loaded=loaded,
        present=tuple(sorted(present, key=oldest_first)),
        until=min(times) + timedelta(seconds=drop.settle) if times else None,
        observations=observations,
    )


def reasons_to_take(found: Arrivals, reasons: Iterable[Reason], *, there: bool) -> list[Reason]:
    """Why a model that takes in files runs: files have arrived, or its table is not there.

    Args:
        reasons: those that any other model would have; what else it reads has moved, say.  Most of them are none here, as
            the files that were loaded are not loaded again.
        there: whether its table is.
    """
    made = [r for r in reasons if r.code in _KEPT or (r.code == "relation" and not there)]
    if found.failure is not None:
        made.append(Reason("files", f"nobody could look for files: {found.failure}"))
    if found.changed:
        made.append(Reason("files", f"{_said(found.changed)} has other content than was loaded", _paths(found.changed)))
    if found.new:
        plural = "s" if len(found.new) > 1 else ""
        made.append(Reason("files", f"{len(found.new)} file{plural} arrived: {_said(found.new)}", _paths(found.new)))
    return made


def encode(loaded: Mapping[str, LoadedFile]) -> str:
    """What was loaded as text."""
    rows = {path: [f.size, f.modified, f.etag, f.content] for path, f in sorted(loaded.items())}
    return json.dumps({"files": rows}, ensure_ascii=False, separators=(",", ":"))


def decode(recorded: str | None) -> dict[str, LoadedFile]:
    """What `encode` was given; nothing where nothing is recorded, or something else than files."""
    if recorded is None or not recorded.startswith('{"files":'):
        return {}
    return {path: LoadedFile(*row) for path, row in json.loads(recorded)["files"].items()}


def _meaning(drop: FileDrop, *, keyed: bool) -> str:
    """What a file that was loaded and has other content now means; one whose forerunner was moved away is a new one."""
    if drop.after != "keep":
        return "load"
    return drop.changed or ("load" if keyed else "error")


def oldest_first(file: FileInfo) -> tuple[datetime, str]:
    """What files are ordered by."""
    return file.modified or datetime(1970, 1, 1, tzinfo=UTC), file.path


def _paths(files: Iterable[FileInfo]) -> tuple[str, ...]:
    return tuple(f.path for f in files)


def _said(files: tuple[FileInfo, ...]) -> str:
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return ", ".join(_paths(files[:_SHOWN])) + more
