"""Performing a load plan: each step rendered by its session, in order, inside the transaction that is open."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from interlace.contracts.load import (
    AddColumn,
    AlterType,
    Change,
    Derive,
    Examine,
    Insert,
    Keep,
    LoadCounts,
    LoadPlan,
    Publish,
    Query,
    Rename,
    Stage,
    Step,
)
from interlace.contracts.relation import Relation
from interlace.errors import Defect, LoadRefused, UnsupportedCapability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlglot import exp

    from interlace.contracts.connection import Session
    from interlace.contracts.load import Refusal

__all__ = ["perform", "query_text", "rows_text", "statements"]

SAMPLE: Final = 10
"""How many rows a refusal shows."""

_TEXT: Final = frozenset({"VARCHAR", "TEXT", "character varying", "text"})


def perform(session: Session, plan: LoadPlan) -> LoadCounts:
    """Perform a plan's steps; see `Session.apply`."""
    counts = LoadCounts(same_columns=plan.keeps_columns).plus(plan.known)
    made: list[Relation] = []
    numbers: dict[str, Any] = {}
    for step in plan.steps:
        match step:
            case Examine():
                counts = _examine(session, step, counts, numbers)
                continue
            case Keep():
                _make_side_table(session, step)
            case Stage(relation=relation) | Derive(relation=relation):
                made.append(relation)
        changed: int | None = None
        for statement in session.statements(step):
            changed = session.execute(statement)
        _refuse_unexpected(session, step, changed, numbers)
        counts = _counted(step, changed, counts)
    for relation in reversed(made):
        session.drop(relation, "table")
    return counts


def statements(session: Session, step: Step) -> tuple[str, ...]:
    """The SQL of a step that engines agree on.

    Raises:
        UnsupportedCapability: only the engine itself knows how to do this step.
    """
    name = session.name
    match step:
        case AddColumn(target, column):
            return (f"ALTER TABLE {name(target)} ADD COLUMN {session.quote(column.name)} {column.type}",)
        case Rename(target, column, to):
            return (f"ALTER TABLE {name(target)} RENAME COLUMN {session.quote(column)} TO {session.quote(to)}",)
        case Insert(target, columns, source):
            names = ", ".join(session.quote(c) for c in columns)
            return (f"INSERT INTO {name(target)} ({names}) SELECT {names} FROM {rows_text(session, source)}",)
        case Change(expression) | Examine(expression):
            return (_sql(session, expression),)
        case Keep(target, query):
            names = ", ".join(session.quote(c) for c in _names(query))
            return (
                f"CREATE TABLE IF NOT EXISTS {name(target)} AS SELECT * FROM ({_sql(session, query)}) AS kept LIMIT 0",
                f"INSERT INTO {name(target)} ({names}) {_sql(session, query)}",
            )
        case Publish() | AlterType() | Stage() | Derive():
            raise UnsupportedCapability(f"{type(session).__name__} cannot do the step {type(step).__name__} of a load")


def query_text(session: Session, source: Query | Relation | exp.Query) -> str:
    """A source as a query."""
    match source:
        case Query(sql):
            return sql
        case Relation():
            return f"SELECT * FROM {session.name(source)}"
        case _:
            return _sql(session, source)


def rows_text(session: Session, source: Query | Relation | exp.Query) -> str:
    """A source as what may stand after ``FROM``.  The line break ends a comment that the query may end in."""
    if isinstance(source, Relation):
        return session.name(source)
    return f"({query_text(session, source)}\n) AS source"


def _sql(session: Session, expression: exp.Expr) -> str:
    return expression.sql(dialect=session.connection.dialect)


def _counted(step: Step, changed: int | None, counts: LoadCounts) -> LoadCounts:
    match step:
        case Publish() | Insert():
            return counts.plus({"inserted": changed})
        case Change(count=str(field)):
            return counts.plus({field: changed})
        case _:
            return counts


def _make_side_table(session: Session, step: Keep) -> None:
    """Make the table, and room in it for the rows."""
    session.execute(session.statements(step)[0])
    there = {column.name: column for column in session.columns(step.target)}
    for column in session.describe(_sql(session, step.query)):
        stored = there.get(column.name)
        change: Step | None = None
        if stored is None:
            change = AddColumn(step.target, column)
        elif stored.type not in {column.type, *_TEXT}:
            change = AlterType(step.target, column.name, "VARCHAR")
        for statement in session.statements(change) if change is not None else ():
            session.execute(statement)


def _refuse_unexpected(session: Session, step: Step, changed: int | None, numbers: dict[str, Any]) -> None:
    if not isinstance(step, Change) or step.expect is None or changed is None:
        return
    expected = int(numbers[step.expect.column] or 0)
    if changed != expected:
        raise _refused(session, step.expect, changed - expected)


def _examine(session: Session, step: Examine, counts: LoadCounts, numbers: dict[str, Any]) -> LoadCounts:
    row = dict(zip(_names(step.query), session.fetch(_sql(session, step.query))[0], strict=True))
    numbers.update(row)
    for refusal in step.refusals:
        if row[refusal.column]:
            raise _refused(session, refusal, int(row[refusal.column]))
    said = tuple(
        notice.message.format(count=f"{n:,}") for notice in step.notices if (n := int(row[notice.column] or 0))
    )
    return replace(counts.plus({name: int(row[name] or 0) for name in step.counts}), notices=(*counts.notices, *said))


def _refused(session: Session, refusal: Refusal, count: int) -> LoadRefused | Defect:
    message = refusal.message.format(count=f"{count:,}")
    if refusal.defect:
        return Defect(f"{message} Nothing was written.")
    sample = _sample(session, refusal.sample) if refusal.sample is not None else []
    shown = "".join(f"\n  {_row_text(row)}" for row in sample)
    return LoadRefused(f"{message} Nothing was written.{shown}", sample=sample, hint=refusal.hint)


def _sample(session: Session, query: exp.Query) -> list[dict[str, Any]]:
    names = _names(query)
    return [dict(zip(names, row, strict=True)) for row in session.fetch(_sql(session, query), SAMPLE)]


def _names(query: exp.Query) -> Sequence[str]:
    names: Iterator[str] = (select.alias_or_name for select in query.selects)
    return list(names)


def _row_text(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in row.items())
