"""Whether a relation that something else made has the columns that a model would give it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.load import Query
from interlace.model.definition import SqlBody
from interlace.run.adhoc import compute_of
from interlace.run.attempt import load_spec
from interlace.run.declaring import cast_query, casts_of
from interlace.run.parts import query_of
from interlace.schema.compare import compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from interlace.contracts.connection import Session
    from interlace.contracts.load import LoadPlan
    from interlace.contracts.relation import Column
    from interlace.run.task import Task
    from interlace.run.view import View

__all__ = ["Columns", "differences", "look_at"]


class Columns:
    """What a model gives, beside what stands.

    Attributes:
        given: the columns that it gives; None where nobody knows before it runs.
        why: why nobody knows.
        load: the next load into the table; None where nothing is loaded into what stands, or the columns are not known.
    """

    def __init__(self, given: tuple[Column, ...] | None, why: str = "", load: LoadPlan | None = None) -> None:
        self.given = given
        self.why = why
        self.load = load


def look_at(task: Task, session: Session, view: View, *, keeps: bool) -> Columns:
    """Ask for the columns of a model's query, and plan the next load with them.

    Args:
        keeps: whether the table keeps rows, so that the next load is into what stands.

    Raises:
        QueryFailed: the database refuses the query.
        InvalidModel: the next load is refused.
    """
    if not isinstance(task.model.body, SqlBody):
        return Columns(None, "its columns are known once it runs; only those that it declares were compared")
    if task.needs:
        return Columns(
            None, f"it reads {task.needs[0].name} on another connection; only declared columns were compared"
        )
    portion = task.portions[0]
    query = query_of(task, portion, session, compute_of(view))
    query = cast_query(query, task.casts or casts_of(task.model, session, query), session)
    given = task.source_columns or session.describe(query)
    load = task.strategy.plan(load_spec(task, session, Query(query), portion)) if keeps else None
    return Columns(given, load=load)


def differences(task: Task, found: Columns, *, keeps: bool) -> tuple[list[str], list[str]]:
    """What differs so that the relation cannot be adopted, and what differs and stays.

    A table that keeps rows may have columns that the model does not give.
    """
    assert task.standing is not None  # noqa: S101  only what stands is compared
    own = {name.casefold() for name in task.strategy.own_columns(task.options)} if keeps else set()
    stored = [c for c in task.standing.columns if c.name.casefold() not in own]
    given = found.given if found.given is not None else _declared(task, stored)
    change = compare(stored, given, task.connection.dialect)
    wrong = [f"{c.name} ({c.type}) is missing in the {task.standing.kind}" for c in change.added]
    wrong += [
        f"{c.old.name} is {c.old.type} in the {task.standing.kind} and {c.new.type} in the model"
        for c in (*change.widened, *change.narrowed, *change.changed)
    ]
    more = [f"{c.name} ({c.type})" for c in change.missing] if found.given is not None else []
    if more and not (keeps and task.model.schema_mode != "strict"):
        return [*wrong, *(f"{text} is not in the model" for text in more)], []
    kept = [f"keeps {', '.join(more)}, which the model does not give: NULL in new rows"] if more else []
    return wrong, [*kept, *_added(task, own)]


def _added(task: Task, own: set[str]) -> Iterator[str]:
    assert task.standing is not None  # noqa: S101  as above
    there = {c.name.casefold() for c in task.standing.columns}
    absent = [name for name in task.strategy.own_columns(task.options) if name.casefold() in own - there]
    if absent:
        yield f"the next load adds {', '.join(absent)}"


def _declared(task: Task, stored: Sequence[Column]) -> list[Column]:
    """The columns that a model declares with a type, and of the others those that are there."""
    from interlace.contracts.relation import Column

    there = {c.name.casefold(): c for c in stored}
    found = []
    for spec in task.model.columns:
        known = there.get(spec.name.casefold())
        found.append(Column(spec.name, spec.type or (known.type if known is not None else "any type")))
    return found
