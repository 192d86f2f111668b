"""An exporter writes a published relation to a file, or to a table of another connection."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["ExportOptions", "Exported", "Exporter", "Folder", "TableLoading"]


class ExportOptions(Options):
    """What every exporter to files takes.

    Attributes:
        path: the file to write, relative to the project's folder or to the place of `connection`; ``{env}`` and ``{model}``
            are filled in.
        connection: a connection to files, such as S3, that the file is written to; without one it is a local file.
    """

    path: str
    connection: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Folder:
    """An export that is a folder of files, and what becomes of the files that are there already.

    Once the new files are in their places, the others of this kind are removed from the folders below that got files.

    Attributes:
        suffix: the kind: ``.parquet``.
        keeps_others: whether the folders that got no file stay as they are; else they lose theirs too.
    """

    suffix: str
    keeps_others: bool = True


@dataclass(frozen=True, slots=True)
class TableLoading:
    """How rows get into a table of another connection.

    Attributes:
        connection: its name.
        table: ``name`` or ``schema.name``, as written.
        strategy: the name of the strategy that loads it; a load that was lost in the middle is simply done again, so its
            plans must be idempotent.
        key: of the rows.
        options: of the strategy.
    """

    connection: str
    table: str
    strategy: str
    key: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


class Exporter(ABC):
    """Writes the rows of a query to a file, atomically: a reader sees the old file or the new one, never a part.

    One whose `loading` is not None writes to a table instead, and `Config` is its own.
    """

    Config: ClassVar[type[Options]] = ExportOptions

    @abstractmethod
    def export(self, session: Session, sql: str, path: Path, options: Any) -> Exported:
        """Write the rows that `sql` gives to `path`, an absolute path whose parent folders are made.

        Where `folder` is not None, `path` is an empty folder of its own, and what is written there takes its place
        afterwards; `Exported.bytes` counts all its files.

        Raises:
            ExportFailed: the file cannot be written; what was at `path` before is still there.
        """

    def loading(self, options: Options) -> TableLoading | None:
        """How it loads a table of another connection; None for files."""
        del options
        return None

    def folder(self, options: ExportOptions) -> Folder | None:
        """How it writes files into a folder; None for one file."""
        del options
        return None
