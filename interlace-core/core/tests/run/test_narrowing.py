"""``where``: a check of a part of the rows finds what it would find if there were no others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from interlace.contracts.check import Check, CheckTarget, Measure, Verdict
from interlace.contracts.relation import Relation
from interlace.model.definition import CheckUse
from interlace.run.audit import audit
from interlace.run.measuring import prepared
from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.expression import Expression
from interlace_checks.freshness import Freshness
from interlace_checks.not_null import NotNull
from interlace_checks.pattern import Pattern
from interlace_checks.query import Query
from interlace_checks.range import Range
from interlace_checks.relationships import Relationships
from interlace_checks.row_count import RowCount
from interlace_checks.unique import Unique
from interlace_duckdb.connection import DuckDBConnection

NOW = datetime(2024, 1, 2, tzinfo=UTC)
ALL, PART = Relation("all_of_them", "main"), Relation("part_of_them", "main")


class Spread(Check):
    """A check of somebody else's, whose aggregate is none that can be told."""

    def columns(self, options):
        return ()

    def compile(self, target, options):
        return Measure(parse_one("COUNT(*) + MAD(id)", dialect="duckdb"))

    def judge(self, value, options, now):
        return Verdict(False, str(value))


CHECKS = {
    "accepted_values": AcceptedValues,
    "expression": Expression,
    "freshness": Freshness,
    "not_null": NotNull,
    "pattern": Pattern,
    "query": Query,
    "range": Range,
    "relationships": Relationships,
    "row_count": RowCount,
    "spread": Spread,
    "unique": Unique,
}
USES = (
    CheckUse("accepted_values", {"column": "word", "values": ["a"]}),
    CheckUse("expression", {"expression": "id > 1"}),
    CheckUse("freshness", {"column": "moment", "max_age": 1}),
    CheckUse("not_null", {"columns": ["word"]}),
    CheckUse("not_null", {"columns": ["word", "parent"]}),
    CheckUse("pattern", {"column": "word", "regex": "a"}),
    CheckUse("query", {"query": "SELECT * FROM $this WHERE id = 1"}),
    CheckUse("range", {"column": "id", "max": 1}),
    CheckUse("row_count", {"equals": 1000}),
    CheckUse("spread", {}),
    CheckUse("unique", {"columns": ["id"]}),
    CheckUse("unique", {"columns": ["id", "word"]}),
)


class Found:
    def get(self, name, /):
        return CHECKS[name]


class Recording:
    """A session that notes what is asked of it."""

    def __init__(self, session):
        self._session = session
        self.statements = []

    def __getattr__(self, name):
        return getattr(self._session, name)

    def fetch(self, sql, limit=None):
        self.statements.append(sql)
        return self._session.fetch(sql, limit)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    connection = DuckDBConnection("db", DuckDBConnection.Config(path=":memory:"), root=tmp_path_factory.mktemp("db"))
    connection.open()
    session = connection.session()
    yield session
    session.close()
    connection.close()


def found(session, relation, uses, **options):
    given_options = {"resolve": lambda name: relation, "now": NOW, **options}
    return audit(session, relation, session.columns(relation), uses, Found(), **given_options).checks


def narrowed(use, where, **more):
    return CheckUse(use.type, {**use.options, "where": where, **more})


ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["'a'", "'b'", "NULL::VARCHAR"]), st.sampled_from(["0", "1", "NULL"])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(ROWS, st.sampled_from(["id > 1", "word = 'a'", "parent IS NULL", "id % 2 = 0 OR word IS NULL", "false"]))
def test_a_part_of_the_rows_is_judged_as_if_it_were_all(session, rows, where):
    values = ", ".join(f"({i}, {w}, {p}::INT, TIMESTAMP '2024-01-01' + INTERVAL ({i}) HOUR)" for i, w, p in rows)
    session.execute(f"CREATE OR REPLACE TABLE {ALL} AS SELECT * FROM (VALUES {values}) AS t(id, word, parent, moment)")
    session.execute(f"CREATE OR REPLACE TABLE {PART} AS SELECT * FROM {ALL} WHERE {where}")

    apart = found(session, PART, USES, samples=100)
    together = found(session, ALL, [narrowed(use, where) for use in USES], samples=100)

    assert [(c.name, c.passed, c.message, c.failing) for c in apart] == [
        (c.name, c.passed, c.message, c.failing) for c in together
    ]
    for one, other in zip(apart, together, strict=True):
        assert sorted(map(str, one.sample)) == sorted(map(str, other.sample))


@pytest.fixture
def rows(session):
    session.execute(
        f"CREATE OR REPLACE TABLE {ALL} AS SELECT range AS id, 'a' AS word, range + 5 AS parent, now() AS moment FROM range(10)"
    )
    return session


def test_all_rows_count_as_parents_whatever_the_children_are(rows):
    use = CheckUse("relationships", {"column": "parent", "to": "itself", "field": "id", "where": "id < 6"})

    (record,) = found(rows, ALL, [use])

    assert (1, "1 row has parent that is not in itself.id") == (record.failing, record.message)
    assert [5] == [row["id"] for row in record.sample]


def test_what_can_be_told_is_asked_in_the_one_scan(rows):
    recording = Recording(rows)
    uses = [narrowed(use, "id > 3") for use in USES if use.type != "spread"]
    found(recording, ALL, [*USES[:2], *uses], samples=0)

    assert 1 == len(recording.statements)


def test_an_aggregate_that_cannot_be_told_is_asked_over_the_rows_alone(rows):
    recording = Recording(rows)
    record = found(recording, ALL, [USES[0], narrowed(CheckUse("spread"), "id > 7")], samples=0)[1]

    assert "2.5" == record.message
    assert 2 == len(recording.statements)


def test_a_fraction_is_one_of_the_rows_that_are_asked_about(rows):
    use = CheckUse("range", {"column": "id", "max": 7, "where": "id > 5", "max_fraction": 0.5})
    strict = CheckUse("range", {"column": "id", "max": 7, "where": "id > 5", "max_fraction": 0.49})

    assert [True, False] == [record.passed for record in found(rows, ALL, [use, strict])]


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("id >", "'where' 'id >' does not parse"),
        ("SELECT 1", "is not one condition"),
        ("count(*) > 1", "holds an aggregate"),
        ("idd > 1", "names 'idd', no column of main.all_of_them. Did you mean 'id'?"),
    ],
)
def test_a_wrong_condition_is_refused(rows, where, reason):
    from interlace.errors import InvalidModel

    with pytest.raises(InvalidModel) as caught:
        found(rows, ALL, [narrowed(USES[3], where)])

    assert reason in str(caught.value)
    assert "check 'not_null(word)'" in str(caught.value)


def test_a_case_keeps_its_one_condition(rows):
    target = CheckTarget(ALL, rows.columns(ALL), "duckdb", lambda name: ALL)
    (asked,) = prepared([narrowed(USES[7], "id > 3")], Found(), target)

    assert 'COUNT(CASE WHEN (id > 3) AND "id" > 1 THEN 1 END)' == asked.measure.value.sql("duckdb")
    assert isinstance(asked.measure.broken, exp.And)
