"""Reading a file of an SFTP server, a megabyte of requests at a time."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from interlace.contracts.seekable_reader import SeekableReader

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined]  # Python 3.12

    import paramiko

__all__ = ["BUFFER", "SftpReader"]

BUFFER: Final = 1 << 20
"""Bytes that are asked for at once."""

PACKET: Final = 1 << 15
"""Bytes of one request: what every server answers."""


class SftpReader(SeekableReader):
    """A file on a channel that is closed with it.

    paramiko alone waits for each answer before it asks for the next bytes, or asks for the whole file.
    """

    def __init__(self, opened: paramiko.SFTPFile, channel: ExitStack) -> None:
        self._opened = opened
        self._channel = channel
        super().__init__(opened.stat().st_size or 0, "the file")

    def readinto(self, buffer: Buffer) -> int:
        """Fill a buffer, with at most a megabyte."""
        into = memoryview(buffer).cast("B")
        end = min(self._size, self._at + min(len(into), BUFFER))
        filled = 0
        for piece in self._opened.readv([(at, min(PACKET, end - at)) for at in range(self._at, end, PACKET)]):
            into[filled : filled + len(piece)] = piece
            filled += len(piece)
        self._at += filled
        return filled

    def close(self) -> None:
        """Close the file and its channel."""
        if not self.closed:
            with self._channel:
                self._opened.close()
        super().close()
