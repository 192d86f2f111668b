"""``export: {format: csv, path: …}``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import Field, model_validator

from interlace.contracts.exporter import Exported, Exporter, ExportOptions
from interlace.errors import UnsupportedCapability
from interlace_exporters.columns import is_nested, type_of
from interlace_exporters.compression import Compression, compression_of, opened
from interlace_exporters.replacing import write_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.contracts.connection import Session

__all__ = ["Csv", "CsvOptions"]

_Sign = Annotated[str, Field(pattern=r"^[\t -~]$")]


class CsvOptions(ExportOptions):
    """Options of ``csv``.

    Attributes:
        header: whether the first line names the columns.
        delimiter: what stands between values: one ASCII character.
        quote: what stands around a value that needs it, doubled inside: one ASCII character.
        null: what stands for NULL; a text that is equal to it is quoted.
        compression: ``gzip``, ``zstd`` or ``none``; by default what the path's end says, ``.gz`` or ``.zst``.
    """

    header: bool = True
    delimiter: _Sign = ","
    quote: _Sign = '"'
    null: Annotated[str, Field(pattern=r"^[^\r\n]*$")] = ""
    compression: Compression | None = None

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.delimiter == self.quote:
            raise ValueError(f"delimiter and quote are both {self.quote!r}")
        for name in ("delimiter", "quote"):
            if getattr(self, name) in self.null:
                raise ValueError(f"null {self.null!r} holds the {name}")
        return self


class Csv(Exporter):
    """Comma-separated values as in RFC 4180, in UTF-8, with lines that end in a line feed alone.

    The engine writes them where it can.  Nested values are written as JSON, times with a zone in the session's zone.
    """

    Config: ClassVar[type[ExportOptions]] = CsvOptions

    def export(self, session: Session, sql: str, path: Path, options: CsvOptions) -> Exported:
        """Write the rows.

        Raises:
            ExportFailed: the file cannot be written.
        """
        return write_file(path, lambda temporary: _write(session, sql, temporary, options))


def _write(session: Session, sql: str, path: Path, options: CsvOptions) -> int:
    nested = any(is_nested(type_of(session, column)) for column in session.describe(sql))
    if session.connection.capabilities.copy_out and not nested:
        try:
            return session.copy_out(sql, path, "csv", _engine_options(options))
        except UnsupportedCapability:
            # The engine writes CSV, but not with these options: what is written below is the same.
            pass
    return _write_arrow(session, sql, path, options)


def _engine_options(options: CsvOptions) -> dict[str, object]:
    return {
        "header": options.header,
        "delimiter": options.delimiter,
        "quote": options.quote,
        "escape": options.quote,
        "nullstr": options.null,
        "compression": compression_of(options.compression, options.path),
    }


def _write_arrow(session: Session, sql: str, path: Path, options: CsvOptions) -> int:
    from interlace_exporters.cells import text_cells

    quoted = _quoting(options)
    reader = session.arrow(sql)
    count = 0
    with opened(path, compression_of(options.compression, options.path)) as file:
        if options.header:
            file.write(_lines([reader.schema.names], options.delimiter, quoted))
        for batch in reader:
            columns = [text_cells(column) for column in batch.columns]
            file.write(_lines(list(zip(*columns, strict=True)), options.delimiter, quoted))
            count += batch.num_rows
    return count


def _lines(rows: Sequence[Sequence[str | None]], delimiter: str, quoted: Callable[[str | None], str]) -> bytes:
    return "".join(delimiter.join(map(quoted, row)) + "\n" for row in rows).encode()


def _quoting(options: CsvOptions) -> Callable[[str | None], str]:
    """How one value is written: ``#`` is quoted too, as some readers take it for a comment."""
    quote, null = options.quote, options.null
    special = frozenset({options.delimiter, quote, "\n", "\r", "#"})

    def quoted(text: str | None) -> str:
        if text is None:
            return null
        if text != null and special.isdisjoint(text):
            return text
        return f"{quote}{text.replace(quote, quote * 2)}{quote}"

    return quoted
