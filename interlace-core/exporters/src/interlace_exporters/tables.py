"""``export: {connection, table}``: rows into a table of another connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from interlace.contracts.exporter import Exporter, TableLoading
from interlace.contracts.options import Columns, Options
from interlace.errors import UnsupportedCapability

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.contracts.connection import Session
    from interlace.contracts.exporter import Exported

__all__ = ["Table", "TableOptions"]


class TableOptions(Options):
    """Options of ``table``.

    Attributes:
        connection: the database that the table is in.
        table: its name, or ``schema.name``; ``{env}`` and ``{model}`` are filled in.
        mode: ``upsert`` updates the rows whose key the table has, where a value differs, and inserts the others; ``replace``
            makes the table anew, with just these rows.
        key: the columns that identify a row, for ``upsert``.
        delete_missing: with ``upsert``, rows whose key the model does not have any more are deleted.
        max_delete_fraction: an export that would delete more than this part of the rows is refused.  From 100 rows on.
        allow_empty: a model without rows may delete all.
    """

    connection: str = Field(min_length=1)
    table: str = Field(min_length=1)
    mode: Literal["upsert", "replace"] = "upsert"
    key: Columns | None = None
    delete_missing: bool = False
    max_delete_fraction: Annotated[float, Field(ge=0, le=1)] = 0.5
    allow_empty: bool = False

    @model_validator(mode="after")
    def _fits(self) -> TableOptions:
        if self.mode == "upsert" and self.key is None:
            raise ValueError("'mode: upsert' needs a 'key': the columns that identify a row")
        if self.mode == "replace" and (self.key is not None or self.delete_missing):
            raise ValueError("'mode: replace' makes the table anew, and takes neither 'key' nor 'delete_missing'")
        return self


class Table(Exporter):
    """Writes to a table of another connection what changed there."""

    Config: ClassVar[type[Options]] = TableOptions

    def export(self, session: Session, sql: str, path: Path, options: Options) -> Exported:
        """Refuse: it writes no files.

        Raises:
            UnsupportedCapability: always.
        """
        del session, sql, options
        raise UnsupportedCapability(f"The export 'table' writes to a table, not to the file {path}.")

    def loading(self, options: Options) -> TableLoading:
        """By ``merge_by_key``, or by ``replace``."""
        assert isinstance(options, TableOptions)  # noqa: S101  validated by Config
        if options.mode == "replace":
            return TableLoading(options.connection, options.table, "replace")
        deletes: dict[str, object] = {}
        if options.delete_missing:
            deletes = {
                "delete_missing": True,
                "max_delete_fraction": options.max_delete_fraction,
                "allow_empty": options.allow_empty,
            }
        return TableLoading(options.connection, options.table, "merge_by_key", options.key or (), deletes)
