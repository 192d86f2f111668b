"""What changed from one version of a model's columns to another, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from interlace.schema.compare import compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.relation import Column

__all__ = ["Alteration", "alterations"]


@dataclass(frozen=True, slots=True)
class Alteration:
    """One column that is not what it was.

    Attributes:
        column: its name, as the newer side writes it.
        what: ``widened``: the new type holds each value of the old one; ``narrowed``: the other way round; ``changed``:
            neither.
        before: its type before; None where it is new.
        after: its type now; None where it is gone.
    """

    column: str
    what: Literal["added", "removed", "widened", "narrowed", "changed"]
    before: str | None
    after: str | None

    @property
    def breaking(self) -> bool:
        """Whether a reader that was right before may be wrong now: the column is gone, or holds other values."""
        return self.what in {"removed", "narrowed", "changed"}


def alterations(
    old: Sequence[Column], new: Sequence[Column], dialect: str, new_dialect: str | None = None
) -> list[Alteration]:
    """Say what `new` changes in `old`: first what is gone, in the old order, then the rest in the new one.

    Args:
        old: the columns before.
        new: the columns now.
        dialect: sqlglot's name of the dialect of the types.
        new_dialect: that of the new side, where it is another.
    """
    change = compare(old, new, dialect, new_dialect)
    found = [Alteration(c.name, "removed", c.type, None) for c in change.missing]
    rest = [Alteration(c.name, "added", None, c.type) for c in change.added]
    rest += [Alteration(c.new.name, "widened", c.old.type, c.new.type) for c in change.widened]
    rest += [Alteration(c.new.name, "narrowed", c.old.type, c.new.type) for c in change.narrowed]
    rest += [Alteration(c.new.name, "changed", c.old.type, c.new.type) for c in change.changed]
    place = {column.name: number for number, column in enumerate(new)}
    return found + sorted(rest, key=lambda a: place[a.column])
