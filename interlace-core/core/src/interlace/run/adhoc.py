"""Queries outside a run: what a model compiles to, and questions in which models stand for their relations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interlace.errors import Defect, InvalidGraph, UsageError, did_you_mean
from interlace.model.definition import Model, SqlBody
from interlace.plan.compile import Compiled, compile_query
from interlace.run.compute import Compute

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column
    from interlace.model.definition import Reference
    from interlace.run.view import View

__all__ = ["compiled", "compute_of", "query"]


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
    """Run one SELECT and give its columns and at most `limit` rows."""
    from interlace.model.sql_query import QueryReader

    target = view.loaded.connections.get(connection)
    body, _ = QueryReader(target.dialect).read(sql.strip().rstrip(";"), "query", 1)
    session = target.session()
    try:
        text = _text(view, body, session)
        return session.describe(text), session.fetch(text, limit)
    finally:
        session.close()


def _text(view: View, body: SqlBody, session: Session) -> str:
    compute = compute_of(view)

    def stands(reference: Reference) -> Compiled:
        try:
            name = view.loaded.graph.resolve(reference.parts, session.connection.dialect)
        except InvalidGraph:
            return _as_written(view, reference, session)
        return compute.stand_in(name, session)

    return compile_query(body, stands, compute.variables, session.quote, "query")


def _as_written(view: View, reference: Reference, session: Session) -> str:
    """A relation that is no node may be looked at; a bare name that is close to a node's is a slip."""
    if len(reference.parts) > 1:
        return ".".join(session.quote(p) for p in reference.parts)
    near = did_you_mean(reference.parts[0], view.loaded.graph.nodes, label="Known")
    raise UsageError(f"there is no model or source {reference.parts[0]!r}", hint=near)


def compute_of(view: View) -> Compute:
    """What queries outside a run are made with."""
    if not view.models:
        raise Defect("a project without models has nothing to compute")
    return Compute(
        root=view.loaded.root,
        environment=view.environment,
        run="",
        at=datetime.now(UTC),
        graph=view.loaded.graph,
        inlined=view.inlined,
        relation=view.relation,
        connection=view.connection,
        variables={**view.variables, "run_id": ""},
        timezone=view.loaded.config.config.timezone,
    )
