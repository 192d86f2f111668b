"""A file that a connector reads in pieces, each from where it is wanted."""

from __future__ import annotations

import io

__all__ = ["SeekableReader"]


class SeekableReader(io.RawIOBase):
    """What seeks by arithmetic alone, for its size is known: a subclass reads, from `_at` on, and moves `_at`.

    Args:
        size: of the file, in bytes.
        shown: the file, for messages.
    """

    def __init__(self, size: int, shown: str) -> None:
        super().__init__()
        self._size = size
        self._shown = shown
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte, counted from the beginning, from here or from the end; it may be behind the end.

        Raises:
            ValueError: it is before the beginning.
        """
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"{offset} is before the beginning of {self._shown}")
        self._at = base + offset
        return self._at
