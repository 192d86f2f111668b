"""The declared types of a model's columns, given to the rows of its query before they are loaded."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from interlace.contracts.applying import rows_text
from interlace.contracts.load import LoadPlan, Query, SchemaMode, Stage
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed
from interlace.run.auditing import drop_staged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from interlace.contracts.connection import Session
    from interlace.contracts.load import Examine, LoadCounts, Step
    from interlace.model.definition import Model
    from interlace.run.task import Task
    from interlace.schema.declared import DeclaredCasts

__all__ = ["Given", "as_declared", "cast_query", "casts_of", "declares", "planned", "put_aside"]


@dataclass(frozen=True, slots=True)
class Given:
    """The query of a load, its columns of the declared types.

    Attributes:
        query: names already physical.
        notices: what became of values that did not fit.
    """

    query: str
    notices: tuple[str, ...] = ()


def declares(model: Model) -> bool:
    """Whether a model declares types that its query's columns are cast to; a contract only judges."""
    return any(column.type is not None and not column.contract for column in model.columns)


def casts_of(model: Model, session: Session, query: str) -> DeclaredCasts | None:
    """The casts that a model's query needs, whose columns are asked for; None where it needs none.

    Raises:
        InvalidModel: ``schema_mode: strict``, and a type is another.
        QueryFailed: the database refuses the query.
    """
    if not declares(model):
        return None
    from interlace.schema.declared import declared_casts

    connection = session.connection
    mode = SchemaMode(model.schema_mode or SchemaMode.SAFE)
    return declared_casts(model.columns, session.describe(query), mode, connection.dialect, connection.capabilities)


def cast_query(query: str, casts: DeclaredCasts | None, session: Session) -> str:
    """A query that gives the declared types, whoever reads it: it fails at a value that does not fit."""
    return query if casts is None else _selected(Query(query), casts, session, guarded=True)


@contextmanager
def as_declared(task: Task, session: Session, query: str) -> Iterator[Given]:
    """The rows of a load in the declared types.

    Where no value can be lost the query is cast as it runs.  Elsewhere its rows are put aside first, so that it runs once
    and every value is looked at; what a view gives is looked at by its readers.

    Raises:
        LoadRefused: values do not fit; says which column, how many, and shows some.
        InvalidModel: see `casts_of`.
    """
    if task.materialiser.kind is None:
        yield Given(query)
        return
    casts = task.casts or casts_of(task.model, session, query)
    if casts is None or casts.lossless or task.materialiser.kind != "table":
        yield Given(cast_query(query, casts, session))
        return
    stage, examine = put_aside(task, query, casts)
    try:
        for statement in session.statements(stage):
            session.execute(statement)
        counts = _examined(session, examine, casts)
        yield Given(_selected(stage.relation, casts, session), counts.notices)
    finally:
        drop_staged(session, stage.relation)


def _examined(session: Session, examine: Examine, casts: DeclaredCasts) -> LoadCounts:
    try:
        return session.apply(LoadPlan((examine,), idempotent=True))
    except QueryFailed as error:
        # A server that cannot be asked whether a text is valid says which is not, and not of which column.
        error.hint = error.hint or f"The values do not fit: {casts.said()}."
        raise


def planned(task: Task, session: Session, query: str) -> tuple[tuple[Step, ...], str]:
    """What a load would do about declared types: the steps before it, and its query, for people."""
    casts = task.casts or casts_of(task.model, session, query)
    if casts is None:
        return (), query
    task.source_columns = casts.columns
    if casts.lossless:
        return (), cast_query(query, casts, session)
    stage, examine = put_aside(task, query, casts)
    return (stage, examine), _selected(stage.relation, casts, session)


def put_aside(task: Task, query: str, casts: DeclaredCasts) -> tuple[Stage, Examine]:
    """What is done before the rows of a query are loaded whose values may be lost."""
    assert task.relation is not None  # noqa: S101  what is loaded has one
    staged = Relation(f"__interlace_given_{task.name}")
    return Stage(staged, Query(query)), casts.examine(staged, task.relation)


def _selected(source: Query | Relation, casts: DeclaredCasts, session: Session, *, guarded: bool = False) -> str:
    dialect = session.connection.dialect
    columns = ", ".join(value.sql(dialect=dialect) for value in casts.select(guarded=guarded))
    return f"SELECT {columns} FROM {rows_text(session, source)}"
