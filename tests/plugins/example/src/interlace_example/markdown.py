"""An export format: a table in Markdown."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from interlace.contracts.connection import Session
from interlace.contracts.exporter import Exported, Exporter, ExportOptions
from interlace.errors import ExportFailed, QueryFailed


class MarkdownOptions(ExportOptions):
    """The text that stands for NULL."""

    null: str = ""


class Markdown(Exporter):
    """Writes a file beside the target and puts it in its place."""

    Config = MarkdownOptions

    def export(self, session: Session, sql: str, path: Path, options: MarkdownOptions) -> Exported:  # type: ignore[override]
        """Write the rows of a query; a table for people fits in memory."""
        try:
            header = [_cell(column.name, "") for column in session.describe(sql)]
            rows = session.fetch(sql)
        except QueryFailed as error:
            raise ExportFailed(f"{path} is not written: {error.message}") from error
        lines = [
            _line(header),
            _line("---" for _ in header),
            *(_line(_cell(v, options.null) for v in row) for row in rows),
        ]
        content = "".join(f"{line}\n" for line in lines).encode()
        try:
            _replace(path, content)
        except OSError as error:
            raise ExportFailed(f"{path} cannot be written: {error.strerror}") from error
        return Exported(path, len(rows), len(content))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(value: object, null: str) -> str:
    text = null if value is None else str(value)
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", "<br>")


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
