"""Attaching to a relation what its model declares beside the query: indexes, constraints, grants, comments from descriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.attachments import Attachments
from interlace.errors import InvalidModel, Location, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Column
    from interlace.model.definition import Model
    from interlace.run.task import Task

__all__ = ["attach", "refuse_unsupported"]


def refuse_unsupported(model: Model, connection: Connection) -> None:
    """Refuse keys that the model's connection has nothing for.

    Raises:
        InvalidModel: names the key and the connection.
    """
    for key in ("indexes", "constraints", "grants"):
        if getattr(model, key) and key not in connection.capabilities.attachments:
            raise InvalidModel(
                f"{model.name} has the key {key!r}, and connection {connection.name!r} has no {key}",
                where=Location(model.file, model.line),
                hint=f"Leave {key!r} out, or put the model on a connection that has them, such as PostgreSQL.",
                model=model.name,
            )


def attach(task: Task, session: Session, columns: Sequence[Column]) -> None:
    """Make what is attached to the task's relation be what its model says, inside the open transaction.

    Raises:
        InvalidModel: an index or a constraint is about a column that is not there.
        QueryFailed: the database refused; the transaction is dead.
    """
    model, has = task.model, session.connection.capabilities.attachments
    if task.relation is None or not task.materialiser.kind or not task.strategy.writes or not has:
        return
    _refuse_unknown(model, columns)
    wanted = Attachments(
        indexes=model.indexes if "indexes" in has else (),
        grants=model.grants if "grants" in has else None,
        constraints=model.constraints if "constraints" in has else (),
        comment=model.description if "comments" in has else None,
        comments=_comments(model, columns) if "comments" in has else {},
    )
    session.attach(task.relation, task.materialiser.kind, wanted)


def _comments(model: Model, columns: Sequence[Column]) -> dict[str, str]:
    names = {column.name.casefold(): column.name for column in columns}
    said = {column.name.casefold(): column.description for column in model.columns}
    return {names[name]: text for name, text in said.items() if text and name in names}


def _refuse_unknown(model: Model, columns: Sequence[Column]) -> None:
    names = [column.name for column in columns]
    said = [("indexes", column) for index in model.indexes for column in index.columns]
    said += [("constraints", column) for constraint in model.constraints for column in constraint.unique]
    for key, column in said:
        if column not in names:
            raise InvalidModel(
                f"{model.name} has no column {column!r}, which its key {key!r} names",
                hint=did_you_mean(column, names, label="Columns"),
            )
