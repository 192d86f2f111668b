from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interlace.contracts.load import Change, Examine, Insert, Interval, Publish, Query, SchemaMode, Stage
from interlace.contracts.relation import Column
from interlace_strategies.replace import Replace, ReplaceOptions

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


def test_rows_that_are_within_by_their_own_text_are_inserted_at_once_and_guarded(plan):
    delete, insert = plan(within=True).steps

    assert isinstance(delete, Change)
    assert insert.source == Query(
        "SELECT * FROM (SELECT 1 AS id\n) AS source "
        """WHERE "at" >= CAST('2024-01-01' AS DATE) AND "at" < CAST('2024-02-01' AS DATE)"""
    )
    assert plan(within=True).known == {"rejected": 0}


def test_where_there_is_no_table_they_are_published_at_once(specify):
    plan = Replace().plan(specify(source_columns=COLUMNS, target_columns=None, interval=JANUARY, within=True))

    assert [Publish] == [type(step) for step in plan.steps]


def test_rows_that_must_be_cast_are_staged_all_the_same(specify):
    text = (Column("id", "VARCHAR"), COLUMNS[1])
    mode = SchemaMode.FLEXIBLE
    spec = specify(source_columns=COLUMNS, target_columns=text, interval=JANUARY, within=True, schema_mode=mode)

    assert Stage in {type(step) for step in Replace().plan(spec).steps}


def test_rejected_rows_that_are_kept_are_looked_for_all_the_same(plan):
    kept = plan(within=True, options=ReplaceOptions(rejects="keep"))

    assert Examine in {type(step) for step in kept.steps}
