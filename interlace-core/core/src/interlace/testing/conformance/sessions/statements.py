"""Single statements and queries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from sqlglot import exp

from interlace.errors import QueryFailed
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation


class StatementScenarios:
    """Scenarios of `execute`, `fetch` and `describe`."""

    def test_a_query_gives_its_rows_as_python_values(self, session: Session, orders: Relation) -> None:
        rows = session.fetch(f"SELECT id, item FROM {session.name(orders)} ORDER BY id")

        assert [(1, "apple"), (2, "pear"), (3, None)] == rows

    def test_a_query_gives_at_most_the_rows_that_were_asked_for(self, session: Session, orders: Relation) -> None:
        assert [(1,), (2,)] == session.fetch(f"SELECT id FROM {session.name(orders)} ORDER BY id", limit=2)

    def test_a_limit_of_zero_gives_no_rows(self, session: Session, orders: Relation) -> None:
        assert [] == session.fetch(f"SELECT id FROM {session.name(orders)}", limit=0)

    @requires("writes")
    def test_a_statement_gives_the_rows_it_changed_or_says_that_it_does_not_know(
        self, session: Session, orders: Relation
    ) -> None:
        assert session.execute(f"DELETE FROM {session.name(orders)} WHERE id < 3") in (2, None)

    def test_what_happens_outside_a_transaction_is_committed_at_once(self, session: Session, orders: Relation) -> None:
        other = session.connection.session()
        try:
            rows = other.fetch(f"SELECT count(*) FROM {session.name(orders)}")
        finally:
            other.close()

        assert [(3,)] == rows

    def test_a_refused_statement_raises_with_the_statement(self, session: Session) -> None:
        with pytest.raises(QueryFailed) as caught:
            session.execute("SELECT * FROM no_such_table")

        assert "no_such_table" in caught.value.message
        assert "SELECT * FROM no_such_table" == caught.value.sql

    def test_a_refused_query_raises_with_the_query(self, session: Session) -> None:
        with pytest.raises(QueryFailed) as caught:
            session.fetch("SELEC 1")

        assert "SELEC 1" == caught.value.sql

    def test_a_session_is_usable_after_a_refused_statement(self, session: Session) -> None:
        with pytest.raises(QueryFailed):
            session.execute("SELECT * FROM no_such_table")

        assert [(1,)] == session.fetch("SELECT 1")

    @requires("try_cast")
    def test_a_cast_that_may_fail_gives_null_where_a_value_does_not_fit(self, session: Session) -> None:
        tried = [exp.TryCast(this=exp.Literal.string(text), to=exp.DataType.build("INT")) for text in ("12", "twelve")]

        assert [(12, None)] == session.fetch(exp.select(*tried).sql(dialect=session.connection.dialect))

    @requires("validates_input")
    def test_the_database_says_whether_a_text_is_of_a_type(self, session: Session) -> None:
        asked = "SELECT pg_input_is_valid('12', 'integer'), pg_input_is_valid('twelve', 'integer')"

        assert [(True, False)] == session.fetch(asked)

    def test_describe_gives_the_columns_of_a_query(self, session: Session, orders: Relation) -> None:
        columns = session.describe(f"SELECT item AS what, id FROM {session.name(orders)}")

        assert ["what", "id"] == [c.name for c in columns]
        assert all(c.type for c in columns)

    def test_describe_and_the_catalogue_agree_on_types(self, session: Session, orders: Relation) -> None:
        described = session.describe(f"SELECT * FROM {session.name(orders)}")

        assert [(c.name, c.type) for c in session.columns(orders)] == [(c.name, c.type) for c in described]

    def test_describe_does_not_execute_the_query(self, session: Session, slow_query: str) -> None:
        started = time.monotonic()
        columns = session.describe(slow_query)

        assert ["n"] == [c.name for c in columns]
        assert time.monotonic() - started < 5

    def test_describe_refuses_a_query_that_does_not_bind(self, session: Session, orders: Relation) -> None:
        with pytest.raises(QueryFailed):
            session.describe(f"SELECT no_such_column FROM {session.name(orders)}")
