"""What each schema mode does with each kind of difference: the table of ``loading.md``, as data."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from interlace.contracts.load import SchemaMode

__all__ = ["ACTIONS", "Action", "Difference", "allowing"]


class Difference(Enum):
    """How one column of a batch differs from the table's."""

    NEW = auto()
    """Only the batch has it."""
    MISSING = auto()
    """Only the table has it."""
    HELD = auto()
    """The table's type holds each value of the batch's, exactly."""
    WIDER = auto()
    """The batch's type holds each value of the table's, exactly; or a third one holds those of both structures."""
    OTHER = auto()
    """Neither holds the other: values may be lost."""


class Action(Enum):
    """What is done about a difference."""

    REFUSE = auto()
    ADD = auto()
    DROP = auto()
    KEEP = auto()
    ALTER = auto()
    CAST = auto()
    """To the table's type, which holds every value."""
    CHECK = auto()
    """Cast to the table's type; a value that does not fit ends the load."""
    EMPTY = auto()
    """Cast to the table's type; a value that does not fit becomes NULL, and is counted."""


def _row(new: Action, missing: Action, held: Action, wider: Action, other: Action) -> Mapping[Difference, Action]:
    return dict(zip(Difference, (new, missing, held, wider, other), strict=True))


ACTIONS: Final[Mapping[SchemaMode, Mapping[Difference, Action]]] = {
    SchemaMode.STRICT: _row(Action.REFUSE, Action.REFUSE, Action.REFUSE, Action.REFUSE, Action.REFUSE),
    SchemaMode.SAFE: _row(Action.ADD, Action.KEEP, Action.CAST, Action.ALTER, Action.REFUSE),
    SchemaMode.FLEXIBLE: _row(Action.ADD, Action.KEEP, Action.CAST, Action.ALTER, Action.CHECK),
    SchemaMode.LENIENT: _row(Action.ADD, Action.KEEP, Action.CAST, Action.ALTER, Action.EMPTY),
    SchemaMode.IGNORE: _row(Action.DROP, Action.KEEP, Action.CAST, Action.CHECK, Action.CHECK),
}


def allowing(difference: Difference) -> SchemaMode:
    """The most careful mode that lets a difference pass."""
    return next(mode for mode, does in ACTIONS.items() if does[difference] is not Action.REFUSE)
