"""What every engine says of batches that make no table."""

from __future__ import annotations

import pyarrow as pa

from interlace.contracts.arrow_load import no_columns, no_common_type, nothing_given


def test_neither_rows_nor_a_schema_make_no_table():
    refused = nothing_given()

    assert "The model gave no rows and no schema, so there is no table to make." == refused.message
    assert "Declare the model's 'columns' with their types, or return a table that has them." == refused.hint


def test_rows_without_columns_make_no_table():
    assert "The model gave rows without columns, so there is no table to make." == no_columns().message


def test_a_column_of_two_types_is_named_with_both():
    refused = no_common_type("id", "BIGINT", "VARCHAR", pa.int64())

    assert (
        "Column 'id' has the type BIGINT in the first rows and VARCHAR in later ones; no type holds both."
        == refused.message
    )
    assert "Convert the values, or declare the column's type under 'columns'. Its first type: int64." == refused.hint
