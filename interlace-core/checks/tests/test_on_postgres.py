"""The same measures on a real PostgreSQL give the same answers as on DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlglot import exp

from interlace.contracts.check import CheckTarget
from interlace.contracts.relation import Column, Relation
from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.expression import Expression
from interlace_checks.freshness import Freshness
from interlace_checks.not_null import NotNull
from interlace_checks.pattern import Pattern
from interlace_checks.range import Range
from interlace_checks.relationships import Relationships
from interlace_checks.row_count import RowCount
from interlace_checks.unique import Unique

pytestmark = pytest.mark.slow  # together they are

NOW = datetime(2024, 1, 10, tzinfo=UTC)
ROWS = """(1, 'open', 10.5::float8, 1, TIMESTAMP '2024-01-09 00:00:00'), (2, 'shut', 'NaN'::float8, 1, NULL),
          (3, NULL, NULL, 2, NULL), (3, 'it''s', 30.5::float8, 9, TIMESTAMP '2024-01-01 00:00:00')"""
COLUMNS = (
    Column("id", "integer"),
    Column("status", "text"),
    Column("unit price", "double precision"),
    Column("parent", "integer"),
    Column("at", "timestamp without time zone"),
)


@pytest.fixture(scope="module")
def postgres(postgres_server):
    """A connection to tables that nobody else sees, for they are temporary."""
    import psycopg

    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(
            f'CREATE TEMP TABLE "all orders" AS SELECT * FROM (VALUES {ROWS}) AS t(id, status, "unit price", parent, at)'
        )
        connection.execute('CREATE TEMP TABLE "no orders" AS SELECT * FROM "all orders" WHERE false')
        yield connection


@pytest.mark.parametrize(
    ("check", "options", "failing", "shown"),
    [
        (Unique, {"columns": "id"}, 1, 2),
        (Unique, {"columns": ["id", "status"]}, 0, 0),
        (Unique, {"columns": ["parent", "at"]}, 0, 0),
        (NotNull, {"columns": "status"}, 1, 1),
        (NotNull, {"columns": ["status", "at"]}, 2, 2),
        (AcceptedValues, {"column": "status", "values": ["open", "it's"]}, 1, 1),
        (Range, {"column": "unit price", "min": 11}, 1, 1),
        (Range, {"column": "unit price", "max": 20}, 2, 2),
        (Pattern, {"column": "status", "regex": "^[a-z]+$"}, 1, 1),
        (Pattern, {"column": "id", "regex": "^[12]$"}, 2, 2),
        (Relationships, {"column": "parent", "to": "all orders", "field": "id"}, 1, 1),
        (Expression, {"expression": 'id < 3 or "unit price" > 31'}, 1, 1),
    ],
)  # fmt: skip
def test_failing_rows_are_counted_and_shown(postgres, check, options, failing, shown):
    verdict, rows = asked(postgres, "all orders", check, options)

    assert (failing, shown, not failing) == (verdict.failing, len(rows), verdict.passed)
    assert 0 == asked(postgres, "no orders", check, options)[0].failing


def test_rows_are_counted(postgres):
    assert "4 rows" == asked(postgres, "all orders", RowCount, {"equals": 4})[0].message
    assert asked(postgres, "no orders", RowCount, {"equals": 0})[0].passed


def test_the_newest_time_is_judged(postgres):
    options = {"column": "at", "max_age": "2d"}

    assert "the newest at is 1d old" == asked(postgres, "all orders", Freshness, options)[0].message
    assert not asked(postgres, "no orders", Freshness, options)[0].passed


def asked(postgres, table, check, options):
    given = check.Config.model_validate(options)
    target = CheckTarget(Relation(table), COLUMNS, "postgres", Relation)
    measure = check().compile(target, given)
    one_row = exp.select(exp.Count(this=exp.Star()), measure.value).from_(exp.table_(table, quoted=True))
    value = postgres.execute(one_row.sql("postgres")).fetchone()[1]
    rows = [] if measure.failing is None else postgres.execute(measure.failing.sql("postgres")).fetchall()
    return check().judge(value, given, NOW), rows
