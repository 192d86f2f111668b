"""Arrow batches into a new table, in bounded memory; later batches may bring columns and wider types."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import TYPE_CHECKING

from interlace.contracts.arrow_load import no_common_type, nothing_given
from interlace.contracts.batch_buffer import BatchBuffer

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TableLoad"]


class TableLoad(ABC):
    """One load into one new table, which is made with the first batch.

    Types are canonical Arrow types; words are what the database calls them.

    Args:
        most_rows: how many are written at once.
        most_bytes: of rows in memory, likewise.
    """

    def __init__(self, most_rows: int, most_bytes: int) -> None:
        self._columns: dict[str, pa.DataType] = {}
        self._schema: pa.Schema | None = None
        self._buffer = BatchBuffer(most_rows, most_bytes)
        self._rows = 0

    def run(self, batches: Iterable[pa.RecordBatch], schema: pa.Schema | None) -> int:
        """Consume the batches; gives the number of rows.

        Raises:
            ModelFailed: a batch cannot be stored, or there is neither batch nor schema.
        """
        declared = self.kinds(schema) if schema is not None else {}
        for batch in batches:
            self._take(batch, declared)
        self._flush()
        if not self._columns:
            self._make_empty(declared)
        return self._rows

    # --- what a database does ---------------------------------------------------------------------------------

    @abstractmethod
    def kinds(self, schema: pa.Schema) -> dict[str, pa.DataType]:
        """The columns of a schema in canonical types.

        Raises:
            ModelFailed: there are none, two have one name, or the database cannot store one.
        """

    @abstractmethod
    def word(self, name: str, kind: pa.DataType) -> str:
        """What the type of a column is called.

        Raises:
            ModelFailed: the database cannot store it.
        """

    @abstractmethod
    def wider(self, one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
        """The narrowest type that holds the values of both; None where none does."""

    @abstractmethod
    def make(self, words: dict[str, str]) -> None:
        """Make the table, with these columns."""

    @abstractmethod
    def add(self, name: str, word: str) -> None:
        """Add a column."""

    @abstractmethod
    def alter(self, name: str, word: str) -> None:
        """Give a column a wider type."""

    @abstractmethod
    def insert(self, table: pa.Table) -> None:
        """Write rows, whose types are not canonical yet."""

    # --- the table --------------------------------------------------------------------------------------------

    def _take(self, batch: pa.RecordBatch, declared: dict[str, pa.DataType]) -> None:
        if self._schema is None or not batch.schema.equals(self._schema):
            self._flush()
            self._fit(self.kinds(batch.schema), declared)
            self._schema = batch.schema
        self._buffer.add(batch)
        if self._buffer.full:
            self._flush()

    def _fit(self, incoming: dict[str, pa.DataType], declared: dict[str, pa.DataType]) -> None:
        if not self._columns:
            self._make({**incoming, **declared})
        for name, kind in incoming.items():
            known = self._columns.get(name)
            if known is None:
                self.add(name, self.word(name, kind))
                self._columns[name] = kind
            elif known != kind:
                self._widen(name, known, kind)

    def _make_empty(self, declared: dict[str, pa.DataType]) -> None:
        if not declared:
            raise nothing_given()
        self._make(declared)

    def _make(self, columns: dict[str, pa.DataType]) -> None:
        self.make({name: self.word(name, kind) for name, kind in columns.items()})
        self._columns = dict(columns)

    def _widen(self, name: str, known: pa.DataType, kind: pa.DataType) -> None:
        both = self.wider(known, kind)
        if both is None:
            raise no_common_type(name, self.word(name, known), self.word(name, kind), known)
        word = self.word(name, both)
        if word != self.word(name, known):
            self.alter(name, word)
        self._columns[name] = both

    def _flush(self) -> None:
        table = self._buffer.take()
        if table is not None:
            self.insert(table)
            self._rows += table.num_rows
