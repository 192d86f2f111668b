"""Which columns a publication moved, for readers that have not read it yet."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from interlace.plan.versions import read_in, unfold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlace.contracts.relation import Column
    from interlace.plan.versions import Versions
    from interlace.run.attempt import Built
    from interlace.run.task import Task

__all__ = ["is_spared", "since_of"]

KEPT: Final = 20
"""Older data versions of a model that are told apart; what read one before them reads it anew."""


def since_of(task: Task, version: str, built: Built, versions: Versions) -> Mapping[str, tuple[str, ...]]:
    """By older data version of a model the columns that moved since, once it is published with this version."""
    before = task.state
    if version == before.data_version:
        return before.since
    columns = _moved(task, built, versions)
    if columns is None or before.data_version is None:
        return {}
    moved = {before.data_version: columns, **{v: columns.union(c) for v, c in before.since.items()}}
    return {v: tuple(sorted(c)) for v, c in islice(moved.items(), KEPT)}


def is_spared(task: Task, parent: str, versions: Versions) -> bool:
    """Whether a task reads nothing of what moved in a parent: as planned, where no more moved than was planned."""
    return parent in task.step.spared and _as_planned(task, parent, versions)


def _as_planned(task: Task, parent: str, versions: Versions) -> bool:
    """Whether nothing moved in a parent since the task's model read it but what the plan takes to have moved."""
    before, now = task.state.parents, versions.of(parent)
    if before.get(parent) == now:
        return True
    if unfold(now) is not None and parent in before and parent not in task.step.parents:
        return False
    read = read_in(before)
    return all(_is_leaf_as_planned(task, leaf, read.get(leaf), versions) for leaf in read_in({parent: now}))


def _is_leaf_as_planned(task: Task, leaf: str, read: str | None, versions: Versions) -> bool:
    if read is None:
        return True  # another query brings it, and is compared with the one before
    moved = versions.since(leaf, read)
    return moved is not None and moved <= task.step.parents.get(leaf, frozenset())


def _moved(task: Task, built: Built, versions: Versions) -> frozenset[str] | None:
    """What the plan said that moves, where all went as it said."""
    planned = task.step.columns
    replaced = task.replaces or task.materialiser.kind == "view"
    if planned is None or not replaced or built.rows != task.state.rows:
        return None
    if not all(_as_planned(task, parent, versions) for parent in versions.read_by(task.name)):
        return None
    return planned if _fits(planned, task.state.columns, built.columns) else None


def _fits(planned: frozenset[str], before: Sequence[Column] | None, after: Sequence[Column] | None) -> bool:
    """Whether what became of the columns themselves is what was said of them."""
    if before is None or after is None:
        return False
    was = {c.name.casefold(): c.type for c in before}
    now = {c.name.casefold(): c.type for c in after}
    reshaped = {c for c in (*was, *now) if was.get(c) != now.get(c)}
    return reshaped <= planned and [c for c in was if c in now] == [c for c in now if c in was]
