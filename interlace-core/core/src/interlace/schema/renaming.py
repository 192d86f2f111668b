"""Columns that a declaration gives another name: ``columns: {new: {renamed_from: old}}``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from interlace.contracts.load import Rename
from interlace.errors import InvalidModel, did_you_mean
from interlace.schema.compare import columns_by_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlace.contracts.relation import Column, Relation

__all__ = ["renames"]


def renames(
    target: Relation, columns: Sequence[Column], declared: Mapping[str, str]
) -> tuple[tuple[Rename, ...], tuple[Column, ...]]:
    """Say which columns of a table are renamed, and what its columns are then.

    A declaration whose new name is there and whose old one is not was carried out before: it changes nothing.

    Args:
        target: the table.
        columns: its columns now.
        declared: {new: old}; names are compared without case.

    Returns:
        the steps, in an order in which no name is taken when it is given; the columns after them.

    Raises:
        InvalidModel: both names are there, or neither is.
    """
    stored = columns_by_name(columns)
    due = _Due(target, stored, {new.casefold(): old.casefold() for new, old in declared.items()})
    waiting = {new: old for new, old in declared.items() if due(new.casefold())}
    steps: list[Rename] = []
    while waiting:
        free = [new for new in waiting if new.casefold() not in stored]
        new, old = free[0], waiting.pop(free[0])
        column = stored.pop(old.casefold())
        steps.append(Rename(target, column.name, new))
        stored[new.casefold()] = replace(column, name=new)
    return tuple(steps), _in_order(columns, stored, steps)


@dataclass(slots=True)
class _Due:
    """Whether a declared name is still to be given; names in lower case."""

    target: Relation
    stored: Mapping[str, Column]
    declared: Mapping[str, str]
    asking: list[str] = field(default_factory=list)

    def __call__(self, new: str) -> bool:
        old = self.declared[new]
        if new == old:
            return False
        there, before = new in self.stored, self._is_the_former(new, old)
        if there and before and not self._leaves(new):
            raise self._wrong(new, "both", f"Remove 'renamed_from', or drop the column {new!r} of the table first.")
        if not there and not before:
            known = [column.name for column in self.stored.values()]
            raise self._wrong(new, "neither of them", did_you_mean(old, known, label="Columns"))
        return before

    def _is_the_former(self, new: str, old: str) -> bool:
        """Whether the column of the old name is the one that is meant, not one that got this name in its turn."""
        if old not in self.stored or old not in self.declared:
            return old in self.stored
        if old in self.asking:
            raise InvalidModel(
                f"The columns of {self.target} cannot be renamed in a circle: {', '.join(sorted({*self.asking, new}))}",
                hint="Rename one of them to a name that is free, run, then rename the others.",
                model=self.target.name,
            )
        self.asking.append(new)
        try:
            return self(old) or self.declared[old] == old
        finally:
            self.asking.pop()

    def _leaves(self, name: str) -> bool:
        return name in self.declared.values()

    def _wrong(self, new: str, has: str, hint: str) -> InvalidModel:
        return InvalidModel(
            f"Column {new!r} of {self.target} says 'renamed_from: {self.declared[new]}', but the table has {has}",
            hint=hint,
            model=self.target.name,
        )


def _in_order(columns: Sequence[Column], stored: Mapping[str, Column], steps: Sequence[Rename]) -> tuple[Column, ...]:
    """The columns where they stood, by their new names."""
    now = {column.name.casefold(): column.name.casefold() for column in columns}
    for step in steps:
        origin = next(first for first, last in now.items() if last == step.column.casefold())
        now[origin] = step.to.casefold()
    return tuple(stored[now[column.name.casefold()]] for column in columns if now[column.name.casefold()] in stored)
