"""Bytes of a file as text."""

from __future__ import annotations

from interlace.errors import InvalidModel, Location

__all__ = ["decode"]


def decode(content: bytes, file: str) -> str:
    """The text of a UTF-8 file, with line feeds only and without a byte order mark.

    Raises:
        InvalidModel: the bytes are not UTF-8; says where.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}"
        raise InvalidModel(message, where=Location(file, line), hint="Save it as UTF-8.") from None
    # Git on another system may have changed the line ends: the same query must have the same fingerprint.
    return text.replace("\r\n", "\n") if "\r" in text else text
