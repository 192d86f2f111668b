"""Compression of text files: as the option says, else as the end of the file's name does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Protocol

__all__ = ["Compression", "Writable", "compression_of", "opened"]

Compression = Literal["gzip", "zstd", "none"]

_SUFFIXES: Final[dict[str, Compression]] = {".gz": "gzip", ".zst": "zstd"}


class Writable(Protocol):
    """Takes bytes."""

    def write(self, data: bytes, /) -> object:
        """Write them."""


def compression_of(said: Compression | None, path: str) -> Compression:
    """The compression that was asked for; by default what ``.gz`` and ``.zst`` stand for."""
    return said or _SUFFIXES.get(Path(path).suffix.lower(), "none")


@contextlib.contextmanager
def opened(path: Path, compression: Compression) -> Iterator[Writable]:
    """A new file to write bytes to, compressed on the way."""
    if compression == "none":
        with path.open("wb") as plain:
            yield plain
        return
    import pyarrow as pa

    with path.open("wb") as file, pa.CompressedOutputStream(pa.PythonFile(file), compression) as stream:
        yield stream
