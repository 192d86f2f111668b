from __future__ import annotations

import pytest

from interlace.contracts.load import Query
from interlace.contracts.relation import Relation
from interlace_strategies.append import Append


@pytest.fixture
def load(session, specify):
    """Appends a query's rows to ``orders``, as a run would."""
    target = Relation("orders")

    def run(query):
        standing = next((i.columns for r, i in session.catalogue(["main"]).items() if r.name == "orders"), None)
        spec = specify(
            target=target, source=Query(query), source_columns=session.describe(query), target_columns=standing
        )
        with session.transaction():
            session.apply(Append().plan(spec))
        return session.fetch("SELECT * FROM orders ORDER BY ALL")

    return run


def test_rows_are_added(load):
    load("SELECT 1 AS id")

    assert [(1,), (2,)] == load("SELECT 2 AS id")


def test_the_table_follows_the_batches(load, session):
    load("SELECT 1::SMALLINT AS id, 'x' AS item")
    rows = load('SELECT 1.5::DOUBLE AS price, 3000000000::BIGINT AS "ID"')

    assert [(1, "x", None), (3_000_000_000, None, 1.5)] == rows
    assert [("id", "BIGINT"), ("item", "VARCHAR"), ("price", "DOUBLE")] == [
        (c.name, c.type) for c in session.columns(Relation("orders"))
    ]


def test_nested_columns_widen_and_are_matched_by_name(load):
    load("SELECT {'a': 1, 'b': 'x'} AS s, [1] AS l")
    rows = load("SELECT {'b': 'y', 'c': true, 'a': 5000000000} AS s, [2::BIGINT] AS l")

    assert [({"b": "x", "c": None, "a": 1}, [1]), ({"b": "y", "c": True, "a": 5_000_000_000}, [2])] == rows


def test_odd_names_are_kept(load):
    load('SELECT 1 AS "select", 2 AS "a ""b"" ü"')

    assert [(1, 2, None), (3, 4, 5)] == load('SELECT 3 AS "select", 4 AS "a ""b"" ü", 5 AS "new one"')
