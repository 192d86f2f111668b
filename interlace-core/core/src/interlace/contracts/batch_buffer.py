"""Batches of Arrow that wait until enough of them can be written together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BatchBuffer"]


class BatchBuffer:
    """Batches of one schema.

    Args:
        most_rows: so many are enough.
        most_bytes: or so many, in memory.
    """

    def __init__(self, most_rows: int, most_bytes: int) -> None:
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0
        self._bytes = 0

    @property
    def full(self) -> bool:
        """Whether it is time to write them."""
        return self._bytes >= self._most_bytes or self._rows >= self._most_rows

    def add(self, batch: pa.RecordBatch) -> None:
        """Have one more wait."""
        self._batches.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes

    def take(self) -> pa.Table | None:
        """All that waited, and now does no longer; None where that was no row."""
        import pyarrow as pa

        table = pa.Table.from_batches(self._batches) if self._rows else None
        self._batches, self._rows, self._bytes = [], 0, 0
        return table
