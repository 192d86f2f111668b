"""An exporter writes a published relation to a file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from interlace.contracts.options import Options

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["ExportOptions", "Exported", "Exporter"]


class ExportOptions(Options):
    """What every exporter takes.

    Attributes:
        path: the file to write, relative to the project's folder; ``{env}`` and ``{model}`` are filled in.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    path: Path
    rows: int
    bytes: int


class Exporter(ABC):
    """Writes the rows of a query to a file, atomically: a reader sees the old file or the new one, never a part."""

    Config: ClassVar[type[ExportOptions]] = ExportOptions

    @abstractmethod
    def export(self, session: Session, sql: str, path: Path, options: ExportOptions) -> Exported:
        """Write the rows that `sql` gives to `path`, an absolute path whose parent folders are made.

        Raises:
            ExportFailed: the file cannot be written; what was at `path` before is still there.
        """
