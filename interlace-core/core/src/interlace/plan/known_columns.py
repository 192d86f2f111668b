"""Which columns move, where that is known: what an edited query changes, and what of it reaches its readers.  Pure.

A set of columns says that in every row all other columns are as they were, and that no row is new or gone; None says
that anything may be another.  Who compares queries and follows columns is `Facts.edits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Protocol

from interlace.model.definition import Model, SqlBody
from interlace.plan.steps import Change, Reason
from interlace.plan.versions import made_in, read_in, unfold

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from interlace.contracts.state import ModelState
    from interlace.lineage.compare import QueryChange
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
    """Compares queries and follows columns, when it is asked; what is inlined is part of a query."""

    def edited(self, name: str, building: Container[str]) -> QueryChange | None:
        """What a model's new query changes, or what is inlined into it; None where nobody knows what it was.

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
        parents: by parent of which it is known the columns that moved, whether the model reads any of them or not;
            and by what is read through parents that are inlined.
        spared: the parents among them of which it reads none.
        inlined: whether its own definition is as it was, but not those of models that are inlined into it.
        shown: what it is said of that the model reads nothing of it.
    """

    reasons: tuple[Reason, ...] = ()
    columns: Columns | None = NONE
    parents: Mapping[str, Columns] = field(default_factory=dict)
    spared: Columns = NONE
    inlined: bool = False
    shown: Columns = NONE

    def rest(self, planned: Planned) -> tuple[Reason, ...]:
        """Why a model need not run whose parents moved."""
        now = sorted(p for p in self.shown if p in planned.moving)
        before = sorted(p for p in self.shown if p not in planned.moving)
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
    known, others = _read_through(model, state, now, facts, planned)
    edited = not _is_edited(model, state, facts) and made_in(state.parents) != made_in(now)
    touched = facts.edits.touched(model.name, known, planned.moving) if known else NONE
    same = not edited or _is_same(model, facts, planned)
    inlined = [p for p in (*running, *moved) if unfold(now[p]) is not None]
    spared = frozenset(p for p in (*running, *moved) if p in known) if touched == NONE else NONE
    shown = spared
    if touched == NONE and same and not others:
        spared |= frozenset(inlined)
        other = {p for p in inlined if _is_another(state.parents.get(p), now[p])}
        shown |= other | {p for i in inlined for p in read_in({i: now[i]}) if p in known}
    others_read = (frozenset(now) ^ frozenset(state.parents)) if _is_edited(model, state, facts) else NONE
    moved = (*(p for p in moved if p not in spared), *gone)
    reasons = _reasons(moved, [p for p in running if p not in spared], others_read, gone)
    parents = {**dict.fromkeys(inlined, NONE), **known} if not others else known
    return Moved(reasons, None if others else touched, parents, spared, edited, shown or spared)


def _read_through(
    model: Model, state: ModelState, now: Mapping[str, str], facts: Facts, planned: Planned
) -> tuple[dict[str, Columns], bool]:
    """The columns that moved of what a model reads, through what is inlined, where that is known; and whether more moved."""
    read, reads = read_in(state.parents), read_in(now)
    moved = [p for p, version in reads.items() if p in planned.moving or read.get(p) != version]
    known = _known(moved, read, planned)
    others = any(p not in known for p in moved if p in read)
    if not _is_edited(model, state, facts) and made_in(state.parents) == made_in(now):
        others = others or any(p not in reads for p in read) or any(p not in read for p in moved)
    return known, others


def _is_same(model: Model, facts: Facts, planned: Planned) -> bool:
    """Whether the models that are inlined are others, and what comes out is not."""
    edited = facts.edits.edited(model.name, planned.moving)
    return edited is not None and edited.columns == NONE


def _is_another(before: str | None, now: str) -> bool:
    """Whether the definition of an inlined model is another, or of one that is inlined into it."""
    was, is_now = unfold(before), unfold(now)
    return was is None or is_now is None or was.made != is_now.made


def _known(parents: Iterable[str], were: Mapping[str, str], planned: Planned) -> dict[str, Columns]:
    """The columns that moved of each parent since the model read it, of the parents of which that is known."""
    found = {}
    for parent in parents:
        read = were.get(parent)
        before = None if read is None else planned.versions.since(parent, read)
        moving = planned.moving.get(parent, NONE)
        if before is not None and moving is not None:
            found[parent] = before | moving
    return found


def _is_edited(model: Model, state: ModelState, facts: Facts) -> bool:
    """Whether its own query, which is compared with what it was, tells of parents that are new or gone."""
    return state.fingerprint is not None and state.fingerprint.data != facts.fingerprints[model.name]


def _reasons(
    moved: Sequence[str], running: Sequence[str], others: Container[str], gone: Container[str]
) -> tuple[Reason, ...]:
    """Why to build a model whose parents moved; those which only its new definition reads, or does no more, are told apart."""
    said = [
        ("parent", "{} changed since", [p for p in moved if p not in others]),
        ("parent", "it reads {} now", [p for p in moved if p in others and p not in gone]),
        ("parent", "it reads {} no more", [p for p in moved if p in others and p in gone]),
        ("parent_runs", "{} runs" if len(running) == 1 else "{} run", running),
    ]
    return tuple(Reason(code, words.format(_names(names)), tuple(names)) for code, words, names in said if names)


def part_of(
    model: Model, reasons: Iterable[Reason], moved: Moved, facts: Facts, planned: Planned
) -> tuple[Columns | None, Change | None]:
    """The columns that a build moves, and what is to be said of an edited query."""
    codes = {r.code for r in reasons}
    partial = codes <= PARTIAL and _is_replaced(model, facts)
    if "definition" not in codes and not moved.inlined:
        return (_in_order(model, moved.columns) if partial else None), None
    edited = facts.edits.edited(model.name, planned.moving)
    if edited is None:
        return None, None
    if moved.inlined and edited.columns == NONE:
        return (_in_order(model, moved.columns) if partial else None), None
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
        facts.edits.touched(child, moved, planned.moving) == NONE for child in _readers(step.model, facts)
    )
    spared = () if step.columns is None else tuple(n for n in _below(step.model, facts) if n not in building)
    return replace(change, kind="non_breaking" if harmless else "breaking", spared=spared)


def _readers(name: str, facts: Facts) -> set[str]:
    """The models that read a model, through those that are inlined."""
    found: set[str] = set()
    pending = list(facts.graph.children(name))
    seen: set[str] = set()
    while pending:
        at = pending.pop()
        node = facts.graph.nodes[at]
        if isinstance(node, Model) and facts.kinds[node.materialise].inlined:
            pending += [] if at in seen else facts.graph.children(at)
            seen.add(at)
        else:
            found.add(at)
    return found


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
