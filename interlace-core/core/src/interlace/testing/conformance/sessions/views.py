"""Views."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session


class ViewScenarios:
    """Scenarios of `create_view`."""

    @requires("views")
    def test_a_view_gives_the_rows_of_its_query(self, session: Session, orders: Relation) -> None:
        view = Relation("few", orders.schema)
        session.create_view(view, f"SELECT id FROM {session.name(orders)} WHERE id < 3")

        assert [(1,), (2,)] == session.fetch(f"SELECT id FROM {session.name(view)} ORDER BY id")

    @requires("views")
    def test_a_view_is_replaced_with_other_columns(self, session: Session, orders: Relation) -> None:
        view = Relation("few", orders.schema)
        session.create_view(view, f"SELECT id FROM {session.name(orders)}")
        session.create_view(view, f"SELECT item AS what FROM {session.name(orders)} WHERE id = 1")

        assert ["what"] == [c.name for c in session.columns(view)]
        assert [("apple",)] == session.fetch(f"SELECT * FROM {session.name(view)}")

    @requires("views")
    def test_a_view_is_in_the_catalogue_as_one(self, session: Session, orders: Relation) -> None:
        view = Relation("few", orders.schema)
        session.create_view(view, f"SELECT id FROM {session.name(orders)}")
        found = session.catalogue([orders.schema])

        assert {orders: "table", view: "view"} == {relation: info.kind for relation, info in found.items()}
        assert ["id"] == [c.name for c in found[view].columns]

    @requires("views")
    def test_a_dropped_view_is_gone_and_its_table_stays(self, session: Session, orders: Relation) -> None:
        view = Relation("few", orders.schema)
        session.create_view(view, f"SELECT id FROM {session.name(orders)}")
        session.drop(view, "view")
        session.drop(view, "view")

        assert [orders] == list(session.catalogue([orders.schema]))

    @requires("views")
    def test_a_view_survives_its_table_being_published_again(self, session: Session, orders: Relation) -> None:
        view = Relation("few", orders.schema)
        session.create_view(view, f"SELECT id FROM {session.name(orders)}")
        with session.transaction():
            session.apply(LoadPlan([Publish(orders, Query("SELECT 9 AS id, 'nine' AS item"))], idempotent=True))

        assert [(9,)] == session.fetch(f"SELECT id FROM {session.name(view)}")

    @requires("views", "transactional_ddl")
    def test_a_view_rolls_back(self, session: Session, orders: Relation) -> None:
        view = Relation("few", orders.schema)
        with contextlib.suppress(LookupError), session.transaction():
            session.create_view(view, f"SELECT id FROM {session.name(orders)}")
            raise LookupError

        assert [orders] == list(session.catalogue([orders.schema]))
