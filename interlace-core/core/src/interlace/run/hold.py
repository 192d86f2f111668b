"""``run --hold``: what is built goes beside its target, is checked there, compared with what is published, and waits.

Models of the same run read what was staged.  `release` publishes it, `discard` drops it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from interlace.contracts.relation import Relation, RelationInfo
from interlace.contracts.state import HeldRecord
from interlace.errors import UnsupportedCapability
from interlace.run.adhoc import compiled
from interlace.run.difference import difference
from interlace.run.intent import encode

if TYPE_CHECKING:
    from interlace.contracts.state import StateSnapshot
    from interlace.run.recording import Done
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["PREFIX", "Holding", "relation_from", "relation_text"]

PREFIX: Final = "__interlace_held_"
LONGEST: Final = 63
"""Bytes of a name on PostgreSQL."""


class Holding:
    """What one run stages.

    Args:
        run: its id.

    Attributes:
        relations: where each model that the run builds is staged.
    """

    def __init__(self, run: str) -> None:
        self._run = run
        self._done: dict[str, list[Done]] = {}
        self.relations: dict[str, Relation] = {}

    def staged(self, tasks: dict[str, Task]) -> dict[str, Task]:
        """The tasks of a run, made to write beside their targets; what is only checked or exported again is left out.

        Raises:
            UnsupportedCapability: a model's strategy or materialisation cannot be held.
        """
        found = {}
        for name, task in tasks.items():
            if task.step.action != "build":
                continue
            if task.relation is None or not task.materialiser.kind or not task.strategy.writes:
                raise UnsupportedCapability(
                    f"{name} publishes nothing that could be held back", hint="Leave it out: -x"
                )
            found[name] = self._staged(task)
        return {name: replace(t, parents=tuple(p for p in t.parents if p in found)) for name, t in found.items()}

    def keep(self, done: Done) -> None:
        """Take what was staged, instead of recording it."""
        self._done.setdefault(done.task.name, []).append(done)

    def drop(self, tasks: Mapping[str, Task]) -> None:
        """Drop what was staged, what reads another first: the run failed."""
        for task in (tasks[name] for name in reversed(self._done)):
            if task.relation is not None:
                session = task.connection.session()
                try:
                    session.drop(task.relation, task.materialiser.kind or "table")
                finally:
                    session.close()

    def records(self, tasks: Mapping[str, Task], view: View, state: StateSnapshot) -> tuple[HeldRecord, ...]:
        """What waits for its release, each compared with what is published."""
        return tuple(self._record(tasks[name], done, view, state) for name, done in self._done.items())

    def _staged(self, task: Task) -> Task:
        assert task.relation is not None  # noqa: S101  the caller looked
        staged = replace(task.relation, name=_staged_name(self._run, task.relation.name))
        self.relations[task.name] = staged
        keeps = task.standing is not None and task.standing.kind == "table" and task.materialiser.kind == "table"
        if task.standing is None or not keeps or task.replaces:
            return replace(task, relation=staged, standing=None, groupable=False, exports=())
        standing = RelationInfo(staged, "table", task.standing.columns)
        return replace(
            task,
            relation=staged,
            standing=standing,
            copied_from=task.copied_from or task.relation,
            groupable=False,
            exports=(),
        )

    def _record(self, task: Task, done: Sequence[Done], view: View, state: StateSnapshot) -> HeldRecord:
        target, staged = view.relations[task.name], self.relations[task.name]
        before = state.models.get(task.name)
        stands = before is not None and before.relation == str(target)
        session = task.connection.session()
        try:
            # A view reads what is published when it is released: there are no rows of its own to compare.
            found: dict[str, Any] = {}
            if task.materialiser.kind == "table":
                found = difference(session, target if stands else None, staged, task.model.key)
            else:
                found = {"definition": compiled(view, task.name)}
        finally:
            session.close()
        records = [replace(d.record, state=replace(d.record.state, relation=str(target))) for d in done]
        return HeldRecord(
            run=self._run,
            environment=view.environment,
            model=task.name,
            connection=task.connection.name,
            relation=relation_text(target),
            staged=relation_text(staged),
            at=datetime.now(UTC),
            base=before.data_version if before is not None else None,
            record=json.dumps([encode(view.environment, r).decode() for r in records]).encode(),
            difference=found,
        )


def relation_text(relation: Relation) -> str:
    """A relation as text that `relation_from` reads: names may hold dots."""
    return json.dumps([relation.name, relation.schema, relation.catalog])


def relation_from(text: str) -> Relation:
    """The relation that `relation_text` wrote."""
    return Relation(*json.loads(text))


def _staged_name(run: str, name: str) -> str:
    """A name that no other run and no other model gives, and that every engine can store."""
    mark = blake2b(f"{run}\0{name}".encode(), digest_size=6).hexdigest()
    kept = name.encode()[: LONGEST - len(PREFIX) - len(mark) - 1].decode(errors="ignore")
    return f"{PREFIX}{mark}_{kept}"
