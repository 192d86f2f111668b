"""The steps of a load."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlace.contracts.load import AddColumn, AlterType, Insert, LoadPlan, Publish, Query, Stage
from interlace.contracts.relation import Column, Relation
from interlace.errors import QueryFailed
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from typing import Any

    from interlace.contracts.connection import Session
    from interlace.contracts.load import LoadCounts, Step


def _apply(session: Session, *steps: Step) -> LoadCounts:
    with session.transaction():
        return session.apply(LoadPlan(steps, idempotent=True))


def _rows(session: Session, relation: Relation) -> list[tuple[Any, ...]]:
    return session.fetch(f"SELECT * FROM {session.name(relation)} ORDER BY 1")


class LoadScenarios:
    """Scenarios of `apply`."""

    @requires("writes")
    def test_publishing_a_query_makes_the_table(self, session: Session, schema: str | None) -> None:
        target = Relation("target", schema)
        counts = _apply(session, Publish(target, Query("SELECT 1 AS id, 'a' AS item UNION ALL SELECT 2, 'b'")))

        assert [(1, "a"), (2, "b")] == _rows(session, target)
        assert counts.inserted in (2, None)

    @requires("writes")
    def test_publishing_a_relation_copies_it(self, session: Session, orders: Relation) -> None:
        target = Relation("target", orders.schema)
        _apply(session, Publish(target, orders))

        assert _rows(session, orders) == _rows(session, target)
        assert [(c.name, c.type) for c in session.columns(orders)] == [
            (c.name, c.type) for c in session.columns(target)
        ]

    @requires("writes")
    def test_publishing_replaces_rows_and_columns(self, session: Session, orders: Relation) -> None:
        _apply(session, Publish(orders, Query("SELECT 9 AS number")))

        assert ["number"] == [c.name for c in session.columns(orders)]
        assert [(9,)] == _rows(session, orders)

    @requires("writes")
    def test_publishing_may_read_what_it_replaces(self, session: Session, orders: Relation) -> None:
        _apply(session, Publish(orders, Query(f"SELECT id FROM {session.name(orders)} WHERE id > 1")))

        assert [(2,), (3,)] == _rows(session, orders)

    @requires("writes")
    def test_publishing_no_rows_makes_an_empty_table(self, session: Session, orders: Relation) -> None:
        counts = _apply(session, Publish(orders, Query(f"SELECT id FROM {session.name(orders)} WHERE id > 99")))

        assert [] == _rows(session, orders)
        assert counts.inserted in (0, None)

    @requires("writes")
    def test_a_query_that_ends_in_a_comment_is_published(self, session: Session, schema: str | None) -> None:
        target = Relation("target", schema)
        _apply(session, Publish(target, Query("SELECT 1 AS id -- the last word")))

        assert [(1,)] == _rows(session, target)

    @requires("writes")
    def test_a_query_with_a_common_table_expression_is_published(self, session: Session, orders: Relation) -> None:
        query = f"WITH few AS (SELECT id FROM {session.name(orders)} WHERE id < 3) SELECT id FROM few"
        _apply(session, Publish(Relation("target", orders.schema), Query(query)))

        assert [(1,), (2,)] == _rows(session, Relation("target", orders.schema))

    @requires("writes")
    def test_an_added_column_is_null_in_the_rows_that_are_there(self, session: Session, orders: Relation) -> None:
        _apply(session, AddColumn(orders, Column("price", session.columns(orders)[0].type)))

        assert [(1, "apple", None), (2, "pear", None), (3, None, None)] == _rows(session, orders)

    @requires("writes")
    def test_a_widened_column_keeps_its_values_and_takes_wider_ones(self, session: Session, orders: Relation) -> None:
        _apply(session, AlterType(orders, "id", "BIGINT"))
        _apply(session, Insert(orders, ("id",), Query(f"SELECT {2**40} AS id")))

        assert "BIGINT" == session.columns(orders)[0].type.upper()
        assert [(1,), (2,), (3,), (2**40,)] == [row[:1] for row in _rows(session, orders)]

    @requires("writes")
    def test_an_insert_matches_columns_by_name(self, session: Session, orders: Relation) -> None:
        counts = _apply(session, Insert(orders, ("item", "id"), Query("SELECT 'plum' AS item, 4 AS id, 1 AS extra")))

        assert (4, "plum") == _rows(session, orders)[-1]
        assert counts.inserted in (1, None)

    @requires("writes")
    def test_an_insert_leaves_columns_that_are_not_listed_null(self, session: Session, orders: Relation) -> None:
        _apply(session, Insert(orders, ("id",), Query("SELECT 4 AS id")))

        assert (4, None) == _rows(session, orders)[-1]

    @requires("writes")
    def test_an_insert_takes_the_rows_of_a_relation(self, session: Session, orders: Relation) -> None:
        _apply(session, Insert(orders, ("id", "item"), orders))

        assert 6 == len(_rows(session, orders))

    @requires("writes")
    def test_steps_are_performed_in_order(self, session: Session, orders: Relation) -> None:
        kind = session.columns(orders)[0].type
        _apply(
            session,
            AddColumn(orders, Column("price", kind)),
            Insert(orders, ("id", "price"), Query("SELECT 4 AS id, 40 AS price")),
        )

        assert (4, None, 40) == _rows(session, orders)[-1]

    @requires("writes", "staging")
    def test_rows_that_are_kept_for_a_while_are_read_by_what_follows(self, session: Session, orders: Relation) -> None:
        kept = Relation("__interlace_kept")
        counts = _apply(
            session, Stage(kept, Query("SELECT 4 AS id, 'plum' AS item")), Insert(orders, ("id", "item"), kept)
        )

        assert (4, "plum") == _rows(session, orders)[-1]
        assert counts.inserted in (1, None)
        assert [orders] == list(session.catalogue([orders.schema]))

    @requires("writes", "transactional_ddl")
    def test_a_load_whose_later_step_fails_leaves_nothing(self, session: Session, orders: Relation) -> None:
        with pytest.raises(QueryFailed):
            _apply(
                session,
                Publish(orders, Query("SELECT 9 AS number")),
                Insert(orders, ("number",), Query("SELECT no_such_column AS number")),
            )

        assert [(1, "apple"), (2, "pear"), (3, None)] == _rows(session, orders)

    @requires("writes")
    def test_a_publication_whose_query_fails_leaves_the_old_table(self, session: Session, orders: Relation) -> None:
        with pytest.raises(QueryFailed):
            _apply(session, Publish(orders, Query("SELECT * FROM no_such_table")))

        assert [(1, "apple"), (2, "pear"), (3, None)] == _rows(session, orders)
