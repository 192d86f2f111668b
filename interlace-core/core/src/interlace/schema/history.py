"""What changed from one version of a model's columns to another, for people and programs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from interlace.schema.compare import columns_by_name, compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
        was: its name before, where it is declared to be ``renamed``: a reader of that name finds it no more.
    """

    column: str
    what: Literal["added", "removed", "widened", "narrowed", "changed", "renamed"]
    before: str | None
    after: str | None
    was: str | None = None

    @property
    def breaking(self) -> bool:
        """Whether a reader that was right before may be wrong now: the column is gone, or holds other values."""
        return self.what in {"removed", "narrowed", "changed"}


def alterations(
    old: Sequence[Column],
    new: Sequence[Column],
    dialect: str,
    new_dialect: str | None = None,
    renamed: Mapping[str, str] | None = None,
) -> list[Alteration]:
    """Say what `new` changes in `old`: first what is gone, in the old order, then the rest in the new one.

    Args:
        old: the columns before.
        new: the columns now.
        dialect: sqlglot's name of the dialect of the types.
        new_dialect: that of the new side, where it is another.
        renamed: columns by the names that they had before, declared by ``renamed_from``: {new: old}.
    """
    renames = _renames(old, new, renamed or {})
    to = {before.name: now.name for before, now in renames}
    change = compare([replace(c, name=to.get(c.name, c.name)) for c in old], new, dialect, new_dialect)
    found = [Alteration(c.name, "removed", c.type, None) for c in change.missing]
    rest = [Alteration(now.name, "renamed", before.type, now.type, before.name) for before, now in renames]
    rest += [Alteration(c.name, "added", None, c.type) for c in change.added]
    rest += [Alteration(c.new.name, "widened", c.old.type, c.new.type) for c in change.widened]
    rest += [Alteration(c.new.name, "narrowed", c.old.type, c.new.type) for c in change.narrowed]
    rest += [Alteration(c.new.name, "changed", c.old.type, c.new.type) for c in change.changed]
    place = {column.name: number for number, column in enumerate(new)}
    return found + sorted(rest, key=lambda a: place[a.column])


def _renames(old: Sequence[Column], new: Sequence[Column], renamed: Mapping[str, str]) -> list[tuple[Column, Column]]:
    """The columns that have another name now, as they were and as they are: the old name is gone, the new one new."""
    before, after = columns_by_name(old), columns_by_name(new)
    names = [(was.casefold(), name.casefold()) for name, was in renamed.items()]
    return [
        (before[was], after[name])
        for was, name in names
        if was in before and was not in after and name in after and name not in before
    ]
