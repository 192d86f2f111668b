"""The greatest value that a model incremental by key has seen: as SQL, as a Python value, less its lookback."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from interlace.errors import InvalidModel, Location, UsageError, did_you_mean
from interlace.schema.moments import moment_kind, moment_text, moment_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation
    from interlace.run.task import Portion, Task
    from interlace.schema.moments import MomentKind

__all__ = ["Cursor", "cursor_of", "drop_known", "greatest", "guarded", "incremental_column", "range_cursor"]


class Cursor(NamedTuple):
    """Where new rows begin.

    Attributes:
        sql: a literal of the column's type; None at first.
        value: the same for Python.
    """

    sql: str | None
    value: object


def cursor_of(task: Task, recorded: str | None) -> Cursor:
    """The recorded value less the lookback, of the type that the column has in the table.

    Raises:
        InvalidModel: nothing can be subtracted from a value of this type.
    """
    if recorded is None or task.standing is None:
        return Cursor(None, None)
    column = incremental_column(task, task.standing.columns)
    value = _value(recorded, column.type, task.connection.dialect)
    lookback = _lookback(task)
    if not lookback:
        return Cursor(_literal(recorded, column), value)
    value = _less(value, lookback, column.type, task)
    return Cursor(_literal(_text(value), column), value)


def range_cursor(task: Task, since: datetime) -> Cursor:
    """The beginning of a range that a command asks for, of the type that the column has in the table.

    Args:
        since: in the project's time zone.

    Raises:
        UsageError: the column holds no times.
    """
    column = incremental_column(task, task.standing.columns) if task.standing is not None else None
    kind: MomentKind | None = moment_kind(column.type) if column is not None else "zoned"
    if kind is None:
        raise UsageError(
            f"{task.name} is incremental by the key {_named(column)!r}, which is no time: --since and --until mean nothing there",
            hint=f"Leave it out: -x {task.name}",
            model=task.name,
        )
    return Cursor(f"CAST({_quoted(moment_text(since, kind))} AS {moment_type(kind)})", since)


def incremental_column(task: Task, columns: Iterable[Column]) -> Column:
    """The column that ``incremental`` names.

    Raises:
        InvalidModel: there is none, or it holds no times although it must: names the nearest column.
    """
    incremental = task.model.incremental
    assert incremental is not None  # noqa: S101  only incremental models are asked
    known = {c.name.casefold(): c for c in columns}
    column = known.get(incremental.column.casefold())
    if column is None:
        near = did_you_mean(incremental.column, [c.name for c in known.values()], label="Columns")
        raise _invalid(task, f"{task.name} has no column {incremental.column!r}, which its 'incremental' names", near)
    if incremental.by == "key":
        return column
    kind = moment_kind(column.type)
    if kind is None:
        message = f"{task.name} is incremental by datetime, and its column {column.name!r} is {column.type}"
        raise _invalid(task, message, "Cast it to TIMESTAMP or DATE in the model, or use 'by: key'.")
    if kind == "date" and incremental.grain == "hour":
        message = f"{task.name} is incremental by the hour, and its column {column.name!r} is a DATE"
        raise _invalid(task, message, "Use 'grain: day', or a column with times.")
    return column


def guarded(session: Session, query: str, portion: Portion, task: Task) -> str:
    """The rows of a query from the cursor on.

    The value itself is taken again where a key tells its rows from new ones: another row may have come with it late.
    """
    assert task.standing is not None  # noqa: S101  there is no cursor without a table
    column = incremental_column(task, task.standing.columns)
    operator = ">=" if task.model.key else ">"
    return f"SELECT * FROM ({query}\n) AS source WHERE {session.quote(column.name)} {operator} {portion.cursor}"


def drop_known(session: Session, staged: Relation, portion: Portion, task: Task) -> None:
    """Drop the staged rows that are before the cursor, or that have no value; see `guarded`."""
    name = session.quote(incremental_column(task, session.columns(staged)).name)
    operator = "<" if task.model.key else "<="
    known = f"{name} {operator} {portion.cursor} OR {name} IS NULL"
    session.execute(f"DELETE FROM {session.name(staged)} WHERE {known}")


def greatest(session: Session, staged: Relation, task: Task, recorded: str | None) -> str | None:
    """The greatest value among the loaded rows, as text; None where none is greater than the recorded one."""
    column = incremental_column(task, session.columns(staged))
    name = session.quote(column.name)
    above = f" WHERE {name} > {_literal(recorded, column)}" if recorded is not None else ""
    rows = session.fetch(f"SELECT CAST(max({name}) AS VARCHAR) FROM {session.name(staged)}{above}")
    return rows[0][0]  # type: ignore[no-any-return]


def _named(column: Column | None) -> str:
    return column.name if column is not None else ""


def _lookback(task: Task) -> int | float:
    return task.model.incremental.lookback if task.model.incremental is not None else 0


def _literal(text: str, column: Column) -> str:
    return f"CAST({_quoted(text)} AS {column.type})"


def _value(recorded: str, type_: str, dialect: str) -> object:
    kind = moment_kind(type_)
    if kind == "date":
        return date.fromisoformat(recorded)
    if kind is not None:
        return datetime.fromisoformat(recorded)
    from interlace.schema.sql_types import Fixed, Floating, Integer, parse_type

    match parse_type(type_, dialect):
        case Integer():
            return int(recorded)
        case Fixed():
            return Decimal(recorded)
        case Floating():
            return float(recorded)
    return recorded


def _less(value: object, lookback: float, type_: str, task: Task) -> object:
    match value:
        case datetime():
            return value - timedelta(seconds=lookback)
        case date():
            return value - timedelta(days=-(-lookback // 86400))
        case int() | float():
            return value - lookback
        case Decimal():
            return value - Decimal(str(lookback))
    message = f"{task.name} has a lookback, and nothing can be subtracted from its column of type {type_}"
    raise _invalid(task, message, "Leave 'lookback' out, or use a number or a time.")


def _text(value: object) -> str:
    return value.isoformat(sep=" ") if isinstance(value, datetime) else str(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _invalid(task: Task, message: str, hint: str) -> InvalidModel:
    where = Location(task.model.file, task.model.line)
    return InvalidModel(message, where=where, hint=hint or None, model=task.name)
