"""How the columns of a batch differ from those of the table that it goes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlace.contracts.relation import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["ColumnChange", "SchemaChange", "columns_by_name", "compare"]


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A column that both sides have, with different types."""

    old: Column
    new: Column


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What the new columns change in the old ones.  The order of columns changes nothing.

    Attributes:
        added: columns that only the new side has.
        missing: columns that only the old side has.
        widened: the new type holds each value of the old one, exactly.
        narrowed: the old type holds each value of the new one.
        changed: neither holds the other.
    """

    added: tuple[Column, ...] = ()
    missing: tuple[Column, ...] = ()
    widened: tuple[ColumnChange, ...] = ()
    narrowed: tuple[ColumnChange, ...] = ()
    changed: tuple[ColumnChange, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.missing or self.widened or self.narrowed or self.changed)


@dataclass(slots=True)
class _Sorting:
    widened: list[ColumnChange] = field(default_factory=list)
    narrowed: list[ColumnChange] = field(default_factory=list)
    changed: list[ColumnChange] = field(default_factory=list)


def columns_by_name(columns: Iterable[Column]) -> dict[str, Column]:
    """Columns by their names in lower case; of two that differ only by case the first."""
    found: dict[str, Column] = {}
    for column in columns:
        found.setdefault(column.name.casefold(), column)
    return found


def compare(old: Iterable[Column], new: Iterable[Column], dialect: str, new_dialect: str | None = None) -> SchemaChange:
    """Say what `new` changes in `old`; names are compared without case, types by their meaning in the dialect.

    Args:
        old: the columns of the table.
        new: the columns of the batch.
        dialect: sqlglot's name of the dialect that both sides' types are written in.
        new_dialect: that of the new side's types, where it is another.
    """
    before, after = columns_by_name(old), columns_by_name(new)
    sorted_ = _sort_types(before, after, (dialect, new_dialect or dialect))
    return SchemaChange(
        added=tuple(column for name, column in after.items() if name not in before),
        missing=tuple(column for name, column in before.items() if name not in after),
        widened=tuple(sorted_.widened),
        narrowed=tuple(sorted_.narrowed),
        changed=tuple(sorted_.changed),
    )


def _sort_types(before: Mapping[str, Column], after: Mapping[str, Column], dialects: tuple[str, str]) -> _Sorting:
    found = _Sorting()
    for name, old in before.items():
        new = after.get(name)
        if new is None or (new.type == old.type and len(set(dialects)) == 1):
            continue
        _sort(ColumnChange(old, new), found, dialects)
    return found


def _sort(change: ColumnChange, found: _Sorting, dialects: tuple[str, str]) -> None:
    from interlace.schema.sql_types import folded, parse_type
    from interlace.schema.widening import widens

    old, new = parse_type(change.old.type, dialects[0]), parse_type(change.new.type, dialects[1])
    if folded(old) == folded(new):
        return
    if widens(old, new):
        found.widened.append(change)
    elif widens(new, old):
        found.narrowed.append(change)
    else:
        found.changed.append(change)
