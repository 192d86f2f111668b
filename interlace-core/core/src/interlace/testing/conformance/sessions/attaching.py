"""What is attached to a relation beside its rows: comments, indexes, constraints, grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.contracts.attachments import Attachments, Constraint, Index
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation


class AttachScenarios:
    """Scenarios of `attach`."""

    @requires("attachments")
    def test_what_is_declared_is_attached_and_may_be_attached_again(self, session: Session, orders: Relation) -> None:
        before = session.fetch(f"SELECT id, item FROM {session.name(orders)} ORDER BY id"), session.columns(orders)
        for _ in range(2):
            with session.transaction():
                session.attach(orders, "table", _wanted(session))

        assert before == (
            session.fetch(f"SELECT id, item FROM {session.name(orders)} ORDER BY id"),
            session.columns(orders),
        )

    @requires("attachments")
    def test_what_was_attached_may_be_declared_no_more(self, session: Session, orders: Relation) -> None:
        with session.transaction():
            session.attach(orders, "table", _wanted(session))
        with session.transaction():
            session.attach(orders, "table", Attachments())

        assert [orders] == list(session.catalogue([orders.schema]))


def _wanted(session: Session) -> Attachments:
    """As much as the engine attaches."""
    has = session.connection.capabilities.attachments
    comments = {"comment": "It's all \\ orders", "comments": {"id": 'Its "number"'}} if "comments" in has else {}
    indexes = (Index(("id",), unique=True), Index(("item", "id"))) if "indexes" in has else ()
    constraints = (Constraint(check="id > 0"), Constraint(unique=("id", "item"))) if "constraints" in has else ()
    return Attachments(indexes=indexes, constraints=constraints, grants=() if "grants" in has else None, **comments)  # type: ignore[arg-type]
