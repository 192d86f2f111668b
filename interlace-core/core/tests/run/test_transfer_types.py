from __future__ import annotations

import pyarrow as pa
import pytest

from interlace.run.transfer_types import same

KINDS = [
    pa.bool_(),
    pa.int16(),
    pa.uint32(),
    pa.float32(),
    pa.decimal128(6, 2),
    pa.string(),
    pa.binary(),
    pa.date32(),
    pa.time64("us"),
    pa.timestamp("us"),
    pa.timestamp("us", tz="UTC"),
    pa.uuid(),
    pa.list_(pa.struct([("a", pa.int8())])),
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_type_is_its_own_equal_and_no_others(kind: pa.DataType):
    assert [kind] == [other for other in KINDS if same(kind, other)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.int8(), pa.int16()),
        (pa.uint8(), pa.int16()),
        (pa.uint64(), pa.decimal128(20, 0)),
        (pa.float32(), pa.float64()),
        (pa.decimal128(9, 2), pa.decimal128(38, 20)),
        (pa.large_string(), pa.string()),
        (pa.dictionary(pa.int8(), pa.string()), pa.string()),
        (pa.timestamp("ms"), pa.timestamp("us")),
        (pa.list_(pa.int8(), 3), pa.list_(pa.int32())),
        (pa.null(), pa.string()),
    ],
    ids=str,
)
def test_a_type_that_holds_all_of_another_is_its_equal(one: pa.DataType, other: pa.DataType):
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.int64(), pa.int32()),
        (pa.uint64(), pa.int64()),
        (pa.int8(), pa.uint16()),
        (pa.float64(), pa.float32()),
        (pa.decimal128(38, 0), pa.decimal128(38, 20)),
        (pa.timestamp("ns"), pa.timestamp("us")),
        (pa.timestamp("us"), pa.timestamp("us", tz="UTC")),
        (pa.struct([("a", pa.int8())]), pa.json_()),
        (pa.map_(pa.string(), pa.int8()), pa.json_()),
        (pa.list_(pa.timestamp("ns")), pa.list_(pa.timestamp("us"))),
    ],
    ids=str,
)
def test_what_would_lose_something_is_no_equal(one: pa.DataType, other: pa.DataType):
    assert not same(one, other)
