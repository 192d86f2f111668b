"""Arrow types that are stored alike, and the type that holds the values of two others."""

from __future__ import annotations

import pyarrow as pa
import pytest

from interlace.schema.arrow_kinds import canonical_scalar, decoded, wider_scalar

MOMENT = pa.timestamp("us")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.dictionary(pa.int8(), pa.large_string()), pa.string()),
        (pa.run_end_encoded(pa.int32(), pa.dictionary(pa.int8(), pa.string())), pa.string()),
        (pa.string_view(), pa.string()),
        (pa.large_binary(), pa.binary()),
        (pa.binary_view(), pa.binary()),
        (pa.binary(16), pa.binary()),
        (pa.float16(), pa.float32()),
        (pa.timestamp("ns"), pa.timestamp("ns")),
        (pa.list_(pa.large_string()), pa.list_(pa.large_string())),
        (pa.json_(), pa.json_()),
    ],
)
def test_an_encoding_is_taken_away_and_nothing_else(kind, expected):
    assert expected == decoded(kind)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.dictionary(pa.int8(), pa.date64()), pa.date32()),
        (pa.timestamp("ns"), MOMENT),
        (pa.timestamp("s", tz="Europe/Berlin"), pa.timestamp("us", tz="UTC")),
        (pa.time32("s"), pa.time64("us")),
        (pa.decimal256(38, 2), pa.decimal128(38, 2)),
        (pa.decimal128(5, 2), pa.decimal128(5, 2)),
        (pa.decimal256(39, 2), pa.decimal256(39, 2)),
        (pa.large_string(), pa.string()),
        (pa.int8(), pa.int8()),
        (pa.duration("s"), pa.duration("s")),
    ],
)
def test_units_of_time_and_widths_of_decimals_have_one_type(kind, expected):
    assert expected == canonical_scalar(kind)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (pa.string(), pa.string(), pa.string()),
        (pa.null(), pa.binary(), pa.binary()),
        (pa.null(), pa.null(), pa.null()),
        (pa.int32(), pa.int64(), pa.int64()),
        (pa.decimal128(9, 2), pa.float64(), None),
        (pa.date32(), MOMENT, MOMENT),
        (pa.date32(), pa.timestamp("us", tz="UTC"), None),
        (pa.date32(), pa.string(), None),
        (MOMENT, pa.timestamp("us", tz="UTC"), None),
        (pa.string(), pa.int64(), None),
    ],
)
def test_two_types_have_one_that_holds_both(one, other, expected):
    assert expected == wider_scalar(one, other, 76)
    assert expected == wider_scalar(other, one, 76)


def test_two_decimals_have_none_where_the_digits_do_not_suffice():
    assert wider_scalar(pa.decimal128(38, 0), pa.decimal128(38, 38), 38) is None
