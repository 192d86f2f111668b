from __future__ import annotations

from interlace.contracts.relation import Column
from interlace.model.definition import ColumnSpec
from interlace.schema.contract import drifts, violations

COLUMNS = (Column("id", "INTEGER"), Column("item", "VARCHAR"))


def under_contract(name, type_=None):
    return ColumnSpec(name, type_, contract=True)


def test_a_kept_contract_says_nothing():
    assert [] == violations([under_contract("ID", "int4"), under_contract("item", "TEXT")], COLUMNS, "duckdb")


def test_a_column_without_contract_promises_nothing():
    assert [] == violations([ColumnSpec("id", "DATE"), ColumnSpec("nowhere", "DATE")], COLUMNS, "duckdb")


def test_a_contract_without_a_type_asks_for_the_column_only():
    assert [] == violations([under_contract("id")], COLUMNS, "duckdb")


def test_another_type_is_named_with_the_promised_one():
    said = violations([under_contract("id", "BIGINT")], COLUMNS, "duckdb")

    assert ["column 'id' is INTEGER, its contract says BIGINT"] == said


def test_a_missing_column_is_named_with_the_nearest():
    said = violations([under_contract("itm", "TEXT")], COLUMNS, "duckdb")

    assert ["column 'itm' (TEXT) is missing. Did you mean 'item'? Columns: id, item."] == said


def test_each_broken_promise_is_said_in_the_order_of_the_contract():
    said = violations([under_contract("zzz"), under_contract("id", "DATE")], COLUMNS, "duckdb")

    assert ["zzz", "id"] == [sentence.split("'")[1] for sentence in said]


def test_a_declared_type_that_the_table_does_not_have_is_said():
    said = drifts([ColumnSpec("id", "BIGINT"), ColumnSpec("item", "TEXT")], COLUMNS, "duckdb")

    assert [
        (
            "column 'id' is INTEGER in what is published, and 'columns' declares BIGINT: a table that keeps its rows changes "
            "its types as its 'schema_mode' says"
        )
    ] == said


def test_a_declared_column_that_is_not_there_is_said_with_the_nearest():
    said = drifts([ColumnSpec("itm")], COLUMNS, "duckdb")

    assert ["there is no column 'itm', which 'columns' declares. Did you mean 'item'? Columns: id, item."] == said


def test_what_is_under_contract_is_judged_by_the_contract_alone():
    assert [] == drifts([under_contract("id", "BIGINT"), under_contract("zzz")], COLUMNS, "duckdb")
