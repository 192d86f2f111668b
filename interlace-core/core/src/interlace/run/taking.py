"""The files of one load: opened, hashed as they are read, looked at again before the commit, and then recorded."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, BinaryIO, cast

from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, InterlaceError, InvalidModel, ModelFailed
from interlace.model.file_drop import FILES
from interlace.plan.arrivals import LoadedFile, encode, oldest_first, stamp
from interlace.run.arriving import content_of, drop_of, find
from interlace.run.task import Portion

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import pyarrow as pa

    from interlace.contracts.connection import Session
    from interlace.contracts.files import FileConnection, FileInfo
    from interlace.model.definition import Model
    from interlace.plan.arrivals import Arrivals
    from interlace.run.compute import Compute
    from interlace.run.task import Task

__all__ = ["Arrived", "Taking", "taken_query", "taking_portions"]


class Taking:
    """The files of one load.

    Args:
        model: that takes them in.
        connection: where they are.
        files: oldest first; none where only the table is made.
        ledger: what was loaded, by path, shared by the loads of a model; what this load takes is added.
        found: what there was when the run was planned.
        at: when that was.

    Attributes:
        relation: the temporary relation that has the rows of the files, once it is made.
        warnings: what the user should know.
        refusal: why nothing is loaded.
    """

    def __init__(
        self,
        model: Model,
        connection: FileConnection,
        files: Sequence[FileInfo],
        ledger: dict[str, LoadedFile],
        found: Arrivals,
        at: datetime,
    ) -> None:
        self._model = model
        self._drop = drop_of(model)
        self._connection = connection
        self._files = tuple(files)
        self._ledger = ledger
        self._found = found
        self._at = at
        self._taken: dict[str, LoadedFile] = {}
        self.relation: Relation | None = None
        self.warnings: list[str] = []
        self.refusal: str | None = None

    def begin(self) -> None:
        """An attempt begins.

        Raises:
            ConnectionFailure: the place does not answer, as it did not when the run was planned.
            ModelFailed: a file that was loaded has other content, and that is not to be loaded; or the table would be made
                anew without files that are gone.
        """
        self._taken, self.relation = {}, None
        if self.refusal is not None:
            raise self._failed(self.refusal, "Put them back; or write 'full_refresh: allow' if that is right.")
        if self._found.failure is not None:
            found = find(self._drop, self._connection, bool(self._model.key), encode(self._ledger), self._at)
            self._found, self._files = found, found.new
        if self._found.changed:
            path = self._found.changed[0].path
            raise self._failed(
                f"{self._named(path)} was loaded, and has other content now",
                "Give new content a new name; or write 'changed: load' to load all of its rows, 'changed: ignore' for none.",
            )

    def arrivals(self) -> tuple[Arrived, ...]:
        """The files, for a Python model."""
        return tuple(Arrived(f.path, f.size, f.modified, self, f) for f in self._files)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows of all files, one file after the other."""
        for file in self._files:
            yield from self.rows(file)

    def rows(self, file: FileInfo) -> Iterator[pa.RecordBatch]:
        """The rows of one file.

        Raises:
            ModelFailed: the file is not what its name says: names it.
        """
        from interlace.run.file_rows import Unreadable, rows_of

        with self.opened(file) as opened:
            try:
                yield from rows_of(opened, file.path, self._drop)
            except (Unreadable, InvalidModel, ModelFailed) as error:
                said = error.message if isinstance(error, InterlaceError) else str(error)
                raise self._failed(
                    f"{self._named(file.path)} cannot be loaded: {said}",
                    "None of its rows are published. Mend the file, or take it away.",
                ) from error

    def opened(self, file: FileInfo) -> BinaryIO:
        """Open a file, hashed; one that is not of this machine is copied to a temporary file.

        Raises:
            ModelFailed: it is not there any more.
        """
        try:
            opened = self._connection.read(file.path)
        except FileNotFoundError:
            raise self._failed(f"{self._named(file.path)} went away before it was read") from None
        if self._connection.local_folder() is not None:
            content = content_of(opened)
            opened.seek(0)
        else:
            copy = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115  whoever asked closes it
            content = self._copied(file, opened, copy)
            opened = copy
        self._taken[file.path] = LoadedFile(file.size, stamp(file.modified), file.etag, content)
        return opened

    def _copied(self, file: FileInfo, opened: BinaryIO, copy: BinaryIO) -> str:
        """Copy a file from elsewhere; gives the hash of its bytes."""
        try:
            with opened:
                content = content_of(opened, copy.write)
        except (OSError, EOFError) as error:
            raise ConnectionFailure(f"{self._named(file.path)} cannot be read: {error}") from error
        copy.seek(0)
        return content

    def recorded(self) -> str:
        """What is loaded once this load commits, as it is recorded with it.

        Raises:
            ModelFailed: a file was changed while it was read.
        """
        for file in self._files:
            if file.path not in self._taken:
                self.opened(file).close()
        there = {f.path: f for f in self._connection.list(self._drop.path)} if self._taken else {}
        for path, taken in self._taken.items():
            if path in there and not taken.is_stamp_of(there[path]):
                said = f"{self._named(path)} was changed while it was read"
                raise self._failed(said, "It is loaded by a later run, once it has settled.")
        self._ledger.update(self._taken)
        return encode(self._ledger)

    def _named(self, path: str) -> str:
        return f"{self._drop.connection}:{path}"

    def _failed(self, message: str, hint: str | None = None) -> ModelFailed:
        return ModelFailed(message, hint=hint, model=self._model.name)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file that a Python model takes in.

    Attributes:
        path: in its connection.
        size: in bytes.
        modified: when it was written, UTC; None where the place does not say.
    """

    path: str
    size: int
    modified: datetime | None
    _taking: Taking
    _file: FileInfo

    def open(self) -> BinaryIO:
        """Open it to read, as it lies there; it can seek.  Close it, or use it in ``with``."""
        return self._taking.opened(self._file)

    def rows(self) -> Iterator[pa.RecordBatch]:
        """Its rows, decompressed and read as ``files`` says.

        Raises:
            ModelFailed: it is not what its name says, or its format is none that Interlace reads.
        """
        return self._taking.rows(self._file)


def taking_portions(
    task: Task, found: Arrivals, connection: FileConnection, ledger: dict[str, LoadedFile], at: datetime, now: datetime
) -> tuple[Portion, ...]:
    """The loads of a step, in order; each is a transaction of its own.

    Args:
        ledger: what was loaded, by path; the loads add to it.
        at: the run's execution time, UTC.
        now: when the run was planned.
    """
    drop = drop_of(task.model)
    fresh = task.step.fresh or task.standing is None or task.standing.kind != "table"
    files = list(found.new)
    if fresh:
        ledger.clear()
        files = sorted([*found.new, *found.present, *found.changed], key=oldest_first)
        found = replace(found, changed=())
    # Of two files with one key the later is right, which one load of both could not know.
    size = drop.batch_size or (1 if task.model.key else max(len(files), 1))
    parts = [files[n : n + size] for n in range(0, len(files), size)] or [[]]
    taken = [Taking(task.model, connection, part, ledger, found, now) for part in parts]
    if found.gone > 0 and task.step.fresh and task.model.full_refresh != "allow":
        taken[
            0
        ].refusal = (
            f"{found.gone} of the files that {task.name} was loaded from are gone: made anew, it would lose their rows"
        )
    elif fresh and found.gone > 0:
        taken[0].warnings.append(f"made anew without {found.gone} of the files that it was loaded from: they are gone")
    return tuple(
        # A history is refused a second load of the same moment.
        Portion(at + timedelta(microseconds=n), partial=True, fresh=fresh and n == 0, files=taking)
        for n, taking in enumerate(taken)
    )


def taken_query(task: Task, taking: Taking, session: Session, compute: Compute) -> str:
    """The query of a SQL model over the rows of its files, which are put into a temporary relation.

    Raises:
        ModelFailed: there are no files, and nothing says which columns they have.
    """
    from itertools import chain

    from interlace.run.file_rows import declared_schema

    drop = drop_of(task.model)
    taking.begin()
    schema = declared_schema(drop)
    batches = taking.batches()
    first = next(batches, None)
    if first is None and schema is None:
        return _nothing(task, session)
    taking.relation = relation = Relation(f"__interlace_files_{task.name}")
    session.load_arrow(relation, chain([] if first is None else [first], batches), schema)
    return compute.query(task.model, session, {FILES: session.name(relation)})


def _nothing(task: Task, session: Session) -> str:
    """A query of no rows, with the columns of the table that stands."""
    if task.standing is None or task.relation is None:
        drop = drop_of(task.model)
        raise ModelFailed(
            f"{task.name} was never built, and no file has rows at {drop.connection}:{drop.path}",
            hint="It is built once a file arrives; or declare 'columns' under 'files', so that it is made empty.",
            model=task.name,
        )
    return f"SELECT * FROM {session.name(task.relation)} WHERE 1 = 0"
