"""A model's query as a database could parse it: something in place of each variable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlace.model.definition import SqlBody

__all__ = ["FILES", "Plain", "plain"]

FILES: Final = "__interlace_files"
"""What stands for the rows of the files that a model takes in."""

_VALUE: Final = "(NULL)"


@dataclass(frozen=True, slots=True)
class Plain:
    """The text, and by how much places in it lie behind those of the author's.

    Attributes:
        shifts: from which offset of the text on, and by how many characters.
    """

    text: str
    shifts: tuple[tuple[int, int], ...] = ()

    def offset(self, at: int) -> int:
        """Where in the author's text the character at an offset of this one stands."""
        shift = 0
        for begin, by in self.shifts:
            if at >= begin:
                shift = by
        return at - shift


def plain(body: SqlBody) -> Plain:
    """The query with a value in place of each variable: which one does not matter for what its columns are made of."""
    parts = []
    shifts = []
    at = length = 0
    for variable in sorted(body.variables, key=lambda v: v.start):
        parts += [body.text[at : variable.start], FILES if variable.name == "files" else _VALUE]
        length += len(parts[-2]) + len(parts[-1])
        at = variable.end
        shifts.append((length, length - at))
    return Plain("".join([*parts, body.text[at:]]), tuple(shifts))
