"""What a table keeps that takes another's place in a DuckDB file."""

from __future__ import annotations

from contextlib import closing

import pytest

from interlace.contracts.exchange import Exchange
from interlace.contracts.relation import Relation
from interlace.errors import UnsupportedCapability
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection

TARGET = Relation("orders", "main")
SOURCE = Relation("orders", "dev")


@pytest.fixture
def session(tmp_path):
    connection = DuckDBConnection("default", DuckDBOptions(path="warehouse.duckdb"), root=tmp_path)
    with closing(connection), closing(connection.session()) as made:
        made.create_schema("dev")
        made.execute("CREATE TABLE dev.orders AS SELECT 1 AS id, 11 AS amount")
        yield made


def exchange(session) -> None:
    with session.transaction():
        session.exchange([Exchange(TARGET, SOURCE, stands=True)])


def test_indexes_keys_and_comments_stay_with_the_place(session):
    session.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)")
    session.execute("CREATE INDEX by_amount ON orders (amount)")
    session.execute("COMMENT ON TABLE orders IS 'it''s theirs'")
    session.execute("COMMENT ON COLUMN orders.amount IS 'euro'")
    exchange(session)

    assert [(11,)] == session.fetch("SELECT amount FROM orders")
    assert [("by_amount",)] == session.fetch("SELECT index_name FROM duckdb_indexes()")
    assert [("it's theirs",)] == session.fetch("SELECT comment FROM duckdb_tables() WHERE table_name = 'orders'")
    assert [("euro",)] == session.fetch("SELECT comment FROM duckdb_columns() WHERE column_name = 'amount'")
    assert {"NOT NULL", "PRIMARY KEY"} == {
        row[0] for row in session.fetch("SELECT constraint_type FROM duckdb_constraints() WHERE table_name = 'orders'")
    }


def test_a_constraint_that_cannot_be_added_is_named_and_nothing_happens(session):
    session.execute("CREATE TABLE orders (id INTEGER, amount INTEGER CHECK (amount > 0))")
    with pytest.raises(UnsupportedCapability, match=r"CHECK"):
        exchange(session)

    assert [] == session.fetch("SELECT * FROM orders")


@pytest.mark.parametrize(
    ("made", "columns"),
    [
        ("CREATE VIEW {} AS SELECT 1 AS id", ["id"]),
        ('CREATE VIEW {} (a, "b AS c") AS SELECT 1, 2 AS x', ["a", "b AS c"]),
        ("CREATE VIEW {} AS WITH x AS (SELECT 1 AS id) SELECT id, ' AS ; ' AS text FROM x", ["id", "text"]),
    ],
)
@pytest.mark.parametrize("name", ["plain", 'odd AS "name" (x)'])
def test_the_query_of_a_view_makes_it_again(session, made, columns, name):
    session.execute(made.format(session.quote(name)))
    again = Relation("again", "main")
    session.create_view(again, session.view_query(Relation(name, "main")))

    assert columns == [c.name for c in session.columns(again)]
