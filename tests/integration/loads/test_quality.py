"""Checks, quarantine and profiles on each engine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interlace.contracts.check import Check
from interlace.contracts.relation import Relation
from interlace.model.definition import CheckUse
from interlace.plugins import PluginManager
from interlace.run.audit import audit
from interlace.run.profile import profile
from interlace.run.quarantine import Quarantine, quarantine_of

NOW = datetime(2024, 1, 10, tzinfo=UTC)
ROWS = """SELECT * FROM (VALUES (1, 'a', 10.5, 1), (1, 'b', NULL, 1), (2, 'c', -3.0, 2), (3, NULL, 7.0, 9), (4, 'd', 8.0, 4))
          AS t(id, word, price, parent)"""


@pytest.fixture
def items(engine):
    engine.fresh()
    engine.execute(f"CREATE TABLE {engine.session.name(engine.target)} AS {ROWS}")
    return engine


def audited(engine, *uses, **options):
    session = engine.session
    checks = PluginManager.discover(safe=True).registry(Check)
    given = {"resolve": lambda name: engine.target, "now": NOW, **options}
    with session.transaction():
        return audit(session, engine.target, session.columns(engine.target), uses, checks, **given)


def quarantined(engine, *uses):
    aside = Quarantine(quarantine_of(engine.target), "run", NOW)
    uses = [CheckUse(use.type, {**use.options, "on_failure": "quarantine"}) for use in uses]
    return audited(engine, *uses, quarantine=aside)


def test_checks_of_a_part_of_the_rows(items):
    found = audited(
        items,
        CheckUse("unique", {"columns": ["id"], "where": "price > 0"}),
        CheckUse("not_null", {"columns": ["word"], "where": "id < 3"}),
        CheckUse("range", {"column": "price", "min": 0, "where": "id = 2", "max_fraction": 0.5}),
        CheckUse("relationships", {"column": "parent", "to": "items", "field": "id", "where": "id > 2"}),
        CheckUse("row_count", {"equals": 2, "where": "id = 1"}),
        CheckUse("query", {"query": "SELECT * FROM $this WHERE word = 'd'"}),
        CheckUse("anomaly", {"metric": "null_fraction", "column": "price"}),
        samples=1,
    )

    assert [True, True, False, False, True, False, True] == [record.passed for record in found.checks]
    assert [0, 0, 1, 1, None, 1, None] == [record.failing for record in found.checks]
    assert 0.2 == pytest.approx(found.metrics[0].value)


def test_bad_rows_go_to_quarantine(items):
    found = quarantined(
        items,
        CheckUse("unique", {"columns": ["id"]}),
        CheckUse("range", {"column": "price", "min": 0}),
        CheckUse("relationships", {"column": "parent", "to": "items", "field": "id"}),
        CheckUse("not_null", {"columns": ["word"], "name": "it's a word"}),
    )
    side = items.session.name(quarantine_of(items.target))

    assert 4 == found.aside
    assert [(4,)] == items.fetch(f"SELECT id FROM {items.session.name(items.target)}")
    assert [
        (1, "unique(id)"),
        (1, "unique(id)"),
        (2, "range(price)"),
        (3, "it's a word"),
        (3, "relationships(parent to items.id)"),
    ] == items.fetch(f"SELECT id, _check FROM {side} ORDER BY id, _check")
    assert [(NOW, "run")] == items.fetch(f"SELECT DISTINCT _quarantined_at, _run_id FROM {side}")


def test_a_quarantine_follows_the_columns(items):
    quarantined(items, CheckUse("range", {"column": "price", "min": 0}))
    name = items.session.name(items.target)
    items.execute(f"ALTER TABLE {name} ADD COLUMN more INTEGER")
    items.execute(f"ALTER TABLE {name} ALTER COLUMN price TYPE VARCHAR")
    quarantined(items, CheckUse("not_null", {"columns": ["word"]}))

    assert [("-3.0", None), ("7.0", None)] == items.fetch(
        f"SELECT price, more FROM {items.session.name(quarantine_of(items.target))} ORDER BY id"
    )


def test_a_profile(items):
    found = profile(items.session, Relation(items.target.name, items.schema))
    columns = {column.name: column for column in found.columns}

    assert 5 == found.rows
    assert (1, "a", "d", 1, 1) == tuple(
        getattr(columns["word"], key) for key in ("nulls", "min", "max", "min_length", "max_length")
    )
    assert (1, 5.625, 4) == tuple(getattr(columns["price"], key) for key in ("nulls", "mean", "distinct"))
    assert 2 == columns["id"].quantiles["0.5"]
    assert 1 == columns["id"].top[0]
