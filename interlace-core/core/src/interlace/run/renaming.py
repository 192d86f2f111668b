"""Giving relations and the state the new names of their models, before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.load import LoadPlan, Publish
from interlace.errors import InvalidModel, QueryFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from interlace.contracts.connection import Session
    from interlace.contracts.state import StateStore
    from interlace.plan.renames import Move
    from interlace.run.view import View

__all__ = ["rename_models"]


def rename_models(view: View, store: StateStore, moves: Iterable[Move]) -> None:
    """Rename each relation in a transaction of its own, then the model in the state.

    Between the two a process may die: the relation is found under its new name the next time, and the state follows.

    Raises:
        InvalidModel: both relations are there.
        QueryFailed: the database refused, for example because the table has an index.
    """
    for move in moves:
        session = view.connection(view.models[move.new]).session()
        try:
            _rename(session, move)
        finally:
            session.close()
        store.rename_model(view.environment, move.old, move.new, str(move.target))


def _rename(session: Session, move: Move) -> None:
    there = {_key(session, relation) for relation in session.catalogue([move.source.schema, move.target.schema])}
    source, target = _key(session, move.source) in there, _key(session, move.target) in there
    if source and target:
        raise InvalidModel(
            f"{move.new} is renamed from {move.old}, but {move.target} is there beside {move.source}",
            hint="Drop the one that is to give way.",
            model=move.new,
        )
    if not source:
        return
    schema = move.target.schema
    if schema != move.source.schema and schema is not None:
        session.create_schema(schema)
    with session.transaction():
        try:
            _move(session, move)
        except QueryFailed as error:
            error.model = move.new
            error.hint = error.hint or (
                "A table with an index cannot be renamed on DuckDB: drop its indexes first."
                if session.connection.dialect == "duckdb"
                else None
            )
            raise


def _move(session: Session, move: Move) -> None:
    if move.source.schema == move.target.schema:
        kind = move.kind.upper()
        session.execute(f"ALTER {kind} {session.name(move.source)} RENAME TO {session.quote(move.target.name)}")
        return
    session.apply(LoadPlan((Publish(move.target, move.source),), idempotent=True))
    session.drop(move.source, move.kind)


def _key(session: Session, relation: object) -> tuple[str, str]:
    schema = getattr(relation, "schema", None) or session.connection.default_schema() or ""
    return schema.casefold(), getattr(relation, "name", "").casefold()
