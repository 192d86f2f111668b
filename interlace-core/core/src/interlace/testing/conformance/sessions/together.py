"""Several tables by few messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlace.contracts.load import Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed, UnsupportedCapability
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session

__all__ = ["TogetherScenarios"]


class TogetherScenarios:
    """Scenarios of `Session.publish_together`."""

    @requires("together")
    def test_a_table_may_read_one_that_the_same_message_makes(
        self, session: Session, schema: str | None, orders: Relation
    ) -> None:
        first, second = Relation("first_of_two", schema), Relation("second_of_two", schema)
        with session.transaction():
            published = session.publish_together(
                [
                    Publish(first, Query(f"SELECT id FROM {session.name(orders)} -- all of them")),
                    Publish(second, Query(f"SELECT id + 1 AS next FROM {session.name(first)} WHERE id > 1")),
                ]
            )

        assert [3, 2] == [one.rows for one in published]
        assert [session.columns(first), session.columns(second)] == [one.columns for one in published]
        assert [(3,), (4,)] == session.fetch(f"SELECT next FROM {session.name(second)} ORDER BY 1")

    @requires("together")
    def test_tables_that_stand_become_what_their_queries_give(
        self, session: Session, schema: str | None, orders: Relation
    ) -> None:
        new = Relation("beside", schema)
        with session.transaction():
            session.publish_together(
                [Publish(new, Query("SELECT 1 AS a")), Publish(orders, Query("SELECT 7 AS number"))]
            )
        with session.transaction():
            session.publish_together(
                [Publish(new, Query("SELECT 2 AS b")), Publish(orders, Query("SELECT 8 AS number"))]
            )

        assert [(2, 8)] == session.fetch(f"SELECT b, number FROM {session.name(new)}, {session.name(orders)}")

    @requires("together")
    def test_one_that_is_refused_takes_the_others_along(
        self, session: Session, schema: str | None, orders: Relation
    ) -> None:
        steps = [
            Publish(Relation("beside", schema), Query("SELECT 1 AS a")),
            Publish(orders, Query("SELECT no_such_column AS a")),
        ]
        with pytest.raises((QueryFailed, UnsupportedCapability)) as caught, session.transaction():
            session.publish_together(steps)

        if isinstance(caught.value, UnsupportedCapability):
            raise caught.value

        assert [orders] == list(session.catalogue([schema]))
        assert 3 == len(session.fetch(f"SELECT * FROM {session.name(orders)}"))
