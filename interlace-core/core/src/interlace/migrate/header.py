"""The header of a migration: where it goes, and how."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from interlace.errors import InvalidMigration, Location, did_you_mean
from interlace.model.header import split_sections
from interlace.model.values import split_list

if TYPE_CHECKING:
    from interlace.model.header import Entry

__all__ = ["KEYS", "Header", "read_header"]

KEYS: Final = ("connection", "description", "environments", "transaction")


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says; a name is given with its line."""

    connection: tuple[str, int] | None = None
    environments: tuple[tuple[str, ...], int] | None = None
    transaction: bool = True


def read_header(text: str, file: str, *, comment: str) -> Header:
    """The keys in the comments that a file begins with.

    Args:
        text: of the file.
        file: for messages.
        comment: what begins a comment: ``--`` or ``#``.

    Raises:
        InvalidMigration: an unknown key, one that is given twice, or a value that is none.
    """
    header = Header()
    seen: set[str] = set()
    for entry in split_sections(_leading(text, comment), file)[0].entries:
        if entry.literal or entry.word not in KEYS:
            raise InvalidMigration(
                f"{entry.word!r} is no key of a migration",
                where=Location(file, entry.line),
                hint=did_you_mean(entry.word, KEYS, label="Keys"),
            )
        if entry.word in seen:
            raise InvalidMigration(f"{entry.word!r} is given twice", where=Location(file, entry.line))
        seen.add(entry.word)
        header = _with(header, entry, file)
    return header


def _leading(text: str, comment: str) -> str:
    """The comments at the beginning, as those of SQL."""
    lines = []
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped and not stripped.startswith(comment):
            break
        lines.append(f"--{stripped[len(comment) :]}" if stripped else "")
    return "\n".join(lines)


def _with(header: Header, entry: Entry, file: str) -> Header:
    value = entry.text.strip()
    if not value:
        raise InvalidMigration(f"{entry.word!r} has no value", where=Location(file, entry.line))
    match entry.word:
        case "connection":
            return replace(header, connection=(value, entry.line))
        case "environments":
            names = tuple(str(n).strip() for n in split_list(value.removeprefix("[").removesuffix("]")))
            return replace(header, environments=(names, entry.line))
        case "transaction":
            if value not in {"true", "false"}:
                raise InvalidMigration(
                    f"'transaction' must be true or false, not {value!r}", where=Location(file, entry.line)
                )
            return replace(header, transaction=value == "true")
        case _:
            return header
