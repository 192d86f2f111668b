from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from interlace.errors import InvalidTest
from interlace.model.definition import ColumnSpec
from interlace.testing.given import given_table, mock_dependency, written

DECLARED = (ColumnSpec("id", "BIGINT"), ColumnSpec("zip", "VARCHAR"), ColumnSpec("amount", "DECIMAL(12,2)"))
ROWS = [{"id": 1, "zip": "01067", "amount": "1.50"}]


def table(given, declared=DECLARED, root=Path()):
    return given_table("orders", given, declared, "duckdb", root)


@pytest.mark.parametrize(
    "given",
    [
        ROWS,
        tuple(ROWS),
        ROWS[0],
        "id,zip,amount\n1,01067,1.50\n",
        "\n    id,zip,amount\n    1,01067,1.50\n    ",
        pa.Table.from_pylist(ROWS),
        pd.DataFrame(ROWS),
        pl.DataFrame(ROWS),
        mock_dependency(ROWS),
    ],
    ids=["rows", "tuple", "row", "csv", "indented csv", "arrow", "pandas", "polars", "mock"],
)
def test_rows_of_any_form_get_the_declared_types(given):
    made = table(given)

    assert [{"id": 1, "zip": "01067", "amount": Decimal("1.50")}] == made.to_pylist()
    assert [pa.int64(), pa.string(), pa.decimal128(12, 2)] == made.schema.types


def test_declared_columns_that_are_not_given_are_null():
    assert [{"id": 1, "zip": None, "amount": None}] == table([{"id": 1}]).to_pylist()


def test_types_that_nothing_declares_are_those_of_the_values():
    made = table("day,n\n2026-03-01,2\n", ())

    assert [{"day": date(2026, 3, 1), "n": 2}] == made.to_pylist()


def test_an_empty_field_is_null_and_a_quoted_one_an_empty_text():
    assert [{"id": 1, "zip": ""}, {"id": None, "zip": "x"}] == table('id,zip\n1,""\n,x\n', DECLARED[:2]).to_pylist()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet", "json", "jsonl"])
def test_rows_of_a_file(tmp_path, suffix):
    path = tmp_path / f"orders.{suffix}"
    match suffix:
        case "parquet":
            import pyarrow.parquet as pq

            pq.write_table(pa.Table.from_pylist(ROWS), path)
        case "json":
            path.write_text('[{"id": 1, "zip": "01067", "amount": 1.5}]')
        case "jsonl":
            path.write_text('{"id": 1, "zip": "01067", "amount": 1.5}\n\n')
        case _:
            path.write_text("id,zip,amount\n1,01067,1.50\n".replace(",", "\t" if suffix == "tsv" else ","))

    made = table(Path(path.name), root=tmp_path)

    assert [{"id": 1, "zip": "01067", "amount": Decimal("1.50")}] == made.to_pylist()


def test_a_file_that_is_not_there_names_the_nearest(tmp_path):
    (tmp_path / "orders.csv").write_text("id\n1\n")

    with pytest.raises(InvalidTest, match="cannot be read") as caught:
        table(Path("order.csv"), root=tmp_path)

    assert "Did you mean 'orders.csv'?" == caught.value.hint


def test_types_may_be_given_with_the_rows():
    made = table(mock_dependency([], columns={"id": "INTEGER", "day": "DATE"}), ())

    assert [pa.int32(), pa.date32()] == made.schema.types
    assert 0 == made.num_rows


def test_no_rows_of_which_nothing_is_known_are_an_error():
    with pytest.raises(InvalidTest, match="nothing declares its columns"):
        table([], ())


def test_a_value_that_does_not_fit_its_type_is_named():
    with pytest.raises(InvalidTest, match=r"the rows given for 'orders': Column 'id', row 2: 'two'"):
        table([{"id": 1}, {"id": "two"}])


@pytest.mark.parametrize(
    "given", [[{"id": 1, "amuont": 2}], "id,amuont\n1,2\n", pd.DataFrame([{"id": 1, "amuont": 2}])]
)
def test_a_slip_in_the_name_of_a_column_is_an_error(given):
    with pytest.raises(InvalidTest, match="have a column 'amuont'") as caught:
        table(given)

    assert "Did you mean 'amount'?" == caught.value.hint


def test_what_is_expected_keeps_its_columns_and_values():
    found = written([{"a": 1}, {"b": "x", "a": 2}], Path())

    assert ("a", "b") == found.columns
    assert ((1, None), (2, "x")) == found.rows
    assert not found.text


def test_expected_csv_is_text():
    found = written("a,b\n01,\n", Path())

    assert (("01", None),) == found.rows
    assert found.text


def test_an_expected_frame_without_rows_has_columns():
    assert ("a",) == written(pd.DataFrame({"a": []}), Path()).columns


def test_what_is_no_rows_cannot_be_expected():
    with pytest.raises(InvalidTest, match="the expected rows"):
        written(7, Path())
