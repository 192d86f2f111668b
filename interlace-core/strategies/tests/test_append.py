from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from interlace.contracts.load import AddColumn, AlterType, Insert, LoadPlan, Publish, Query
from interlace.contracts.relation import Column, Relation
from interlace.errors import Defect, InvalidModel
from interlace_strategies.append import Append

ORDERS = Relation("orders", "shop")
SOURCE = Query("SELECT 1 AS id")

ladder = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"]
names = st.lists(st.sampled_from(["a", "b", "c", "d", "e"]), unique=True, min_size=1)
sides = st.sampled_from([str.lower, str.upper])


@st.composite
def columns(draw):
    return tuple(Column(draw(sides)(name), draw(st.sampled_from(ladder))) for name in draw(names))


def columns_of(*pairs):
    return tuple(Column(name, type_) for name, type_ in pairs)


def test_without_a_table_the_batch_becomes_it(specify):
    plan = Append().plan(specify(target_columns=None))

    assert LoadPlan((Publish(ORDERS, SOURCE),), idempotent=False) == plan


def test_the_batch_is_inserted_by_name(specify):
    plan = Append().plan(
        specify(
            source_columns=columns_of(("b", "VARCHAR"), ("a", "INTEGER")),
            target_columns=columns_of(("a", "INTEGER"), ("b", "VARCHAR")),
        )
    )

    assert LoadPlan((Insert(ORDERS, ("b", "a"), SOURCE),), idempotent=False) == plan


def test_a_new_column_is_added_before_the_insert(specify):
    plan = Append().plan(specify(source_columns=(Column("id", "INTEGER"), Column("price", "DOUBLE", nullable=False))))

    assert (AddColumn(ORDERS, Column("price", "DOUBLE")), Insert(ORDERS, ("id", "price"), SOURCE)) == plan.steps


def test_a_wider_type_widens_the_column(specify):
    plan = Append().plan(specify(source_columns=columns_of(("id", "BIGINT"))))

    assert (AlterType(ORDERS, "id", "BIGINT"), Insert(ORDERS, ("id",), SOURCE)) == plan.steps


def test_a_missing_column_is_left_out_of_the_insert(specify):
    plan = Append().plan(specify(target_columns=columns_of(("id", "INTEGER"), ("gone", "DATE"))))

    assert (Insert(ORDERS, ("id",), SOURCE),) == plan.steps


def test_names_are_spelt_as_in_the_table(specify):
    plan = Append().plan(specify(source_columns=columns_of(("ID", "INTEGER"))))

    spelt = Query('SELECT "ID" AS "id" FROM (SELECT 1 AS id\n) AS source')
    assert (Insert(ORDERS, ("id",), spelt),) == plan.steps


def test_a_type_that_the_tables_type_holds_is_cast_in_the_same_statement(specify):
    plan = Append().plan(specify(target_columns=columns_of(("id", "BIGINT"))))

    cast = Query('SELECT CAST("id" AS BIGINT) AS "id" FROM (SELECT 1 AS id\n) AS source')
    assert (Insert(ORDERS, ("id",), cast),) == plan.steps


def test_another_name_of_the_same_type_changes_nothing(specify):
    plan = Append().plan(
        specify(source_columns=columns_of(("id", "INT4")), target_columns=columns_of(("id", "INTEGER")))
    )

    assert (Insert(ORDERS, ("id",), SOURCE),) == plan.steps


@pytest.mark.parametrize(
    ("stored", "batch", "how"),
    [("INTEGER", "VARCHAR", "another type"), ("DATE", "BOOLEAN", "another type")],
)
def test_a_column_that_does_not_fit_is_named_with_both_types(specify, stored, batch, how):
    with pytest.raises(InvalidModel) as caught:
        Append().plan(
            specify(source_columns=columns_of(("Amount", batch)), target_columns=columns_of(("amount", stored)))
        )

    assert f"column 'amount' is {stored} in the table and {batch} in the batch ({how})" in str(caught.value)
    assert "shop.orders" in str(caught.value)


def test_all_columns_that_do_not_fit_are_named(specify):
    with pytest.raises(InvalidModel, match=r"'a'.*'b'"):
        Append().plan(
            specify(
                source_columns=columns_of(("a", "DATE"), ("b", "DATE")),
                target_columns=columns_of(("a", "INTEGER"), ("b", "INTEGER")),
            )
        )


def test_columns_that_were_not_given_are_a_defect_of_ours(specify):
    with pytest.raises(Defect):
        Append().plan(specify(source_columns=None))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"dedupe": True}, "dedupe"),
        ({"dedup": {"on": "id"}}, "by"),
        ({"dedup": {"by": "id", "duplicates": "latest"}}, "order_by"),
        ({"dedup": {"by": "id", "rejects": "keep"}}, "beside 'dedup'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, said):
    with pytest.raises(ValidationError, match=said):
        Append.Config.model_validate(options)


def test_only_with_dedup_may_a_batch_be_loaded_again(specify):
    given = lambda **options: specify(options=Append.Config.model_validate(options))

    assert not Append().plan(given()).idempotent
    assert Append().plan(given(dedup=True)).idempotent
    assert Append().plan(given(dedup={"by": "id"})).idempotent


@given(stored=columns(), batch=columns())
def test_a_plan_makes_room_for_the_whole_batch(make_spec, stored, batch):
    """After the steps before the insert, each column of the batch has a column that is as wide."""
    known = {c.name.casefold(): c.type for c in stored}
    *room, insert = Append().plan(make_spec(stored, batch)).steps
    for step in room:
        match step:
            case AddColumn(column=column):
                assert column.name.casefold() not in known
                known[column.name.casefold()] = column.type
            case AlterType(column=name, type=type_):
                assert name in {c.name for c in stored}
                known[name.casefold()] = type_
    assert all(ladder.index(known[c.name.casefold()]) >= ladder.index(c.type) for c in batch)
    assert [c.name.casefold() for c in batch] == [name.casefold() for name in insert.columns]


@pytest.fixture(scope="module")
def make_spec():
    from datetime import UTC, datetime

    from interlace.contracts.connection import Capabilities
    from interlace.contracts.load import LoadSpec
    from interlace.contracts.options import Options

    def make(stored, batch):
        return LoadSpec(
            ORDERS, SOURCE, batch, stored, (), Options(), datetime(2024, 1, 1, tzinfo=UTC), Capabilities(), "duckdb"
        )

    return make
