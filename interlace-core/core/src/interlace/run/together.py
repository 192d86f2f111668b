"""Several small models by one message to their server, inside the transaction that they share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlace.contracts.load import LoadCounts, Publish, Query
from interlace.errors import Defect
from interlace.run.attempt import Built, Loaded, judge, load_spec, located

if TYPE_CHECKING:
    from interlace.contracts.connection import Published, Session
    from interlace.run.attempt import Audit
    from interlace.run.task import Task

__all__ = ["MESSAGE", "built_of", "joins", "publication"]

MESSAGE: Final = 16
"""Models in one message: more gain next to nothing, and what waits in a message no other thread can take."""


def joins(task: Task) -> bool:
    """Whether a member of a group may wait for others: nothing but its own statement is between it and the next."""
    plain = task.replaces and task.materialiser.only_applies and not task.model.checks
    if not (plain and task.connection.capabilities.together) or task.copied_from is not None:
        return False
    in_the_way = task.standing is not None and task.standing.kind != task.materialiser.kind
    return not in_the_way


def publication(task: Task, session: Session, query: str) -> Publish:
    """The one step of a load that replaces its table."""
    (portion,) = task.portions
    (step,) = task.strategy.plan(load_spec(task, session, Query(query), portion)).steps
    if not isinstance(step, Publish):
        raise Defect(f"the plan of {task.name} is no publication")
    return step


def built_of(task: Task, session: Session, published: Published, audit: Audit, allow_empty: str) -> Built:
    """What was published, looked at as `interlace.run.attempt.build` does."""
    (portion,) = task.portions
    counts = LoadCounts(inserted=published.rows)
    with located(task):
        return judge(task, session, Loaded(counts), portion, audit, allow_empty, published.columns)
