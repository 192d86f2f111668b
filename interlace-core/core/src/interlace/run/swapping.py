"""Replacing a relation where DDL does not roll back: it is made beside the target, checked, and swapped in.

What stands at the target stays until everything is well, so a failing check or a killed process leaves yesterday's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from interlace.contracts.relation import Relation
from interlace.errors import InterlaceError

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.run.task import Task

__all__ = ["placed"]


@contextmanager
def placed(task: Task, session: Session) -> Iterator[Task]:
    """The same task; one that replaces a table is given a relation beside its own, swapped in when the block ends well."""
    if task.relation is None or not task.replaces:
        yield task
        return
    new = _beside(task.relation)
    session.drop(new, "table")
    try:
        yield replace(task, relation=new)
    except BaseException:
        _drop(session, new)
        raise
    session.swap(new, task.relation, task.standing.kind if task.standing is not None else None)


def _beside(target: Relation) -> Relation:
    """The name that a relation has until it is swapped in: one for each target, so that what a crash left is found."""
    return Relation(f"__interlace_new_{sha256(str(target).encode()).hexdigest()[:24]}", target.schema, target.catalog)


def _drop(session: Session, new: Relation) -> None:
    """Drop it, unless the transaction is dead: the next run does it then."""
    try:
        session.drop(new, "table")
    except InterlaceError:
        return
