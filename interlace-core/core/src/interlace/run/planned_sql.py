"""The statements that a run would perform, for people: ``interlace plan --sql``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.load import Examine, Publish, Query
from interlace.errors import InterlaceError, QueryFailed
from interlace.model.definition import SqlBody
from interlace.run.adhoc import compute_of
from interlace.run.attempt import load_spec, located
from interlace.run.declaring import planned
from interlace.run.parts import from_cursor, query_of
from interlace.run.prepare import prepare

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.contracts.connection import Session
    from interlace.plan.planner import Facts
    from interlace.plan.steps import Plan
    from interlace.run.compute import Compute
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["planned_sql"]


def planned_sql(view: View, plan: Plan, facts: Facts, at: datetime) -> dict[str, tuple[str, ...]]:
    """The statements of each model that is to be built, in order; a comment where they are not known yet.

    The rows that a statement reads are not looked at.  A model whose parents were never built has no columns to plan with.
    """
    return {t.name: _of(t, view) for t in prepare(view, plan, facts, at).values() if t.step.action == "build"}


def _of(task: Task, view: View) -> tuple[str, ...]:
    if not isinstance(task.model.body, SqlBody):
        return ("-- rows come from Python; how they are loaded depends on their columns",)
    session = task.connection.session()
    try:
        if task.model.files is not None:
            return ("-- rows come from files; how they are loaded depends on their columns",)
        compute = compute_of(view)
        query = compute.query(task.model, session)
        if task.relation is None or not task.materialiser.uses_strategy:
            if task.relation is not None:
                query = compute.readable(task.model, session)
            return (f"-- {task.model.materialise} {task.relation or ''}".rstrip() + f"\n{query}",)
        with located(task):
            return _load(task, session, compute, query)
    except QueryFailed as error:
        return (f"-- its columns are known once what it reads is built ({_first_line(error)})",)
    finally:
        session.close()


def _load(task: Task, session: Session, compute: Compute, query: str) -> tuple[str, ...]:
    said: list[str] = []
    if task.copied_from is not None and task.relation is not None:
        said += session.statements(Publish(task.relation, task.copied_from))
    for portion in task.portions:
        try:
            before, own = planned(task, session, query_of(task, portion, session, compute))
            spec = load_spec(task, session, Query(from_cursor(session, own, portion, task)), portion)
        except QueryFailed as error:
            return (f"-- its columns are known once what it reads is built ({_first_line(error)})\n{query}",)
        for step in (*before, *task.strategy.plan(spec).steps):
            statements = session.statements(step)
            said += [f"-- {type(step).__name__.lower()}\n{s}" if isinstance(step, Examine) else s for s in statements]
    return tuple(said)


def _first_line(error: InterlaceError) -> str:
    return error.message.partition("\n")[0]
