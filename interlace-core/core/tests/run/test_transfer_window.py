from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from interlace.contracts.relation import Column
from interlace.model.sql_query import QueryReader
from interlace.plan.windows import Batch
from interlace.run.transfer_window import MARGIN, Window, condition, united, window_of

START = datetime(2024, 1, 2, tzinfo=UTC)
END = datetime(2024, 1, 4, tzinfo=UTC)
BATCHES = [Batch(START, END - timedelta(days=1), ()), Batch(END - timedelta(days=1), END, ())]


def found(query: str, column: str = "at", dialect: str = "duckdb") -> Window | None:
    body, _ = QueryReader(dialect).read(query, "q.sql", 1)
    return window_of(body, {("orders",)}, column, dialect, BATCHES, "UTC")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id, at FROM orders WHERE at >= $start AND at < $end",
        "SELECT * FROM orders WHERE (at >= $start) AND $end > at AND id > 3",
        "FROM orders SELECT id, at WHERE at >= $start AND at < $end",
        "SELECT o.at, c.name FROM orders o JOIN customers c ON c.id = o.id WHERE o.at >= $start AND o.at < $end",
        "SELECT o.at, c.name FROM customers c LEFT JOIN orders o ON c.id = o.id WHERE o.at >= $start AND o.at < $end",
        "WITH c AS (SELECT 1 AS id) SELECT o.at FROM c, orders o WHERE o.at > $start AND o.at <= $end",
        "SELECT at, count(*) FROM orders WHERE at >= $start AND at < $end GROUP BY at ORDER BY 2 LIMIT 5",
    ],
)
def test_what_the_query_demands_of_a_column_of_its_result_is_the_window(query):
    assert Window("at", START, END) == found(query)


def test_a_column_that_is_not_the_results_gets_a_margin_for_its_type_may_be_another():
    query = "SELECT date_trunc('day', at) AS day FROM orders WHERE at >= $start AND at < $end"

    assert Window("at", START - MARGIN, END + MARGIN) == found(query, "day")


def test_one_bound_is_a_window():
    assert Window("at", START, None) == found("SELECT at FROM orders WHERE at >= $start")
    assert Window("at", None, END) == found("SELECT at FROM orders WHERE at < $end")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT at FROM orders",
        "SELECT at FROM orders WHERE at >= $start OR at < $end",
        "SELECT at FROM orders WHERE NOT (at >= $start)",
        "SELECT at FROM orders WHERE at + INTERVAL 1 DAY >= $start",
        "SELECT at FROM orders WHERE at < $start",
        "SELECT at FROM orders WHERE at >= $start UNION ALL SELECT at FROM orders",
        "SELECT o.at FROM orders o JOIN orders p ON o.id = p.id WHERE o.at >= $start",
        "SELECT at FROM (SELECT * FROM orders) WHERE at >= $start",
        "WITH o AS (SELECT * FROM orders) SELECT at FROM o WHERE at >= $start",
        "SELECT at FROM orders JOIN customers USING (id) WHERE at >= $start",
        "SELECT c.at FROM customers c JOIN orders o USING (id) WHERE c.at >= $start",
        "SELECT o.at FROM customers c ASOF JOIN orders o ON c.at >= o.at WHERE o.at >= $start",
        "SELECT o.at FROM customers c POSITIONAL JOIN orders o WHERE o.at >= $start",
        "SELECT c.at FROM customers c ANTI JOIN orders o ON c.id = o.id WHERE o.at >= $start",
        "SELECT c.at FROM customers c WHERE c.id IN (SELECT id FROM orders WHERE at >= $start)",
        "SELECT at FROM orders TABLESAMPLE 10% WHERE at >= $start",
        "SELECT at FROM orders WHERE at >= $start USING SAMPLE 10",
        "SELECT a AS at FROM orders AS orders(a, b) WHERE a >= $start",
        "SELECT at FROM customers LEFT JOIN orders ON at >= $start",
    ],
)
def test_where_that_is_not_plain_all_rows_are_read(query):
    assert found(query) is None


def test_only_dialects_that_are_sure_to_compare_alike_have_windows():
    assert found("SELECT at FROM orders WHERE at >= $start", dialect="mysql") is None


def test_a_window_serves_two_readers_where_both_have_one_of_the_same_column():
    one, other = Window("at", START, None), Window("at", START - MARGIN, END)

    assert Window("at", START - MARGIN, None) == united(one, other)
    assert united(one, None) is None
    assert united(one, Window("seen", START, END)) is None


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("DATE", "CAST('2024-01-02' AS DATE)", "CAST('2024-01-04' AS DATE)"),
        (
            "timestamp without time zone",
            "CAST('2024-01-02 00:00:00' AS TIMESTAMP)",
            "CAST('2024-01-04 00:00:00' AS TIMESTAMP)",
        ),
        (
            "TIMESTAMP WITH TIME ZONE",
            "CAST('2024-01-02 00:00:00+00:00' AS TIMESTAMPTZ)",
            "CAST('2024-01-04 00:00:00+00:00' AS TIMESTAMPTZ)",
        ),
    ],
)
def test_the_condition_is_in_the_type_of_the_column(kind, low, high):
    window = Window("at", START, END)

    assert f'"At" >= {low} AND "At" <= {high}' == condition(window, [Column("At", kind)], '"At"', "postgres")


def test_a_column_of_text_or_none_has_no_condition():
    window = Window("at", START, END)

    assert condition(window, [Column("at", "VARCHAR")], '"at"', "duckdb") is None
    assert condition(window, [Column("id", "DATE")], "", "duckdb") is None
    assert condition(window, [Column("at", "DATE"), Column("At", "DATE")], '"at""At"', "postgres") is None
