from __future__ import annotations

import importlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from interlace.contracts.connection import Capabilities
from interlace.contracts.load import LoadCounts, LoadPlan, LoadSpec, Publish, Query
from interlace.contracts.materialiser import Materialiser
from interlace.contracts.options import Options
from interlace.contracts.relation import Column, Relation, RelationInfo
from interlace.errors import Defect, InvalidModel, QueryFailed, UnsupportedCapability
from interlace_materialisers import plugin
from interlace_materialisers.ephemeral import Ephemeral
from interlace_materialisers.none import Nothing
from interlace_materialisers.table import Table
from interlace_materialisers.view import View
from interlace_strategies.append import Append
from interlace_strategies.none import Unmanaged
from interlace_strategies.replace import Replace

ORDERS = Relation("orders", "main")


class Recording:
    """A session that keeps what it was asked."""

    def __init__(self):
        self.asked = []

    def drop(self, relation, kind):
        self.asked.append(("drop", relation, kind))

    def apply(self, plan):
        self.asked.append(("apply", plan))
        return LoadCounts(inserted=7)

    def create_view(self, relation, sql):
        self.asked.append(("view", relation, sql))

    def execute(self, sql):
        self.asked.append(("execute", sql))


@pytest.fixture
def recording():
    return Recording()


@pytest.fixture
def spec():
    return LoadSpec(
        target=ORDERS,
        source=Query("SELECT 1 AS id"),
        source_columns=(Column("id", "INTEGER"),),
        target_columns=None,
        key=(),
        options=Options(),
        execution_time=datetime(2024, 1, 2, tzinfo=UTC),
        capabilities=Capabilities(transactional_ddl=True, views=True),
        dialect="duckdb",
    )


def standing(kind):
    return RelationInfo(ORDERS, kind, (Column("id", "INTEGER"),))


def published(spec, *, idempotent=True):
    return ("apply", LoadPlan((Publish(ORDERS, spec.source),), idempotent))


def test_every_provider_offers_a_materialiser():
    for provider in plugin.interlace_materialisers():
        module, _, name = provider.target.partition(":")

        assert issubclass(getattr(importlib.import_module(module), name), Materialiser)


def test_a_table_performs_the_plan_and_returns_its_counts(recording, spec):
    counts = Table().build(recording, spec, Replace(), standing("table"))

    assert LoadCounts(inserted=7) == counts
    assert [published(spec)] == recording.asked


def test_a_table_drops_a_view_that_stands_there(recording, spec):
    Table().build(recording, spec, Replace(), standing("view"))

    assert [("drop", ORDERS, "view"), published(spec)] == recording.asked


def test_appending_over_a_view_begins_a_table(recording, spec):
    over_a_view = replace(spec, target_columns=(Column("id", "INTEGER"),))
    Table().build(recording, over_a_view, Append(), standing("view"))

    assert [("drop", ORDERS, "view"), published(spec, idempotent=False)] == recording.asked


def test_a_refused_plan_drops_nothing(recording, spec):
    wrong = replace(spec, target_columns=(Column("id", "DATE"),))
    with pytest.raises(InvalidModel):
        Table().build(recording, wrong, Append(), standing("table"))

    assert [] == recording.asked


@pytest.mark.parametrize("kind", ["table", "view"])
def test_a_relation_that_is_managed_elsewhere_is_not_touched(recording, spec, kind):
    Table().build(recording, spec, Unmanaged(), standing(kind))

    assert [] == recording.asked


def test_a_view_takes_the_query(recording, spec):
    counts = View().build(recording, spec, Replace(), standing("view"))

    assert LoadCounts() == counts
    assert [("view", ORDERS, "SELECT 1 AS id")] == recording.asked


def test_a_view_drops_a_table_that_stands_there(recording, spec):
    View().build(recording, spec, Replace(), standing("table"))

    assert [("drop", ORDERS, "table"), ("view", ORDERS, "SELECT 1 AS id")] == recording.asked


def test_a_view_is_refused_where_there_are_none(recording, spec):
    with pytest.raises(UnsupportedCapability, match="materialise: table"):
        View().build(recording, replace(spec, capabilities=Capabilities()), Replace(), None)

    assert [] == recording.asked


def test_a_view_of_rows_is_a_defect(recording, spec):
    with pytest.raises(Defect):
        View().build(recording, replace(spec, source=Relation("staged")), Replace(), None)


def test_a_python_model_is_no_view():
    assert [True, True, True, False] == [m.python for m in (Table, Ephemeral, Nothing, View)]


def test_ephemeral_is_inlined_and_builds_nothing(recording, spec):
    Ephemeral().build(recording, spec, Replace(), standing("table"))

    assert Ephemeral.inlined
    assert [] == recording.asked


def test_none_runs_the_statement_of_a_sql_model(recording, spec):
    Nothing().build(recording, spec, Replace(), None)

    assert [("execute", "SELECT 1 AS id")] == recording.asked


def test_none_does_nothing_more_for_a_python_model(recording, spec):
    Nothing().build(recording, replace(spec, source=Relation("staged")), Replace(), None)

    assert [] == recording.asked


def test_a_view_that_others_read_is_not_cascaded(session, spec):
    """DuckDB lets a table go though a view reads it; the view stays."""
    with session.transaction():
        session.execute("CREATE TABLE orders AS SELECT 9 AS id")
        session.execute("CREATE VIEW reader AS SELECT * FROM orders")
    with session.transaction():
        View().build(session, spec, Replace(), standing("table"))

    assert [(1,)] == session.fetch("SELECT * FROM reader")


def test_a_failing_query_brings_the_dropped_view_back(session, spec):
    with session.transaction():
        session.execute("CREATE VIEW orders AS SELECT 9 AS id")
    with pytest.raises(QueryFailed), session.transaction():
        Table().build(session, replace(spec, source=Query("SELECT nope")), Replace(), standing("view"))

    assert [(9,)] == session.fetch("SELECT * FROM orders")
