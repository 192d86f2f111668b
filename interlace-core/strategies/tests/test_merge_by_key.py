from __future__ import annotations

import pytest
from pydantic import ValidationError

from interlace.contracts.load import AddColumn, Change, Derive, Examine, Keep, Publish, Stage
from interlace.contracts.relation import Column, Relation
from interlace.errors import InvalidModel
from interlace_strategies.merge_by_key import MergeByKey

COLUMNS = (Column("id", "INTEGER"), Column("item", "VARCHAR"))


@pytest.fixture
def plan(specify):
    """Plans a merge by ``id``; keywords are fields of the specification, `options` those of the strategy."""

    def make(options=None, **changes):
        given = {"source_columns": COLUMNS, "target_columns": COLUMNS, "key": ("id",)}
        return MergeByKey().plan(
            specify(options=MergeByKey.Config.model_validate(options or {}), **{**given, **changes})
        )

    return make


def statements(plan, dialect):
    return [step.expression.sql(dialect=dialect) for step in plan.steps if isinstance(step, Change)]


def test_a_merge_stages_classifies_looks_and_writes(plan):
    assert [Stage, Derive, Derive, Examine, Change, Change] == [type(step) for step in plan().steps]


def test_all_numbers_are_asked_for_at_once(plan):
    options = {"delete_missing": True, "delete_when": "item = 'd'", "null_keys": "skip", "rejects": "keep"}
    found = [type(step) for step in plan(options).steps]

    assert 1 == found.count(Examine)
    assert found.index(Examine) < min(found.index(Keep), found.index(Change))


def test_duckdb_deletes_and_inserts(plan):
    delete, insert = statements(plan(), "duckdb")

    assert delete == (
        'DELETE FROM "shop"."orders" AS "target" USING "__interlace_orders_changes" AS "changes" '
        """WHERE "changes"."id" = "target"."id" AND "changes"."__interlace_becomes" = 'update'"""
    )
    assert insert == (
        'INSERT INTO "shop"."orders" ("id", "item") '
        'SELECT "changes"."id", "changes"."item" FROM "__interlace_orders_changes" AS "changes"'
    )


def test_postgres_updates_and_inserts(plan):
    update, insert = statements(plan(dialect="postgres"), "postgres")

    assert update == (
        'UPDATE "shop"."orders" AS "target" SET "item" = "changes"."item" FROM "__interlace_orders_changes" AS "changes" '
        """WHERE "changes"."id" = "target"."id" AND "changes"."__interlace_becomes" = 'update'"""
    )
    assert insert == (
        'INSERT INTO "shop"."orders" ("id", "item") '
        'SELECT "changes"."id", "changes"."item" FROM "__interlace_orders_changes" AS "changes" '
        """WHERE "changes"."__interlace_becomes" = 'insert'"""
    )


@pytest.mark.parametrize("null_keys", ["error", "skip"])
def test_keys_are_compared_by_equality_where_null_is_no_value(plan, null_keys):
    derived = next(
        s for s in plan({"null_keys": null_keys}).steps if isinstance(s, Derive) and "changes" in str(s.relation)
    )

    assert '"source"."id" = "target"."id"' in derived.query.sql("postgres")
    assert 'IS NOT DISTINCT FROM "target"."id"' not in derived.query.sql("postgres")


def test_without_a_table_the_batch_becomes_it(plan):
    assert [Stage, Derive, Examine, Publish] == [type(step) for step in plan(target_columns=None).steps]


def test_a_source_that_is_staged_is_not_staged_again(plan):
    assert Stage not in [type(step) for step in plan(source=Relation("__interlace_orders")).steps]


def test_a_column_that_is_new_is_added_before_rows_are_classified(plan):
    steps = plan(source_columns=(*COLUMNS, Column("price", "DOUBLE"))).steps

    assert [Stage, Derive, AddColumn, Derive] == [type(step) for step in steps[:4]]


def test_soft_deletes_bring_their_columns(plan):
    added = [s.column for s in plan({"delete_mode": "soft", "delete_missing": True}).steps if isinstance(s, AddColumn)]

    assert [Column("_deleted", "BOOLEAN"), Column("_deleted_at", "TIMESTAMPTZ")] == added


def test_a_batch_cannot_bring_them_itself(plan):
    with pytest.raises(InvalidModel, match="_deleted"):
        plan({"delete_mode": "soft", "delete_missing": True}, source_columns=(*COLUMNS, Column("_deleted", "BOOLEAN")))


def test_a_merge_may_be_run_again_unless_an_expression_or_a_side_table_would_see_it_twice(plan):
    assert plan().idempotent
    assert plan({"delete_missing": True}).idempotent
    assert not plan({"set": {"item": "source.item || target.item"}}).idempotent
    assert not plan({"null_keys": "skip", "rejects": "keep"}).idempotent


def test_deletes_of_an_incremental_model_are_refused_when_it_is_loaded():
    options = MergeByKey.Config.model_validate({"delete_missing": True})

    with pytest.raises(InvalidModel, match="delete_scope"):
        MergeByKey().validate(options, partial=True, model="orders")
    MergeByKey().validate(options, partial=False, model="orders")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"update": []}, "update"),
        ({"update": {"but": "x"}}, "update"),
        ({"update": "none", "set": {"n": "1"}}, "only inserts"),
        ({"duplicates": "latest"}, "order_by"),
        ({"order_by": "n"}, "duplicates: latest"),
        ({"delete_mode": "hard"}, "says when"),
        ({"delete_mode": "preserve", "delete_missing": True}, "deletes nothing"),
        ({"delete_mode": "close", "delete_missing": True}, "delete_mode"),
        ({"delete_scope": "shop"}, "delete_missing"),
        ({"partition_by": "day", "delete_missing": True}, "partition_by"),
        ({"max_delete_fraction": 1.5}, "max_delete_fraction"),
    ],
)
def test_options_that_contradict_one_another_are_refused(options, said):
    with pytest.raises(ValidationError, match=said):
        MergeByKey.Config.model_validate(options)


def test_names_that_an_engine_would_cut_stay_apart(plan):
    steps = plan(target=Relation("a" * 60, "shop")).steps
    made = [step.relation.name for step in steps if isinstance(step, Stage | Derive)]

    assert 3 == len({name[:63] for name in made})
