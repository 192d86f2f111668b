"""Queries outside a run: what a model compiles to, and questions in which models stand for their relations."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interlace.errors import InterlaceError, InvalidGraph, TimedOut, UsageError, did_you_mean
from interlace.model.definition import Model, SqlBody
from interlace.plan.compile import Compiled, compile_query
from interlace.run.compute import Compute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation
    from interlace.model.definition import Reference
    from interlace.run.view import View

__all__ = ["compiled", "compute_of", "query", "side_table"]

AGAIN = 0.2
"""Seconds between two attempts to stop a query whose time is over."""


def compiled(view: View, name: str) -> str:
    """The SQL of a SQL model as this environment runs it.

    Raises:
        UsageError: the model is no SQL model.
    """
    node = view.loaded.graph.nodes[name]
    if not isinstance(node, Model) or not isinstance(node.body, SqlBody):
        raise UsageError(f"{name} is a {node.kind}, it has no SQL")
    session = view.connection(node).session()
    try:
        return compute_of(view).query(node, session)
    finally:
        session.close()


def query(view: View, sql: str, connection: str | None, limit: int) -> tuple[tuple[Column, ...], list[tuple[Any, ...]]]:
    """Run one SELECT and give its columns and at most `limit` rows, or as many as the connection's ``adhoc`` allows.

    Raises:
        TimedOut: longer than ``adhoc.timeout``.
    """
    from interlace.model.sql_query import QueryReader

    target = view.loaded.connections.get(connection)
    body, _ = QueryReader(target.dialect).read(sql.strip().rstrip(";"), "query", 1)
    if (other := _elsewhere(view, body, target.dialect)) is not None:
        target = view.loaded.connections.get(other)
        body, _ = QueryReader(target.dialect).read(sql.strip().rstrip(";"), "query", 1)
    limits = view.loaded.config.connection(connection).policy.adhoc
    session = target.session()
    try:
        text = _text(view, body, session)
        with _within(limits.timeout, session):
            return session.describe(text), session.fetch(text, min(limit, limits.max_rows or limit))
    finally:
        session.close()


def _elsewhere(view: View, body: SqlBody, dialect: str) -> str | None:
    """The connection where all that a query reads was found, because it is not in its own; None for any other query."""
    if not view.elsewhere:
        return None
    places = set()
    for reference in body.references:
        try:
            name = view.loaded.graph.resolve(reference.parts, dialect)
        except InvalidGraph:
            return None
        places.add(view.elsewhere[name][0] if name in view.elsewhere else None)
    return places.pop() if len(places) == 1 else None


@contextmanager
def _within(limit: timedelta | None, session: Session) -> Iterator[None]:
    """Stop what the session runs when its time is over."""
    if limit is None:
        yield
        return
    done, over = threading.Event(), threading.Event()

    def stop() -> None:
        wait = limit.total_seconds()
        while not done.wait(wait):  # again and again: between two statements there is nothing to stop
            over.set()
            session.interrupt()
            wait = AGAIN

    watching = threading.Thread(target=stop, name="interlace-adhoc", daemon=True)
    watching.start()
    try:
        yield
    except InterlaceError as error:
        if not over.is_set():
            raise
        raise TimedOut(
            f"The query took longer than {limit.total_seconds():g} seconds, which is what the connection "
            f"{session.connection.name!r} allows.",
            hint="Ask for less, or raise 'timeout' under the connection's 'adhoc'.",
        ) from error
    finally:
        done.set()
        watching.join()


def side_table(view: View, word: str) -> tuple[Relation, str] | None:
    """The table of this name, or of ``schema.name``, that is kept beside a model's own, and its connection.

    Raises:
        UsageError: there is none; says the nearest.
    """
    from interlace.run.side_tables import side_tables, whose

    name = whose(word, view.relations)
    if name is None:
        return None
    session = view.connection(view.models[name]).session()
    try:
        beside = side_tables(view, session)
    finally:
        session.close()
    for relation in beside.values():
        if word.casefold() in {relation.name.casefold(), f"{relation.schema}.{relation.name}".casefold()}:
            return relation, session.connection.name
    there = [r.name for r in beside.values() if whose(r.name, [name]) is not None]
    raise UsageError(
        f"There is no {word!r} beside {name}. {did_you_mean(word, there, label='There are')}".rstrip(),
        hint="Such a table is made with the first row that it keeps.",
    )


def _text(view: View, body: SqlBody, session: Session) -> str:
    compute = compute_of(view)

    def stands(reference: Reference) -> Compiled:
        try:
            name = view.loaded.graph.resolve(reference.parts, session.connection.dialect)
        except InvalidGraph:
            return _as_written(view, reference, session)
        node = view.loaded.graph.nodes[name]
        if (there := view.connection_name(node)) != session.connection.name and name not in view.inlined:
            raise UsageError(
                f"{name} is on connection {there!r}, and the query runs on {session.connection.name!r}",
                hint=f"Ask there: --connection {there}.",
            )
        return compute.stand_in(name, session)

    return compile_query(body, stands, compute.variables, session.quote, "query")


def _as_written(view: View, reference: Reference, session: Session) -> str:
    """A relation that is no node may be looked at; a bare name that is close to a node's is a slip."""
    if len(reference.parts) > 1:
        return ".".join(session.quote(p) for p in reference.parts)
    from interlace.run.side_tables import side_tables

    beside = side_tables(view, session)
    if (found := beside.get(reference.parts[0].casefold())) is not None:
        return session.name(found)
    known = {**view.loaded.graph.nodes, **{relation.name: None for relation in beside.values()}}
    near = did_you_mean(reference.parts[0], known, label="Known")
    raise UsageError(f"there is no model or source {reference.parts[0]!r}", hint=near)


def compute_of(view: View) -> Compute:
    """What queries outside a run are made with."""
    return Compute(
        root=view.loaded.root,
        environment=view.environment,
        run="",
        at=datetime.now(UTC),
        graph=view.loaded.graph,
        inlined=view.inlined,
        relation=view.reads,
        connection=view.connection,
        variables={**view.variables, "run_id": ""},
        timezone=view.loaded.config.config.timezone,
    )
