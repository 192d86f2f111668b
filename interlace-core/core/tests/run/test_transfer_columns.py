from __future__ import annotations

import pytest

from interlace.model.sql_query import QueryReader
from interlace.run.transfer_columns import columns_read


def read(query: str, dialect: str = "duckdb") -> frozenset[str] | None:
    body, _ = QueryReader(dialect).read(query, "q.sql", 1)
    return columns_read(body, {("orders",)}, dialect)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, Amount FROM orders",
        'SELECT o.id, o."Amount" FROM orders o',
        "SELECT count(*) FROM orders WHERE id > 1 AND amount > 2",
        "WITH x AS (SELECT id, amount FROM orders) SELECT * FROM x",
        "SELECT c.* FROM customers c JOIN orders o ON o.id = c.id AND o.amount > 0",
        "SELECT 1 FROM customers JOIN orders USING (id, amount)",
        "SELECT (SELECT max(amount) FROM orders o WHERE o.id = c.id) FROM customers c",
        "SELECT id FROM orders WHERE ordered_at >= $start UNION ALL SELECT amount FROM orders",
    ],
)
def test_names_that_occur_are_read(query: str):
    found = read(query)

    assert found is not None
    assert {"id", "amount"} <= found
    assert "address" not in found


def test_a_column_of_another_relation_is_not_read():
    found = read("SELECT c.address, o.id FROM orders o JOIN (SELECT * FROM customers) c ON c.key = o.customer")

    assert found is not None
    assert {"id", "customer"} <= found
    assert not {"address", "key"} & found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM orders",
        "FROM orders",
        "SELECT o.* FROM orders o JOIN customers USING (id)",
        "WITH x AS (SELECT * FROM orders) SELECT id FROM x",
        "SELECT id FROM (SELECT * EXCLUDE (note) FROM orders)",
        "SELECT orders FROM orders",
        "SELECT to_json(o) FROM orders AS o",
        "SELECT customers.id FROM customers NATURAL JOIN orders",
        "SELECT COLUMNS('am.*') FROM orders",
        "PIVOT orders ON id USING sum(amount)",
        "SELECT count(o.*) FROM orders o",
    ],
)
def test_a_query_that_may_mean_any_column_reads_all(query: str):
    assert read(query) is None


def test_the_whole_row_of_postgres_reads_all():
    assert read("SELECT row_to_json(o) FROM orders o", "postgres") is None
