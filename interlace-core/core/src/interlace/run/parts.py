"""The query of one load: the author's text with the part that it is about."""

from __future__ import annotations

from datetime import time
from typing import TYPE_CHECKING

from interlace.model.definition import SqlBody
from interlace.run.declaring import casts_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation
    from interlace.run.compute import Compute
    from interlace.run.taking import Taking
    from interlace.run.task import Portion, Task

__all__ = ["check_column", "drop_taken", "from_cursor", "is_within", "keep_from_cursor", "new_cursor", "query_of"]


def query_of(task: Task, portion: Portion, session: Session, compute: Compute) -> str:
    """The query of a SQL model for one load: ``$start`` and ``$end`` are of the type of the model's column.

    The columns of the query are asked for once, before the first load of a model.

    Raises:
        InvalidModel: the column that ``incremental`` names is not there, or holds no times.
    """
    if portion.files is not None:
        from interlace.run.taking import taken_query

        return taken_query(task, portion.files, session, compute)
    if task.model.incremental is None:
        return compute.query(task.model, session)
    if portion.interval is None or task.model.incremental.by == "key":
        return compute.query(task.model, session, {"cursor": portion.cursor or "NULL"})
    if task.source_columns is None:
        query = compute.query(task.model, session)
        task.casts = casts_of(task.model, session, query)
        task.source_columns = session.describe(query) if task.casts is None else task.casts.columns
        task.within = _stays_within(task, compute)
    return compute.query(task.model, session, _bounds(task, portion))


def is_within(task: Task, portion: Portion) -> bool:
    """Whether the query of a portion shows by its own text that it gives only rows of the interval.

    A date is cut to its day: that is the interval's bound only at midnight.
    """
    if not task.within or portion.interval is None or task.source_columns is None:
        return False
    from interlace.run.cursor import incremental_column
    from interlace.schema.moments import moment_kind

    bounds = (portion.interval.start, portion.interval.end)
    kind = moment_kind(incremental_column(task, task.source_columns).type)
    return kind is not None and (kind != "date" or all(at.time() == time() for at in bounds))


def _stays_within(task: Task, compute: Compute) -> bool:
    """Whether the text shows it, of a query that does not read the very rows that are replaced."""
    from interlace.run.within import stays_within

    assert isinstance(task.model.body, SqlBody)  # noqa: S101  only queries get here
    assert task.model.incremental is not None  # noqa: S101  as above
    read = set(compute.graph.references(task.name).values())
    if any(compute.relation(name) == task.relation for name in read):
        return False
    if task.casts is not None and task.model.incremental.column.casefold() in task.casts.casts:
        return False
    return stays_within(task.model.body, task.model.incremental.column, task.connection.dialect)


def _bounds(task: Task, portion: Portion) -> Mapping[str, str]:
    from interlace.run.cursor import incremental_column
    from interlace.schema.moments import moment_kind, moment_text, moment_type

    assert portion.interval is not None  # noqa: S101  the caller looked
    column = incremental_column(task, task.source_columns or ())
    kind = moment_kind(column.type) or "zoned"
    interval = portion.interval
    return {
        name: f"CAST('{moment_text(moment, kind)}' AS {moment_type(kind)})"
        for name, moment in (("start", interval.start), ("end", interval.end))
    }


def from_cursor(session: Session, query: str, portion: Portion, task: Task) -> str:
    """The rows of a query that are new to a model that is incremental by key: whatever its author filtered."""
    if portion.cursor is None or portion.interval is not None:
        return query
    from interlace.run.cursor import guarded

    return guarded(session, query, portion, task)


def keep_from_cursor(session: Session, staged: Relation, portion: Portion, task: Task) -> None:
    """Of staged rows keep those that are new, as `from_cursor` does of a query's."""
    if portion.cursor is None or portion.interval is not None:
        return
    from interlace.run.cursor import drop_known

    drop_known(session, staged, portion, task)


def new_cursor(session: Session, staged: Relation, portion: Portion, task: Task) -> str | None:
    """The greatest value that a load brought; None where it brought none that is greater, or saves none."""
    if not portion.saves_cursor:
        return None
    from interlace.run.cursor import greatest

    return greatest(session, staged, task, portion.seen)


def check_column(task: Task, columns: Sequence[Column]) -> None:
    """Look at the column that ``incremental`` names.

    Raises:
        InvalidModel: it is not there, or holds no times.
    """
    from interlace.run.cursor import incremental_column

    incremental_column(task, columns)


def drop_taken(taking: Taking, session: Session) -> None:
    """Drop the temporary relation with the rows of files, once they are loaded."""
    if taking.relation is not None:
        session.drop(taking.relation, "table")
