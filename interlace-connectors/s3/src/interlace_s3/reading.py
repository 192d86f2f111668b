"""Reading an object: a stream that seeks, and that is read ahead in parallel where it is read in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Final

from interlace.contracts.seekable_reader import SeekableReader

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined]  # Python 3.12

__all__ = ["BUFFER", "ObjectReader"]

BUFFER: Final = 1 << 20
"""Bytes of the first request after a jump."""

PART: Final = 8 << 20
"""Bytes of a request while the object is read in order."""

AHEAD: Final = 8
"""How many parts are on their way: at most 72 MiB of an object are in memory."""


class ObjectReader(SeekableReader):
    """One version of an object.

    Args:
        name: for messages.
        size: bytes of the object.
        fetch: gives the bytes from one offset up to another, which it does not include.
        threads: where the requests run.
    """

    def __init__(self, name: str, size: int, fetch: Callable[[int, int], bytes], threads: Executor) -> None:
        super().__init__(size, name)
        self.name = name
        self._fetch = fetch
        self._threads = threads
        self._start = 0
        self._part = b""
        self._ahead: deque[tuple[int, Future[bytes]]] = deque()

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer as far as one part reaches."""
        into = memoryview(buffer).cast("B")
        if not len(into) or self._at >= self._size:
            return 0
        piece = self._piece(len(into))
        into[: len(piece)] = piece
        return len(piece)

    def readall(self) -> bytes:
        """All that is left."""
        pieces = []
        while self._at < self._size:
            pieces.append(bytes(self._piece(PART)))
        return b"".join(pieces)

    def close(self) -> None:
        """Forget what is on its way."""
        self._forget()
        self._part = b""
        super().close()

    # --- parts ------------------------------------------------------------------------------------------------

    def _piece(self, wanted: int) -> memoryview:
        """At most `wanted` bytes from here on, and go behind them."""
        if not self._start <= self._at < self._start + len(self._part):
            self._next(wanted)
        offset = self._at - self._start
        piece = memoryview(self._part)[offset : offset + wanted]
        self._at += len(piece)
        return piece

    def _next(self, wanted: int) -> None:
        in_order = self._at == self._start + len(self._part) and self._at > 0
        if in_order:
            self._fill(wanted)
            at, part = self._ahead.popleft()
            self._start, self._part = at, part.result()
            return
        self._forget()
        end = min(self._size, self._at + max(wanted, BUFFER))
        self._start, self._part = self._at, self._fetch(self._at, end)

    def _fill(self, wanted: int) -> None:
        """Ask for what comes next, where the reader goes straight on."""
        if self._ahead and self._ahead[0][0] != self._at:
            self._forget()
        begin = self._ahead[-1][0] + PART if self._ahead else self._at
        while begin < self._size and len(self._ahead) < AHEAD:
            end = min(self._size, begin + PART)
            self._ahead.append((begin, self._threads.submit(self._fetch, begin, end)))
            begin = end
        del wanted

    def _forget(self) -> None:
        for _, part in self._ahead:
            part.cancel()
        self._ahead.clear()
