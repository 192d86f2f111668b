from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlglot import exp

from interlace.contracts.check import Check, CheckOptions, Measure, Verdict
from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel, QueryFailed
from interlace.model.definition import CheckUse
from interlace.run.audit import audit
from interlace.run.sample import plain
from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.expression import Expression
from interlace_checks.not_null import NotNull
from interlace_checks.pattern import Pattern
from interlace_checks.range import Range
from interlace_checks.relationships import Relationships
from interlace_checks.row_count import RowCount
from interlace_checks.unique import Unique
from interlace_duckdb.connection import DuckDBConnection

ORDERS = Relation("orders", "main")
NOW = datetime(2024, 1, 2, tzinfo=UTC)


class Mistaken(Check):
    """A check of somebody else's, whose SQL no database takes."""

    Config = CheckOptions

    def columns(self, options):
        return ()

    def compile(self, target, options):
        return Measure(exp.Anonymous(this="no_such_function", expressions=[]))

    def judge(self, value, options, now):
        return Verdict(True, "never judged")


CHECKS = {
    "accepted_values": AcceptedValues,
    "expression": Expression,
    "mistaken": Mistaken,
    "not_null": NotNull,
    "pattern": Pattern,
    "range": Range,
    "relationships": Relationships,
    "row_count": RowCount,
    "unique": Unique,
}


class Found:
    def get(self, name, /):
        return CHECKS[name]


@pytest.fixture
def session(tmp_path):
    connection = DuckDBConnection("db", DuckDBConnection.Config(path=":memory:"), root=tmp_path)
    connection.open()
    session = connection.session()
    session.execute(
        "CREATE TABLE orders AS SELECT * FROM (VALUES (1, 'a', 5.5), (1, NULL, -1), (2, 'b', 7)) t(id, item, price)"
    )
    yield session
    session.close()
    connection.close()


@pytest.fixture
def check(session):
    """Audits the orders."""

    def run(*uses, **options):
        given = {"resolve": lambda name: Relation(name, "main"), "now": NOW, **options}
        asked = [CheckUse(type_, use) for type_, use in uses]
        return audit(session, ORDERS, session.columns(ORDERS), asked, Found(), **given)

    return run


class Counting:
    """A session that counts what is asked of it."""

    def __init__(self, session):
        self._session = session
        self.statements = []

    def __getattr__(self, name):
        return getattr(self._session, name)

    def fetch(self, sql, limit=None):
        self.statements.append(sql)
        return self._session.fetch(sql, limit)


def test_each_use_gives_a_record_in_order(check):
    records = check(("not_null", {"columns": "id"}), ("unique", {"columns": "id", "severity": "warn"}))

    assert [
        ("not_null(id)", "not_null", "error", True, "every row has id", 0),
        ("unique(id)", "unique", "warn", False, "1 row repeats a value of id", 1),
    ] == [(r.name, r.type, r.severity, r.passed, r.message, r.failing) for r in records]


def test_no_checks_ask_nothing(check):
    assert [] == check()


def test_all_checks_are_one_statement(session):
    counting = Counting(session)
    uses = [
        CheckUse("not_null", {"columns": "id"}),
        CheckUse("row_count", {"min": 1}),
        CheckUse("relationships", {"column": "id", "to": "orders"}),
        CheckUse("expression", {"expression": "price > -5"}),
    ]
    audit(counting, ORDERS, session.columns(ORDERS), uses, Found(), resolve=lambda _: ORDERS, now=NOW)

    assert 1 == len(counting.statements)


def test_failing_rows_are_kept_only_of_checks_that_failed(check):
    passed, failed = check(("not_null", {"columns": "id"}), ("not_null", {"columns": "item"}))

    assert () == passed.sample
    assert [{"id": 1, "item": None, "price": "-1.0"}] == list(failed.sample)


def test_a_sample_has_its_limit(check):
    record = check(("expression", {"expression": "id > 5"}), samples=2)[0]

    assert (3, 2) == (record.failing, len(record.sample))


def test_no_samples_means_no_second_statement(session):
    counting = Counting(session)
    uses = [CheckUse("not_null", {"columns": "item"})]
    records = audit(
        counting, ORDERS, session.columns(ORDERS), uses, Found(), resolve=lambda _: ORDERS, now=NOW, samples=0
    )

    assert () == records[0].sample
    assert 1 == len(counting.statements)


def test_masked_columns_are_not_kept_whatever_their_case(check):
    record = check(("not_null", {"columns": "item"}), masked=frozenset({"PRICE", "item"}))[0]

    assert [{"id": 1, "item": "***", "price": "***"}] == list(record.sample)


def test_names_are_unique_and_stable(check):
    records = check(
        ("row_count", {"min": 1}),
        ("range", {"column": "id", "min": 1}),
        ("range", {"column": "id", "max": 9}),
        ("unique", {"columns": ["id", "item"]}),
        ("expression", {"expression": "id  >\n 0"}),
        ("relationships", {"column": "id", "to": "orders", "field": "id"}),
        ("not_null", {"columns": "id", "name": "mine"}),
    )

    assert [
        "row_count",
        "range(id)",
        "range(id) 2",
        "unique(id, item)",
        "expression(id > 0)",
        "relationships(id to orders.id)",
        "mine",
    ] == [record.name for record in records]


def test_an_empty_relation_is_answered_even_where_all_measures_are_subqueries(session):
    session.execute("DELETE FROM orders")
    uses = [CheckUse("relationships", {"column": "id", "to": "orders"})]
    records = audit(session, ORDERS, session.columns(ORDERS), uses, Found(), resolve=lambda _: ORDERS, now=NOW)

    assert [(True, 0)] == [(r.passed, r.failing) for r in records]


def test_a_column_that_is_not_there_is_named_with_the_check_and_the_nearest(check):
    with pytest.raises(InvalidModel) as caught:
        check(("not_null", {"columns": "itme"}))

    assert "check 'not_null(itme)': main.orders has no column 'itme'. Did you mean 'item'?" in str(caught.value)


def test_wrong_options_name_the_check(check):
    with pytest.raises(InvalidModel, match=r"check 'range': needs min, max or both"):
        check(("range", {"column": "id"}))


def test_a_check_that_the_database_refuses_is_named(check):
    with pytest.raises(QueryFailed) as caught:
        check(("not_null", {"columns": "id"}), ("mistaken", {}), ("unique", {"columns": "id"}))

    assert str(caught.value).startswith("check 'mistaken' of main.orders cannot be answered: ")
    assert "no_such_function" in str(caught.value)


def build_and_audit(session, query, *uses):
    """As a run does it: the relation is staged in the transaction that the audit reads."""
    staged = Relation("staged", "main")
    with session.transaction():
        session.execute(f"CREATE TABLE staged AS {query}")
        audit(session, staged, session.columns(staged), uses, Found(), resolve=lambda _: staged, now=NOW)


def test_a_check_is_named_though_the_transaction_is_dead_and_the_relation_is_staged(session):
    uses = [
        CheckUse("not_null", {"columns": "id"}),
        CheckUse("mistaken"),
        CheckUse("relationships", {"column": "id", "to": "staged", "field": "id"}),
    ]

    with pytest.raises(QueryFailed, match=r"check 'mistaken' of main[.]staged"):
        build_and_audit(session, 'SELECT 1 AS id, \'x\' AS "odd ""name"""', *uses)


def test_a_value_that_breaks_a_check_at_run_time_is_named(session):
    session.execute("CREATE TABLE texts AS SELECT 'x' AS t")
    texts = Relation("texts", "main")
    uses = [CheckUse("not_null", {"columns": "t"}), CheckUse("expression", {"expression": "t::INTEGER > 0"})]

    with pytest.raises(QueryFailed, match=r"check 'expression\(t::INTEGER > 0\)' of main.texts"):
        audit(session, texts, session.columns(texts), uses, Found(), resolve=lambda _: texts, now=NOW)


def test_where_it_cannot_be_told_all_checks_are_named(session):
    uses = [CheckUse("not_null", {"columns": "t"}), CheckUse("expression", {"expression": "t::INTEGER > 0"})]

    with pytest.raises(QueryFailed, match="one of the checks 'not_null"):
        build_and_audit(session, "SELECT 'x' AS t", *uses)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (2**70, 2**70),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("1.50"), "1.50"),
        (date(2024, 1, 2), "2024-01-02"),
        (datetime(2024, 1, 2, 3, tzinfo=UTC), "2024-01-02T03:00:00+00:00"),
        (timedelta(days=1), "1 day, 0:00:00"),
        (b"\x00\xff", "00ff"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"a": [1, float("inf")], 2: (None,)}, {"a": [1, "inf"], "2": [None]}),
    ],
)
def test_a_value_becomes_a_json_value(value, expected):
    assert expected == plain(value)
