from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interlace.contracts.load import Change, Examine, Insert, Interval, Stage
from interlace.contracts.relation import Column
from interlace_strategies.replace import Replace

COLUMNS = (Column("id", "INTEGER"), Column("at", "DATE"))
JANUARY = Interval("at", datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))


@pytest.fixture
def plan(specify):
    return lambda **changes: Replace().plan(
        specify(source_columns=COLUMNS, target_columns=COLUMNS, interval=JANUARY, **changes)
    )


def test_an_interval_is_staged_looked_at_deleted_and_inserted(plan):
    assert [Stage, Examine, Change, Insert] == [type(step) for step in plan().steps]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
def test_the_statements_read_the_same_on_both_engines(plan, dialect):
    *_, delete, insert = plan(dialect=dialect).steps

    assert delete.expression.sql(dialect=dialect) == (
        'DELETE FROM "shop"."orders" AS "target" '
        """WHERE "target"."at" >= CAST('2024-01-01' AS DATE) AND "target"."at" < CAST('2024-02-01' AS DATE)"""
    )
    assert insert.source.sql(dialect=dialect) == (
        'SELECT "given"."id", "given"."at" FROM "__interlace_orders_batch" AS "given" '
        """WHERE COALESCE(("given"."at" >= CAST('2024-01-01' AS DATE) AND """
        """"given"."at" < CAST('2024-02-01' AS DATE)), FALSE)"""
    )
