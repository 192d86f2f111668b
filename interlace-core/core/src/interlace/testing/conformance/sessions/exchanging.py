"""Tables that take the places of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlace.contracts.exchange import Exchange
from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["ExchangeScenarios"]

NEW = "interlace_new"
KEPT = "interlace_kept"


class ExchangeScenarios:
    """Scenarios of `Session.exchange` and `Session.view_query`."""

    @requires("exchange")
    def test_a_table_takes_anothers_place_which_is_kept(self, session: Session, orders: Relation) -> None:
        built = _built(session)
        kept = Relation("orders", KEPT)
        with session.transaction():
            session.exchange([Exchange(orders, built, stands=True, kept=kept)])

        assert [(4, "plum", 7)] == session.fetch(f"SELECT * FROM {session.name(orders)}")
        assert [(1,), (2,), (3,)] == session.fetch(f"SELECT id FROM {session.name(kept)} ORDER BY id")
        assert {} == session.catalogue([NEW])

    @requires("exchange")
    def test_what_is_not_kept_is_gone(self, session: Session, orders: Relation) -> None:
        built = _built(session)
        with session.transaction():
            session.exchange([Exchange(orders, built, stands=True)])

        assert [orders] == list(session.catalogue([orders.schema]))
        assert {} == session.catalogue([NEW])

    @requires("exchange")
    def test_a_table_takes_a_place_where_nothing_stands(self, session: Session, schema: str | None) -> None:
        built = _built(session)
        target = Relation("orders", schema)
        with session.transaction():
            session.exchange([Exchange(target, built, stands=False)])

        assert [(4,)] == session.fetch(f"SELECT id FROM {session.name(target)}")

    @requires("exchange")
    def test_what_nothing_follows_is_put_aside(self, session: Session, orders: Relation) -> None:
        built = _built(session)
        kept = Relation("orders", KEPT)
        with session.transaction():
            session.exchange([Exchange(orders, None, stands=True, kept=kept)])

        assert {} == session.catalogue([orders.schema])
        assert [kept] == list(session.catalogue([KEPT]))
        assert [built] == list(session.catalogue([NEW]))

    @requires("exchange", "views")
    def test_views_on_it_read_the_new_table_and_others_are_made(
        self, session: Session, orders: Relation, schema: str | None
    ) -> None:
        built = _built(session)
        ids, amounts = Relation("ids", schema), Relation("amounts", schema)
        session.create_view(ids, f"SELECT id FROM {session.name(orders)}")
        with session.transaction():
            query = f"SELECT amount FROM {session.name(orders)}"
            session.exchange([Exchange(orders, built, stands=True)], {amounts: query})

        assert [(4,)] == session.fetch(f"SELECT * FROM {session.name(ids)}")
        assert [(7,)] == session.fetch(f"SELECT * FROM {session.name(amounts)}")

    @requires("exchange")
    def test_it_rolls_back_with_its_transaction(self, session: Session, orders: Relation) -> None:
        built = _built(session)
        with pytest.raises(QueryFailed), session.transaction():
            session.exchange([Exchange(orders, built, stands=True, kept=Relation("orders", KEPT))])
            session.execute("SELECT * FROM interlace_nowhere")

        assert [(1,), (2,), (3,)] == session.fetch(f"SELECT id FROM {session.name(orders)} ORDER BY id")
        assert [(4,)] == session.fetch(f"SELECT id FROM {session.name(built)}")
        assert {} == session.catalogue([KEPT])

    @requires("exchange", "views")
    def test_a_view_is_made_again_of_its_query(self, session: Session, orders: Relation, schema: str | None) -> None:
        view, again = Relation("shown", schema), Relation("again", schema)
        session.create_view(view, f"SELECT id AS {session.quote('AS it')} FROM {session.name(orders)}")
        session.create_view(again, session.view_query(view))

        assert ["AS it"] == [c.name for c in session.columns(again)]
        assert [(3,)] == session.fetch(f"SELECT count(*) FROM {session.name(again)}")


def _built(session: Session) -> Relation:
    """A table of one row and another column than that of ``orders``, in another schema."""
    session.create_schema(NEW)
    session.create_schema(KEPT)
    relation = Relation("orders", NEW)
    with session.transaction():
        query = Query("SELECT 4 AS id, 'plum' AS item, 7 AS amount")
        session.apply(LoadPlan((Publish(relation, query),), idempotent=True))
    return relation
