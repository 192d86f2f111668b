"""Which columns move, where that is known: what an edited query changes, and what of it reaches its readers.  Pure.

A set of columns says that in every row all other columns are as they were, and that no row is new or gone; None says
that anything may be another.  Who compares queries and follows columns is `Facts.edits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from interlace.model.definition import SqlBody
from interlace.plan.steps import Change, Reason

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from interlace.contracts.state import ModelState
    from interlace.lineage.compare import QueryChange
    from interlace.model.definition import Model
    from interlace.plan.planner import Facts, Planned
    from interlace.plan.steps import Step

__all__ = ["NOBODY_KNOWS", "Columns", "Follows", "Moved", "parents_moved", "part_of", "with_readers"]

Columns = frozenset[str]
"""Names of columns in lower case."""

NONE: Final[Columns] = frozenset()

PARTIAL: Final = frozenset({"definition", "parent", "parent_runs"})
"""The reasons to build that may leave columns as they were; with any other one nobody knows."""

_SHOWN: Final = 3


class Follows(Protocol):
    """Compares queries and follows columns, when it is asked."""

    def edited(self, name: str, building: Container[str]) -> QueryChange | None:
        """What a model's new query changes; None where it is none, or nobody knows what it was.

        Args:
            name: of the model.
            building: the models that are built before it, so that their columns are those of their new queries.
        """

    def touched(self, name: str, changed: Mapping[str, Columns], building: Container[str]) -> Columns | None:
        """The columns of a model, as it was built last, that may be others because columns of its parents are.

        Args:
            name: of the model.
            changed: by parent the columns that may be others.
            building: as for `edited`.

        Returns:
            none where it reads nothing of them, None where anything may be another.
        """

    def close(self) -> None:
        """It is asked no more."""


class _NobodyKnows:
    def edited(self, *_: object) -> None:
        return None

    def touched(self, *_: object) -> None:
        return None

    def close(self) -> None:
        return None


NOBODY_KNOWS: Final[Follows] = _NobodyKnows()
"""Of every model anything may be another."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a model's parents since it read them.

    Attributes:
        reasons: to build it again.
        columns: its own that may be others because of that.
        parents: by parent of which it is known the columns that moved, whether the model reads any of them or not.
        spared: the parents among them of which it reads none.
    """

    reasons: tuple[Reason, ...] = ()
    columns: Columns | None = NONE
    parents: Mapping[str, Columns] = field(default_factory=dict)
    spared: Columns = NONE

    def rest(self, planned: Planned) -> tuple[Reason, ...]:
        """Why a model need not run whose parents moved."""
        now = sorted(p for p in self.spared if p in planned.moving)
        before = sorted(p for p in self.spared if p not in planned.moving)
        said = [("changes", now)] if now else []
        said += [("changed", before)] if before else []
        return tuple(
            Reason("columns", f"it reads nothing of what {verb} in {self._of(parents)}", tuple(parents))
            for verb, parents in said
        )

    def _of(self, parents: Sequence[str]) -> str:
        return ", ".join(f"{p} ({_names(sorted(self.parents[p]))})" if self.parents[p] else p for p in parents)


def parents_moved(model: Model, state: ModelState, facts: Facts, planned: Planned) -> Moved:
    """Compare what a model read with what it would read now."""
    now = planned.versions.read_by(model.name)
    running = tuple(p for p in now if p in planned.moving)
    moved = tuple(p for p, version in now.items() if p not in planned.moving and state.parents.get(p) != version)
    gone = tuple(p for p in state.parents if p not in now)
    if not (running or moved or gone):
        return Moved()
    known = _known((*running, *moved), state, planned)
    touched = facts.edits.touched(model.name, known, planned.moving) if known else NONE
    spared = frozenset(known) if touched == NONE else NONE
    reasons = _reasons([*(p for p in moved if p not in spared), *gone], [p for p in running if p not in spared])
    others = any(p not in known for p in (*running, *moved) if p in state.parents)
    if not _is_edited(model, state, facts):
        others = others or bool(gone) or any(p not in state.parents for p in (*running, *moved))
    return Moved(reasons, None if others else touched, known, spared)


def _known(parents: Iterable[str], state: ModelState, planned: Planned) -> dict[str, Columns]:
    """The columns that moved of each parent since the model read it, of the parents of which that is known."""
    found = {}
    for parent in parents:
        read = state.parents.get(parent)
        before = None if read is None else planned.versions.since(parent, read)
        moving = planned.moving.get(parent, NONE)
        if before is not None and moving is not None:
            found[parent] = before | moving
    return found


def _is_edited(model: Model, state: ModelState, facts: Facts) -> bool:
    """Whether its own query, which is compared with what it was, tells of parents that are new or gone."""
    return state.fingerprint is not None and state.fingerprint.data != facts.fingerprints[model.name]


def _reasons(moved: Sequence[str], running: Sequence[str]) -> tuple[Reason, ...]:
    reasons = []
    if moved:
        reasons.append(Reason("parent", f"{_names(moved)} changed since", tuple(moved)))
    if running:
        reasons.append(Reason("parent_runs", f"{_names(running)} runs", tuple(running)))
    return tuple(reasons)


def part_of(
    model: Model, reasons: Iterable[Reason], moved: Moved, facts: Facts, planned: Planned
) -> tuple[Columns | None, Change | None]:
    """The columns that a build moves, and what is to be said of an edited query."""
    codes = {r.code for r in reasons}
    partial = codes <= PARTIAL and _is_replaced(model, facts)
    if "definition" not in codes:
        return (_in_order(model, moved.columns) if partial else None), None
    edited = facts.edits.edited(model.name, planned.moving)
    if edited is None:
        return None, None
    columns = None
    if partial and edited.columns is not None and moved.columns is not None:
        columns = _in_order(model, edited.columns | moved.columns)
    return columns, Change("breaking", edited.columns, edited.added, edited.removed, edited.why)


def _in_order(model: Model, columns: Columns | None) -> Columns | None:
    """The columns, unless they are what the rows are ordered by."""
    return None if columns is None or any(c.casefold() in columns for c in model.cluster_by) else columns


def _is_replaced(model: Model, facts: Facts) -> bool:
    """Whether the rows of a model are just what its query gives, and the same ones while nothing moves."""
    if not isinstance(model.body, SqlBody) or model.body.volatile or model.incremental or model.files:
        return False
    if model.pre or model.post or any("on_failure" in check.options for check in model.checks):
        return False
    kind = facts.kinds[model.materialise]
    if kind.relation == "view":
        return True
    word = "replace" if model.strategy is None else model.strategy.name
    return kind.relation == "table" and kind.uses_strategy and word == "replace"


def with_readers(steps: Iterable[Step], facts: Facts, planned: Planned) -> list[Step]:
    """Steps that say of an edited query whether it breaks readers, and which need not run."""
    made = list(steps)
    building = {s.model for s in made if s.action == "build"}
    return [s if s.change is None else replace(s, change=_judged(s.change, s, building, facts, planned)) for s in made]


def _judged(change: Change, step: Step, building: set[str], facts: Facts, planned: Planned) -> Change:
    if change.columns is None:
        return change
    moved = {step.model: change.columns}
    harmless = change.columns <= {c.casefold() for c in change.added} or all(
        facts.edits.touched(child, moved, planned.moving) == NONE for child in facts.graph.children(step.model)
    )
    spared = () if step.columns is None else tuple(n for n in _below(step.model, facts) if n not in building)
    return replace(change, kind="non_breaking" if harmless else "breaking", spared=spared)


def _below(name: str, facts: Facts) -> list[str]:
    """The selected models with a relation that read a model, at first hand or through others; parents first."""
    found: set[str] = set()
    pending = list(facts.graph.children(name))
    while pending:
        at = pending.pop()
        if at not in found:
            found.add(at)
            pending.extend(facts.graph.children(at))
    return [n for n in facts.graph.order() if n in found and n in facts.selected and n in facts.relations]


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
