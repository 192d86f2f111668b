"""Moving or deleting files once their rows are published: a step of its own, like an export (ruling 17)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from interlace.contracts.file_patterns import folder_of
from interlace.errors import ExportFailed, InterlaceError
from interlace.plan.versions import digest
from interlace.run.arriving import content_at, drop_of
from interlace.run.task import Sent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.contracts.connection import Session
    from interlace.contracts.files import FileConnection, FileInfo
    from interlace.model.definition import FileDrop, Model
    from interlace.plan.arrivals import LoadedFile
    from interlace.run.task import Task

__all__ = ["TakeAway", "take_away_fingerprint"]


def take_away_fingerprint(model: Model) -> str:
    """Another one means that the files are to be taken away as it says now."""
    drop = drop_of(model)
    return digest(drop.after, drop.archive or "")


@dataclass(frozen=True, slots=True)
class TakeAway:
    """The files of a model, after their rows are published.

    Attributes:
        key: in the state, among the exports.
        drop: what the model says.
        connection: where the files are.
        folder: that they are moved to, filled in; None where they are deleted.
        ledger: what was loaded, by path.
    """

    key: str
    fingerprint: str
    drop: FileDrop
    connection: FileConnection
    folder: str | None
    ledger: Mapping[str, LoadedFile]

    @property
    def format(self) -> str:
        """What is done with them, for people."""
        return self.drop.after

    @property
    def shown(self) -> str:
        """Where they go, or are deleted, for people."""
        return self.connection.shown(self.folder if self.folder is not None else self.drop.path)

    @property
    def writes(self) -> None:
        """No database."""
        return

    def send(self, task: Task, session: Session) -> Sent:
        """Take away what was loaded and is still there as it was.

        Raises:
            ExportFailed: some could not be; the others are gone.
        """
        del session
        done, failed = 0, []
        try:
            there = list(self.connection.list(self.drop.path))
        except InterlaceError as error:
            raise ExportFailed(error.message, hint=error.hint, model=task.name) from error
        for file in there:
            try:
                done += self._take(file)
            except (InterlaceError, OSError) as error:
                failed.append(error.message if isinstance(error, InterlaceError) else f"{file.path}: {error}")
        if failed:
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            raise ExportFailed(f"{failed[0]}{more}", model=task.name)
        return Sent(counts={"files": done})

    def _take(self, file: FileInfo) -> int:
        """Take one file away, where it is the very one that was loaded."""
        known = self.ledger.get(file.path)
        if known is None or not (known.is_stamp_of(file) or known.content == content_at(self.connection, file)):
            return 0
        try:
            if self.folder is None:
                self.connection.delete(file.path)
            else:
                self.connection.move(file.path, self._target(file.path, known))
        except FileNotFoundError:
            return 0
        return 1

    def _target(self, path: str, known: LoadedFile) -> str:
        """Where a file goes: below the archive as it lay below the place; beside another of its name under its content's."""
        below = path.removeprefix(folder_of(self.drop.path))
        target = f"{self.folder}/{below}"
        if not self.connection.exists(target):
            return target
        name = PurePosixPath(target).name
        stem, dot, suffixes = name.partition(".")
        return f"{target.removesuffix(name)}{stem}.{known.content[:8]}{dot}{suffixes}"
