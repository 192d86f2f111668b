"""The SQL of each check, on both dialects."""

from __future__ import annotations

import pytest
from inline_snapshot import snapshot

from interlace.contracts.check import CheckTarget
from interlace.contracts.relation import Column, Relation
from interlace.errors import InvalidModel
from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.anomaly import Anomaly
from interlace_checks.expression import Expression
from interlace_checks.freshness import Freshness
from interlace_checks.not_null import NotNull
from interlace_checks.pattern import Pattern
from interlace_checks.query import Query
from interlace_checks.range import Range
from interlace_checks.relationships import Relationships
from interlace_checks.row_count import RowCount
from interlace_checks.unique import Unique

TARGET = Relation("orders", "shop")
COLUMNS = (Column("id", "INTEGER"), Column("item", "VARCHAR"), Column("at", "TIMESTAMP"))


def written(check, options, dialect="duckdb"):
    target = CheckTarget(TARGET, COLUMNS, dialect, lambda name: Relation(name, "shop"))
    measure = check().compile(target, check.Config.model_validate(options))
    failing = None if measure.failing is None else measure.failing.sql(dialect)
    return measure.value.sql(dialect), failing


def test_unique():
    assert written(Unique, {"columns": "id"}) == snapshot(
        (
            'COUNT("id") - COUNT(DISTINCT "id")',
            'SELECT * FROM "shop"."orders" WHERE "id" IN (SELECT "id" FROM "shop"."orders" WHERE NOT "id" IS NULL GROUP BY "id" HAVING COUNT(*) > 1) ORDER BY "id"',
        )
    )


def test_unique_over_two_columns():
    assert written(Unique, {"columns": ["id", "item"]}) == snapshot(
        (
            'COUNT(CASE WHEN NOT "id" IS NULL AND NOT "item" IS NULL THEN ("id", "item") END) - COUNT(DISTINCT CASE WHEN NOT "id" IS NULL AND NOT "item" IS NULL THEN ("id", "item") END)',
            'SELECT * FROM "shop"."orders" WHERE ("id", "item") IN (SELECT "id", "item" FROM "shop"."orders" WHERE NOT "id" IS NULL AND NOT "item" IS NULL GROUP BY "id", "item" HAVING COUNT(*) > 1) ORDER BY "id", "item"',
        )
    )


def test_not_null():
    assert written(NotNull, {"columns": "id"}) == snapshot(
        ('COUNT(*) - COUNT("id")', 'SELECT * FROM "shop"."orders" WHERE "id" IS NULL')
    )


def test_not_null_of_two_columns():
    assert written(NotNull, {"columns": ["id", "item"]}) == snapshot(
        (
            'COUNT(CASE WHEN "id" IS NULL OR "item" IS NULL THEN 1 END)',
            'SELECT * FROM "shop"."orders" WHERE "id" IS NULL OR "item" IS NULL',
        )
    )


def test_accepted_values():
    assert written(AcceptedValues, {"column": "item", "values": ["it's", "b"]}) == snapshot(
        (
            "COUNT(CASE WHEN NOT \"item\" IN ('it''s', 'b') THEN 1 END)",
            "SELECT * FROM \"shop\".\"orders\" WHERE NOT \"item\" IN ('it''s', 'b')",
        )
    )


def test_range():
    assert written(Range, {"column": "id", "min": 1, "max": 9, "exclusive": "max"}) == snapshot(
        (
            'COUNT(CASE WHEN "id" < 1 OR "id" >= 9 THEN 1 END)',
            'SELECT * FROM "shop"."orders" WHERE "id" < 1 OR "id" >= 9',
        )
    )


def test_relationships():
    assert written(Relationships, {"column": "id", "to": "customers", "field": "customer id"}) == snapshot(
        (
            '(SELECT COUNT(*) FROM "shop"."orders" AS child ANTI JOIN (SELECT "customer id" FROM "shop"."customers") AS parent ON parent."customer id" = child."id" WHERE NOT child."id" IS NULL)',
            'SELECT child.* FROM "shop"."orders" AS child ANTI JOIN (SELECT "customer id" FROM "shop"."customers") AS parent ON parent."customer id" = child."id" WHERE NOT child."id" IS NULL',
        )
    )
    assert written(Relationships, {"column": "id", "to": "customers", "field": "customer id"}, "postgres") == snapshot(
        (
            '(SELECT COUNT(*) FROM "shop"."orders" AS child WHERE NOT child."id" IS NULL AND NOT EXISTS(SELECT 1 FROM (SELECT "customer id" FROM "shop"."customers") AS parent WHERE parent."customer id" = child."id"))',
            'SELECT child.* FROM "shop"."orders" AS child WHERE NOT child."id" IS NULL AND NOT EXISTS(SELECT 1 FROM (SELECT "customer id" FROM "shop"."customers") AS parent WHERE parent."customer id" = child."id")',
        )
    )


def test_query():
    query = "SELECT o.* FROM $this AS o JOIN customers ON o.id = customers.id WHERE o.item > $least"
    target = CheckTarget(TARGET, COLUMNS, "duckdb", lambda name: Relation(name, "shop"), {"least": "'a''b'"})
    measure = Query().compile(target, Query.Config.model_validate({"query": query}))

    assert (measure.value.sql("duckdb"), measure.failing.sql("duckdb")) == snapshot(
        (
            '(SELECT COUNT(*) FROM (SELECT o.* FROM "shop"."orders" AS o JOIN "shop"."customers" AS "customers" ON o.id = customers.id WHERE o.item > \'a\'\'b\') AS bad)',
            'SELECT * FROM (SELECT o.* FROM "shop"."orders" AS o JOIN "shop"."customers" AS "customers" ON o.id = customers.id WHERE o.item > \'a\'\'b\') AS bad',
        )
    )


def test_a_query_names_what_it_reads():
    options = Query.Config.model_validate({"query": 'SELECT 1 FROM $this, shop.customers, "my orders", customers AS c'})

    assert ("shop.customers", '"my orders"', "customers") == Query().reads(options, "duckdb")


def test_a_query_qualifies_columns_by_the_names_that_it_wrote():
    target = CheckTarget(TARGET, COLUMNS, "duckdb", lambda name: Relation(f"dev__{name}", "shop"))
    options = Query.Config.model_validate(
        {"query": "SELECT $this.id FROM $this JOIN customers ON customers.id = $this.id"}
    )

    assert Query().compile(target, options).failing.sql("duckdb") == snapshot(
        'SELECT * FROM (SELECT __interlace_this.id FROM "shop"."orders" AS "__interlace_this" JOIN "shop"."dev__customers" AS "customers" ON customers.id = __interlace_this.id) AS bad'
    )


def test_anomaly():
    assert [
        written(Anomaly, {"metric": "row_count"})[0],
        written(Anomaly, {"metric": "null_fraction", "column": "id"})[0],
        written(Anomaly, {"metric": "mean", "column": "id"})[0],
        written(Anomaly, {"metric": "freshness", "column": "at"})[0],
    ] == snapshot(
        [
            "COUNT(*)",
            '1 - (CAST(COUNT("id") AS DOUBLE) / NULLIF(COUNT(*), 0))',
            'AVG(CAST("id" AS DOUBLE))',
            'MAX("at")',
        ]
    )


@pytest.mark.parametrize(("metric", "column"), [("mean", "item"), ("mean", "at"), ("freshness", "id")])
def test_anomaly_refuses_a_column_of_another_type(metric, column):
    with pytest.raises(InvalidModel, match=f"the metric {metric} needs .*; column '{column}'"):
        written(Anomaly, {"metric": metric, "column": column})


def test_row_count():
    assert written(RowCount, {"min": 1}) == snapshot(("COUNT(*)", None))


def test_freshness():
    assert written(Freshness, {"column": "at", "max_age": "1d"}) == snapshot(('MAX("at")', None))


def test_expression():
    assert written(Expression, {"expression": "id > 0 or item is null"}) == snapshot(
        (
            "COUNT(CASE WHEN NOT (id > 0 OR item IS NULL) THEN 1 END)",
            'SELECT * FROM "shop"."orders" WHERE NOT (id > 0 OR item IS NULL)',
        )
    )


@pytest.mark.parametrize(
    ("check", "options"),
    [
        (Unique, {"columns": "id"}),
        (Unique, {"columns": ["id", "item"]}),
        (NotNull, {"columns": "id"}),
        (NotNull, {"columns": ["id", "item"]}),
        (AcceptedValues, {"column": "item", "values": ["it's", "b"]}),
        (Range, {"column": "id", "min": 1, "max": 9, "exclusive": "max"}),
        (RowCount, {"min": 1}),
        (Freshness, {"column": "at", "max_age": "1d"}),
        (Expression, {"expression": "id > 0 or item is null"}),
    ],
)
def test_postgres_is_given_the_same(check, options):
    assert written(check, options) == written(check, options, "postgres")


@pytest.mark.parametrize("regex", ["a", "^a", "a$", "^a|b$", "^(?i)a$", r"^a\\$"])
def test_a_pattern_that_may_match_a_part_is_not_matched_whole(regex):
    assert "REGEXP_MATCHES(" in written(Pattern, {"column": "item", "regex": regex})[0]


def test_pattern_is_written_for_each_engine():
    options = {"column": "item", "regex": r"^\d+'$"}

    assert written(Pattern, options) == snapshot(
        (
            "COUNT(CASE WHEN NOT REGEXP_FULL_MATCH(CAST(\"item\" AS TEXT), '^\\d+''$') THEN 1 END)",
            'SELECT * FROM "shop"."orders" WHERE NOT REGEXP_FULL_MATCH(CAST("item" AS TEXT), \'^\\d+\'\'$\')',
        )
    )
    assert written(Pattern, options, "postgres") == snapshot(
        (
            "COUNT(CASE WHEN NOT CAST(\"item\" AS TEXT) ~ '^\\d+''$' THEN 1 END)",
            'SELECT * FROM "shop"."orders" WHERE NOT CAST("item" AS TEXT) ~ \'^\\d+\'\'$\'',
        )
    )
