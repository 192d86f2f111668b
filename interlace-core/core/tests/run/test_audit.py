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
from interlace.run.quarantine import Quarantine
from interlace.run.sample import plain
from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.anomaly import Anomaly
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
    "anomaly": Anomaly,
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
        return audit(session, ORDERS, session.columns(ORDERS), asked, Found(), **given).checks

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
    assert () == check()


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
    ).checks

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
    records = audit(session, ORDERS, session.columns(ORDERS), uses, Found(), resolve=lambda _: ORDERS, now=NOW).checks

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


# --- thresholds -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "passed"),
    [
        ({"max_rows": 1}, True),
        ({"max_rows": 0}, False),
        ({"max_fraction": 0.34}, True),
        ({"max_fraction": 0.33}, False),
        ({"max_rows": 1, "max_fraction": 0.1}, False),
        ({"max_rows": 0, "max_fraction": 0.5}, False),
    ],
)
def test_as_many_rows_may_fail_as_the_limits_say(check, limits, passed):
    (record,) = check(("not_null", {"columns": "item", **limits}))

    assert (passed, 1) == (record.passed, record.failing)


def test_a_limit_is_said_with_what_was_found(check):
    (record,) = check(("not_null", {"columns": "item", "max_rows": 1, "max_fraction": 0.5}))

    assert "1 row has no item (at most 1 and 50 % may)" == record.message


@pytest.mark.parametrize(
    ("options", "severity"),
    [
        ({}, "error"),
        ({"severity": "warn"}, "warn"),
        ({"on_failure": "warn"}, "warn"),
        ({"on_failure": "block"}, "error"),
    ],
)
def test_what_happens_on_failure_is_the_severity_that_is_kept(check, options, severity):
    (record,) = check(("not_null", {"columns": "item", **options}))

    assert (False, severity) == (record.passed, record.severity)


# --- quarantine -------------------------------------------------------------------------------------------------------

ASIDE = Quarantine(Relation("orders__quarantine", "main"), "run-1", NOW)


@pytest.fixture
def quarantined(session):
    """Audits the orders, and lets bad rows go to quarantine."""

    def run(*uses, **options):
        asked = [CheckUse(type_, {"on_failure": "quarantine", **use}) for type_, use in uses]
        given = {"resolve": lambda name: Relation(name, "main"), "now": NOW, "quarantine": ASIDE, **options}
        with session.transaction():
            return audit(session, ORDERS, session.columns(ORDERS), asked, Found(), **given)

    return run


def test_bad_rows_are_set_aside_and_the_good_ones_stay(session, quarantined):
    found = quarantined(("not_null", {"columns": "item"}))

    assert [(1, "a"), (2, "b")] == session.fetch("SELECT id, item FROM orders ORDER BY id")
    assert [(1, None, "not_null(item)", "run-1", NOW)] == session.fetch(
        "SELECT id, item, _check, _run_id, _quarantined_at FROM orders__quarantine"
    )
    assert 1 == found.aside
    assert [(False, "warn", "1 row has no item; set aside in orders__quarantine", 1)] == [
        (r.passed, r.severity, r.message, len(r.sample)) for r in found.checks
    ]


def test_a_row_that_fails_two_checks_is_there_for_both_and_counts_once(session, quarantined):
    found = quarantined(("not_null", {"columns": "item"}), ("range", {"column": "price", "min": 0}))

    assert ["not_null(item)", "range(price)"] == [
        row[0] for row in session.fetch("SELECT _check FROM orders__quarantine ORDER BY 1")
    ]
    assert 1 == found.aside


def test_all_rows_that_repeat_are_set_aside_before_any_is_deleted(session, quarantined):
    found = quarantined(("unique", {"columns": "id"}), ("not_null", {"columns": "item"}))

    assert [(2,)] == session.fetch("SELECT id FROM orders")
    assert (2, [(3,)]) == (found.aside, session.fetch("SELECT COUNT(*) FROM orders__quarantine"))


def test_the_other_checks_judge_what_is_left(quarantined):
    found = quarantined(
        ("not_null", {"columns": "item"}),
        ("unique", {"columns": "id", "on_failure": "block"}),
        ("row_count", {"min": 3, "on_failure": "block"}),
    )

    assert [False, True, False] == [r.passed for r in found.checks]
    assert "2 rows, at least 3 expected" == found.checks[2].message


def test_more_bad_rows_than_may_be_set_aside_block(session, quarantined):
    found = quarantined(("range", {"column": "id", "min": 2, "max_fraction": 0.5}))

    assert [(False, "error", "2 rows have id not >= 2 (at most 50 % may)")] == [
        (r.passed, r.severity, r.message) for r in found.checks
    ]
    assert [(3,)] == session.fetch("SELECT COUNT(*) FROM orders")


def test_what_fails_again_without_the_rows_that_went_blocks(session):
    """A child goes, and so its own child points nowhere."""
    session.execute("CREATE TABLE people AS SELECT * FROM (VALUES (1, NULL), (2, 9), (3, 2)) AS t(id, boss)")
    people = Relation("people", "main")
    use = CheckUse("relationships", {"column": "boss", "to": "people", "field": "id", "on_failure": "quarantine"})
    with session.transaction():
        found = audit(
            session,
            people,
            session.columns(people),
            [use],
            Found(),
            resolve=lambda _: people,
            now=NOW,
            quarantine=ASIDE,
        )

    assert [(False, "error", 1)] == [(r.passed, r.severity, r.failing) for r in found.checks]


def test_where_nothing_is_loaded_nothing_is_set_aside(session, quarantined):
    found = quarantined(("not_null", {"columns": "item"}), quarantine=None)

    assert ["error"] == [r.severity for r in found.checks]
    assert [(3,)] == session.fetch("SELECT COUNT(*) FROM orders")


def test_only_the_rows_that_are_checked_are_set_aside(session, quarantined):
    quarantined(
        ("not_null", {"columns": "item", "where": "id > 1"}),
        ("range", {"column": "id", "max": 1, "where": "item = 'b'"}),
    )

    assert [(1,), (1,)] == session.fetch("SELECT id FROM orders")


def test_a_quarantine_takes_rows_of_other_columns_and_types(session, quarantined):
    quarantined(("range", {"column": "id", "max": 1}))
    session.execute("ALTER TABLE orders ALTER price TYPE VARCHAR USING 'much'")
    session.execute("ALTER TABLE orders ADD COLUMN more INTEGER DEFAULT 7")
    quarantined(("not_null", {"columns": "item"}))

    assert [(2, "7.0", None), (1, "much", 7)] == session.fetch("SELECT id, price, more FROM orders__quarantine")


def test_a_check_with_a_quote_in_its_name_is_kept(session, quarantined):
    quarantined(("not_null", {"columns": "item", "name": "the item's name"}))

    assert [("the item's name",)] == session.fetch("SELECT _check FROM orders__quarantine")


# --- history ----------------------------------------------------------------------------------------------------------


def test_what_is_measured_is_judged_by_what_was_measured_of_the_same_rows(check, session):
    asked = []

    def history(name, column):
        asked.append((name, column))
        return [3.0] * 7

    uses = [
        CheckUse("anomaly", {"metric": "row_count"}),
        CheckUse("anomaly", {"metric": "row_count", "where": "id > 1"}),
    ]
    found = audit(
        session,
        ORDERS,
        session.columns(ORDERS),
        uses,
        Found(),
        resolve=lambda _: ORDERS,
        now=NOW,
        model="orders",
        history=history,
    )

    assert [("row_count", None), ("row_count where id > 1", None)] == asked
    assert [True, False] == [r.passed for r in found.checks]
    assert [("orders", "row_count", 3.0), ("orders", "row_count where id > 1", 1.0)] == [
        (m.model, m.name, m.value) for m in found.metrics
    ]
