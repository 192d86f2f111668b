from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace.contracts.load import Change, Query
from interlace.contracts.relation import Column
from interlace.errors import InvalidModel
from interlace.testing.conformance.strategy import StrategyConformance
from interlace_strategies.scd_type_2 import ScdType2, ScdType2Options


class ByColumn(StrategyConformance):
    @pytest.fixture
    def strategy(self):
        return ScdType2


class TestByColumn(ByColumn):
    @pytest.fixture
    def options(self):
        return {"delete_mode": "close", "delete_missing": True}


class TestWithAllOptions(ByColumn):
    @pytest.fixture
    def options(self):
        return {
            "duplicates": "latest",
            "order_by": "item",
            "null_keys": "match",
            "is_current": "now",
            "rejects": "keep",
        }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"late": "insert"}, "'late: insert' needs 'updated_at'"),
        ({"updated_at": "u", "late": "insert", "first_valid_from": "epoch"}, "needs 'first_valid_from: updated_at'"),
        (
            {"updated_at": "u", "late": "insert", "first_valid_from": "execution"},
            "needs 'first_valid_from: updated_at'",
        ),
        ({"first_valid_from": "updated_at"}, "needs 'updated_at'"),
        ({"duplicates": "sequence"}, "'duplicates: sequence' needs 'updated_at'"),
        ({"duplicates": "latest"}, "needs 'order_by'"),
        ({"delete_mode": "soft", "delete_missing": True}, "use 'close' or 'new_record'"),
        ({"delete_missing": True}, "need a 'delete_mode'"),
        ({"delete_mode": "close"}, "needs 'delete_missing: true' or 'delete_when'"),
        (
            {"delete_mode": "close", "delete_when": "x", "delete_scope": ["a"]},
            "'delete_scope' needs 'delete_missing: true'",
        ),
        ({"valid_from": "t", "valid_to": "t"}, "one name"),
        ({"track": {"but": ["a"]}}, "track"),
        ({"trak": ["a"]}, "trak"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(ValidationError, match=message):
        ScdType2Options.model_validate(options)


def test_the_short_word_for_deleting_what_is_missing_is_hard():
    options = ScdType2Options.model_validate({"delete_mode": "delete_missing"})

    assert ("hard", True) == (options.delete_mode, options.delete_missing)


def test_lists_take_one_word():
    options = ScdType2Options.model_validate({"track": "a", "order_by": "b", "duplicates": "latest"})

    assert (("a",), ("b",)) == (options.track, options.order_by)


@pytest.fixture
def plan(specify):
    columns = (Column("id", "INTEGER"), Column("item", "VARCHAR"), Column("at", "TIMESTAMP"))

    def make(target=None, **given):
        fields = {name: given.pop(name) for name in ("key", "partial", "dialect") if name in given}
        spec = specify(
            source=Query("SELECT 1"),
            source_columns=columns,
            target_columns=target,
            options=ScdType2Options.model_validate(given),
            **{"key": ("id",), **fields},
        )
        return ScdType2().plan(spec)

    return make


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"updated_at": "changed"}, "no column 'changed'.*'updated_at'"),
        ({"updated_at": "item"}, "'updated_at: item', which is VARCHAR and no time"),
        ({"track": ["itm"]}, "no column 'itm'.*'track'"),
        ({"track": ["id"]}, "tracks no column but its key"),
        ({"delete_mode": "close", "delete_when": "op = 'D'"}, "'op', which is no column"),
        ({"delete_mode": "close", "delete_missing": True, "delete_scope": "region"}, "no column 'region'"),
        ({"valid_from": "item"}, "has the column 'item', which the strategy itself keeps"),
        ({"key": ("ident",)}, "no column 'ident'"),
    ],
)
def test_options_that_do_not_fit_the_batch_are_refused_before_anything_runs(plan, options, message):
    with pytest.raises(InvalidModel, match=message):
        plan(**options)


def test_an_incremental_batch_is_never_read_as_deletes(plan):
    with pytest.raises(InvalidModel, match="'delete_missing' would delete"):
        plan(partial=True, delete_mode="close", delete_missing=True)


def test_a_column_of_another_type_is_not_taken_for_its_own(plan):
    target = (
        Column("id", "INTEGER"),
        Column("item", "VARCHAR"),
        Column("at", "TIMESTAMP"),
        Column("valid_from", "DATE"),
    )
    with pytest.raises(InvalidModel, match=r"'valid_from' of shop\.orders is DATE"):
        plan(target)


def test_on_duckdb_nothing_is_updated_and_on_postgresql_open_rows_are(plan):
    own = tuple(Column(name, "TIMESTAMP WITH TIME ZONE") for name in ("valid_from", "valid_to"))
    target = (Column("id", "INTEGER"), Column("item", "VARCHAR"), Column("at", "TIMESTAMP"), *own)

    def kinds(dialect):
        steps = plan(target, dialect=dialect).steps
        return [type(step.expression).__name__ for step in steps if isinstance(step, Change)]

    assert ["Delete", "Insert"] == kinds("duckdb")
    assert ["Update", "Update", "Insert"] == kinds("postgres")


def test_a_history_leaves_a_marker(plan):
    assert not plan().idempotent
