"""What the catalogue says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session


class CatalogueScenarios:
    """Scenarios of `columns`, `catalogue`, `create_schema` and `drop`."""

    def test_columns_come_in_the_order_of_the_table(self, session: Session, orders: Relation) -> None:
        assert ["id", "item"] == [c.name for c in session.columns(orders)]

    def test_the_columns_of_no_relation_are_an_error(self, session: Session, schema: str | None) -> None:
        with pytest.raises(QueryFailed):
            session.columns(Relation("no_such_table", schema))

    @requires("writes")
    def test_columns_are_seen_before_the_commit(self, session: Session, schema: str | None) -> None:
        new = Relation("new_table", schema)
        with session.transaction():
            session.execute(f"CREATE TABLE {session.name(new)} AS SELECT 1 AS id")
            columns = session.columns(new)

        assert ["id"] == [c.name for c in columns]

    def test_the_catalogue_lists_tables_with_their_columns(self, session: Session, orders: Relation) -> None:
        found = session.catalogue([orders.schema])

        assert [orders] == list(found)
        assert (orders, "table") == (found[orders].relation, found[orders].kind)
        assert session.columns(orders) == found[orders].columns

    def test_the_catalogue_of_no_schemas_is_empty(self, session: Session, orders: Relation) -> None:
        assert session.columns(orders)
        assert {} == session.catalogue([])

    def test_the_catalogue_of_a_schema_that_is_not_there_is_empty(self, session: Session, orders: Relation) -> None:
        assert session.columns(orders)
        assert {} == session.catalogue(["no_such_schema"])

    @requires("writes")
    def test_an_empty_schema_has_an_empty_catalogue(self, session: Session, schema: str | None) -> None:
        session.drop(Relation("orders", schema), "table")

        assert {} == session.catalogue([schema])

    @requires("writes")
    def test_temporary_relations_are_not_in_the_catalogue(self, session: Session, schema: str | None) -> None:
        session.execute("CREATE TEMPORARY TABLE passing (id INTEGER)")

        assert {} == session.catalogue([schema])

    @requires("schemas")
    def test_a_schema_is_made_once(self, session: Session) -> None:
        session.create_schema("Sales of 'the' \"year\"")
        session.create_schema("Sales of 'the' \"year\"")
        there = Relation("orders", "Sales of 'the' \"year\"")
        session.execute(f"CREATE TABLE {session.name(there)} (id INTEGER)")

        assert [there] == list(session.catalogue([there.schema]))

    @requires("schemas")
    def test_the_catalogue_gives_only_the_schemas_asked_for(self, session: Session) -> None:
        for schema in ("one", "two", "three"):
            session.create_schema(schema)
            session.execute(f"CREATE TABLE {session.name(Relation('t', schema))} (id INTEGER)")

        assert {Relation("t", "one"), Relation("t", "three")} == set(session.catalogue(["one", "three"]))

    @requires("writes")
    def test_a_dropped_table_is_gone(self, session: Session, orders: Relation) -> None:
        session.drop(orders, "table")

        assert {} == session.catalogue([orders.schema])

    @requires("writes")
    def test_dropping_what_is_not_there_is_no_error(self, session: Session, schema: str | None) -> None:
        session.drop(Relation("no_such_table", schema), "table")
