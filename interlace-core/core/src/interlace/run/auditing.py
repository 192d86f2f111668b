"""The checks of a load: those of the batch before it is loaded, those of the table before it is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from interlace.contracts.load import Query, Stage
from interlace.contracts.relation import Column, Relation
from interlace.errors import ChecksFailed, InterlaceError
from interlace.run.check_words import on_batch

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.run.attempt import Built
    from interlace.run.audit import Audited
    from interlace.run.check_words import Part
    from interlace.run.task import Task

__all__ = ["Audit", "audit_batch", "audit_relation", "checks_batch", "drop_staged", "staged_batch"]


class Audit(Protocol):
    """Runs the checks of a task's model, or a part of them, on a relation."""

    def __call__(
        self, session: Session, relation: Relation, columns: Sequence[Column], task: Task, part: Part = "all"
    ) -> Audited:
        """What was found; see `interlace.run.audit`."""


def checks_batch(task: Task) -> bool:
    """Whether checks of the model are about a batch that is told from its table: the load keeps rows."""
    if task.replaces or not task.materialiser.uses_strategy or not task.strategy.writes:
        return False
    return any(on_batch(use) for use in task.model.checks)


@contextmanager
def staged_batch(task: Task, session: Session, query: str) -> Iterator[Relation]:
    """The rows of a query in a temporary relation, so that they can be checked before they are loaded."""
    staged = Relation(f"__interlace_{task.name}")
    for statement in session.statements(Stage(staged, Query(query))):
        session.execute(statement)
    try:
        yield staged
    finally:
        drop_staged(session, staged)


def drop_staged(session: Session, staged: Relation) -> None:
    """Drop a temporary relation, unless the transaction is dead, which takes it along."""
    try:
        session.drop(staged, "table")
    except InterlaceError:
        return


def audit_batch(task: Task, session: Session, staged: Relation, audit: Audit) -> Audited:
    """Run the checks of the batch; rows that they set aside are gone from it.

    Raises:
        ChecksFailed: one of them blocks.
    """
    found = audit(session, staged, session.columns(staged), task, "batch")
    _refuse_failed(task, found)
    return found


def audit_relation(task: Task, session: Session, built: Built, audit: Audit, batch: Audited | None = None) -> None:
    """Run the checks on the staged relation.

    Args:
        task: whose checks.
        session: the transaction of the load is open; none is where a published relation is checked.
        built: takes the results.
        audit: runs checks.
        batch: what was found in the batch already.

    Raises:
        ChecksFailed: one of severity ``error`` failed; the error's `checks` holds all results.
    """
    if task.relation is None or built.columns is None:
        return
    found = audit(session, task.relation, built.columns, task, "table" if checks_batch(task) else "all")
    _without(built, found.aside, task)
    found = batch.and_of(found) if batch is not None else found
    built.checks = found.checks
    built.warnings += [f"{c.name}: {c.message}" for c in found.checks if not c.passed and c.severity == "warn"]
    _refuse_failed(task, found)
    if task.step.action == "build":
        built.metrics = (*built.metrics, *found.metrics)
        if found.aside:
            built.counts = built.counts.plus({"rejected": found.aside})


def _without(built: Built, aside: int, task: Task) -> None:
    """Rows that were set aside from a table that is replaced were not inserted after all."""
    if not aside:
        return
    if built.rows is not None:
        built.rows -= aside
    if task.replaces and built.counts.inserted is not None:
        built.counts = built.counts.plus({"inserted": -aside})


def _refuse_failed(task: Task, found: Audited) -> None:
    failed = [c for c in found.checks if not c.passed and c.severity == "error"]
    if not failed:
        return
    said = "; ".join(f"{c.name}: {c.message}" for c in failed)
    error = ChecksFailed(f"{task.name} failed {len(failed)} of {len(found.checks)} checks: {said}")
    error.checks = tuple(found.checks)  # type: ignore[attr-defined]
    raise error
