"""The errors of Interlace.

::

    InterlaceError
    ├── UsageError                     the command line or a call is wrong                    exit 2
    │   └── InvalidPlan                a file is no plan, was edited, or is of a newer format
    ├── ConfigurationError             a file of the project is wrong                         exit 2
    │   ├── ProjectNotFound            no config.yaml with models/ upwards of here
    │   ├── InvalidProject             several errors found while loading, reported together
    │   ├── InvalidConfig              config.yaml, an overlay, .env or INTERLACE_*
    │   ├── InvalidModel               a model's definition: keys, types, header, sidecar
    │   │   └── InvalidSql             SQL that does not parse
    │   ├── InvalidGraph               cycles, missing upstreams, duplicate names
    │   ├── InvalidTest                a unit test: its file, its rows, what it asks for
    │   ├── InvalidMigration           a migration: its file, its place among the others, what it may not touch
    │   └── UnknownProvider            a name in the project matches no installed provider
    ├── PluginError                    a plugin cannot be used                                exit 2
    ├── UnsupportedCapability          the connection cannot do what was asked                exit 2
    │   └── WriteRefused               a write through a connection that only reads
    ├── ConnectionFailure              a system cannot be reached or refuses                  exit 1
    │   ├── DatabaseLocked             another process holds the file
    │   ├── CircuitOpen                it failed so often that it is left alone for a while
    │   └── SecretUnavailable          a store of secrets does not give one
    ├── StateError                     the state store cannot be used                         exit 1
    ├── RunError                       something failed while running                         exit 1
    │   ├── QueryFailed                the database refused a statement
    │   ├── ModelFailed                a Python model raised, or returned what cannot be loaded
    │   ├── LoadRefused                a batch breaks a rule of its load: nothing was written
    │   ├── ChecksFailed               blocking checks failed: nothing was published
    │   ├── ExportFailed               published, but an export could not be written
    │   ├── TimedOut                   longer than the model's timeout
    │   ├── RunUnderWay                another run of the environment has not ended
    │   ├── MigrationFailed            a migration stopped; says where things stand
    │   ├── ReadersBroken              a change takes columns away that other models read: nothing ran
    │   ├── PlanMoved                  what was approved is not what would be done now: nothing ran
    │   └── Cancelled                  by the user                                            exit 130
    └── Defect                         Interlace is wrong: please report it                   exit 1

Each class has a stable code (``ILC-…``) with a page in the documentation. An error is a sentence with
handles: what happened, with which values, what to do; the data as attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from interlace.redaction import redacted

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Cancelled",
    "ChecksFailed",
    "CircuitOpen",
    "ConfigurationError",
    "ConnectionFailure",
    "DatabaseLocked",
    "Defect",
    "ExportFailed",
    "InterlaceError",
    "InvalidConfig",
    "InvalidGraph",
    "InvalidMigration",
    "InvalidModel",
    "InvalidPlan",
    "InvalidProject",
    "InvalidSql",
    "InvalidTest",
    "LoadRefused",
    "Location",
    "MigrationFailed",
    "ModelFailed",
    "PlanMoved",
    "PluginError",
    "ProjectNotFound",
    "QueryFailed",
    "ReadersBroken",
    "RunError",
    "RunUnderWay",
    "SecretUnavailable",
    "StateError",
    "TimedOut",
    "UnknownProvider",
    "UnsupportedCapability",
    "UsageError",
    "WriteRefused",
    "did_you_mean",
]


FEW = 24
"""How many names a message lists."""


def did_you_mean(name: str, known: Iterable[str], *, label: str | None = None) -> str:
    """Say which of the known names is nearest, then list them all when they are few.

    Returns:
        a sentence such as ``Did you mean 'postgres'? Installed: duckdb, postgres.``; empty when nothing helps.
    """
    import difflib

    names = sorted(set(known))
    folded = {n.casefold(): n for n in reversed(names)}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    said = [f"Did you mean {folded[near[0]]!r}?"] if near else []
    if label is not None and names and len(names) <= FEW:
        said.append(f"{label}: {', '.join(names)}.")
    return " ".join(said)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: line and column count from 1; the excerpt is the offending line."""

    path: Path | str
    line: int | None = None
    column: int | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        parts = [str(self.path), *(str(n) for n in (self.line, self.column if self.line else None) if n is not None)]
        return ":".join(parts)


class InterlaceError(Exception):
    """The root of all errors that Interlace raises on purpose.

    Args:
        message: one sentence or more: what happened, with which values.
        where: the file, line and column it is about.
        hint: what to do about it.

    Attributes:
        code: the stable code, with a page in the documentation.
        exit_code: what the command line exits with.
        transient: whether trying again may help.
        model: the model that it is about, where there is one.
    """

    code: ClassVar[str] = "ILC-001"
    exit_code: ClassVar[int] = 1
    transient: bool = False

    def __init__(
        self, message: str, *, where: Location | None = None, hint: str | None = None, model: str | None = None
    ) -> None:
        # Here and nowhere else do the words of drivers and models become ours: what is secret is left out.
        message = redacted(message)
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint and redacted(hint)
        self.model = model

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        if self.where and self.where.excerpt:
            text += "\n" + _excerpt(self.where)
        return f"{text}\n{self.hint}" if self.hint else text


def _excerpt(where: Location) -> str:
    line = f"    {where.excerpt}"
    return f"{line}\n    {' ' * (where.column - 1)}^" if where.column else line


class UsageError(InterlaceError):
    """The command line, or a call of the library, is wrong."""

    code = "ILC-100"
    exit_code = 2


class InvalidPlan(UsageError):
    """A file that was to be applied is no plan, was edited, or is of a format that this Interlace cannot read."""

    code = "ILC-110"


class ConfigurationError(InterlaceError):
    """A file of the project is wrong; nothing ran."""

    code = "ILC-200"
    exit_code = 2


class ProjectNotFound(ConfigurationError):
    """No folder upwards of here has both ``config.yaml`` and ``models/``."""

    code = "ILC-201"


class InvalidConfig(ConfigurationError):
    """A key or value in ``config.yaml``, an overlay, ``.env`` or an ``INTERLACE_*`` variable is wrong."""

    code = "ILC-202"


class InvalidModel(ConfigurationError):
    """A model's definition is wrong: a key, a type, its header, its sidecar or its file."""

    code = "ILC-210"


class InvalidSql(InvalidModel):
    """The SQL of a model does not parse."""

    code = "ILC-211"


class InvalidGraph(ConfigurationError):
    """The models do not form a graph: a cycle, a missing upstream, a duplicate name."""

    code = "ILC-220"


class InvalidTest(ConfigurationError):
    """A unit test is wrong: a key of its file, the rows that it gives, or what it asks for."""

    code = "ILC-240"


class InvalidMigration(ConfigurationError):
    """A migration is wrong: its file, its place among the others, what it would touch."""

    code = "ILC-250"


class UnknownProvider(ConfigurationError):
    """A name in the project matches no installed provider."""

    code = "ILC-230"


class InvalidProject(ConfigurationError):
    """Several things are wrong with the project; all that were found are in `errors`."""

    code = "ILC-203"

    def __init__(self, errors: Sequence[InterlaceError]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n\n".join(str(e) for e in self.errors))


class PluginError(InterlaceError):
    """A plugin cannot be used."""

    code = "ILC-300"
    exit_code = 2


class UnsupportedCapability(InterlaceError):
    """The connection cannot do what was asked of it."""

    code = "ILC-310"
    exit_code = 2


class WriteRefused(UnsupportedCapability):
    """Something was to be written through a connection that is ``access: read``."""

    code = "ILC-311"


class ConnectionFailure(InterlaceError):
    """A system cannot be reached, or refuses.

    Attributes:
        in_doubt: whether it was lost while it committed, so that only the marker in the database tells what happened.
    """

    code = "ILC-400"
    transient = True
    in_doubt: bool = False


class DatabaseLocked(ConnectionFailure):
    """Another process holds the database file; `holder` says which, where that is known."""

    code = "ILC-401"

    def __init__(self, message: str, *, holder: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


class CircuitOpen(ConnectionFailure):
    """A connection failed so often that it is left alone for a while.

    Attributes:
        remaining: seconds until it is tried again.
    """

    code = "ILC-402"

    def __init__(self, message: str, *, remaining: float, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.remaining = remaining


class SecretUnavailable(ConnectionFailure):
    """A store of secrets does not give one; the message names store, path and key, never a value."""

    code = "ILC-403"
    transient = False


class StateError(InterlaceError):
    """The state store cannot be used."""

    code = "ILC-500"


class RunError(InterlaceError):
    """Something failed while a model ran."""

    code = "ILC-600"


class QueryFailed(RunError):
    """The database refused a statement; `sql` is what it was given.

    Attributes:
        sqlstate: the five characters of the SQL standard that say why, where the database gives them.
    """

    code = "ILC-601"
    sqlstate: str | None = None

    def __init__(
        self,
        message: str,
        *,
        sql: str | None = None,
        where: Location | None = None,
        hint: str | None = None,
        model: str | None = None,
    ) -> None:
        super().__init__(message, where=where, hint=hint, model=model)
        self.sql = sql and redacted(sql)


class ModelFailed(RunError):
    """A Python model raised, or returned something that cannot be loaded."""

    code = "ILC-602"


class ChecksFailed(RunError):
    """Blocking checks failed, so nothing was published."""

    code = "ILC-603"


class LoadRefused(RunError):
    """A batch breaks a rule of its load (a NULL in a key, two rows for one key, too many deletes), so nothing was written.

    Attributes:
        sample: rows to look at, as mappings, at most ten.
    """

    code = "ILC-608"

    def __init__(
        self,
        message: str,
        *,
        sample: Sequence[Mapping[str, object]] = (),
        hint: str | None = None,
        model: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, model=model)
        self.sample = tuple(sample)


class ExportFailed(RunError):
    """The model was published, but an export could not be written."""

    code = "ILC-604"


class TimedOut(RunError):
    """The model took longer than its ``timeout``."""

    code = "ILC-605"


class Cancelled(RunError):
    """The user cancelled the run."""

    code = "ILC-606"
    exit_code: ClassVar[int] = 130


class RunUnderWay(RunError):
    """Another run of the same environment has not ended; `run` is its id."""

    code = "ILC-607"
    transient = True

    def __init__(self, message: str, *, run: str, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.run = run


class MigrationFailed(RunError):
    """A migration stopped; the message says what stands and what does not."""

    code = "ILC-609"


class ReadersBroken(RunError):
    """A change takes columns away that other models read, or a changed model reads what is not there; nothing ran.

    Attributes:
        breaks: a sentence for each, with the file and line where the column is read.
    """

    code = "ILC-611"

    def __init__(
        self, message: str, *, breaks: Sequence[str], where: Location | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.breaks = tuple(redacted(text) for text in breaks)


class PlanMoved(RunError):
    """A plan that was approved is not what would be done now; nothing ran.

    Attributes:
        moved: what moved, a sentence for each.
    """

    code = "ILC-610"

    def __init__(self, message: str, *, moved: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.moved = tuple(redacted(text) for text in moved)


class Defect(InterlaceError):
    """Interlace itself is wrong; the message says what to report."""

    code = "ILC-900"
