from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.contracts.relation import Relation
from interlace.errors import ModelFailed
from interlace_duckdb import arrow
from interlace_duckdb.session import DuckDBSession
from interlace_duckdb.widening import canonical, wider

T = Relation("staged")


def load(session: DuckDBSession, *columns: pa.Array, schema: pa.Schema | None = None) -> tuple[str, list[Any]]:
    batches = (pa.record_batch([column], names=["v"]) for column in columns)
    session.load_arrow(T, batches, schema)
    return session.columns(T)[0].type, [row[0] for row in session.fetch("SELECT v FROM staged")]


@pytest.mark.parametrize(
    ("array", "type_", "value"),
    [
        (pa.array([1], pa.uint8()), "UTINYINT", 1),
        (pa.array([1.5], pa.float32()).cast(pa.float16()), "FLOAT", 1.5),
        (pa.array([Decimal("1.5")], pa.decimal256(50, 2)), "DECIMAL(38,2)", Decimal("1.50")),
        (pa.array(["x"]).dictionary_encode(), "VARCHAR", "x"),
        (pa.array(["x"], pa.large_string()), "VARCHAR", "x"),
        (pa.array(["x"], pa.string_view()), "VARCHAR", "x"),
        (pa.array([b"ab"], pa.binary(2)), "BLOB", b"ab"),
        (pa.array([1], pa.timestamp("s")), "TIMESTAMP", datetime(1970, 1, 1, 0, 0, 1)),  # noqa: DTZ001
        (pa.array([date(2024, 1, 1)], pa.date64()), "DATE", date(2024, 1, 1)),
        (pa.array([1], pa.duration("s")), "INTERVAL", timedelta(seconds=1)),
        (pa.array([[1, 2]], pa.list_(pa.int32(), 2)), "INTEGER[2]", (1, 2)),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), "MAP(VARCHAR, BIGINT)", {"k": 1}),
        (pa.array([{"a b": [1.5]}]), 'STRUCT("a b" DOUBLE[])', {"a b": [1.5]}),
        (pa.array([None]), "VARCHAR", None),
        (pa.array([[None]]), "VARCHAR[]", [None]),
        (pa.array([{"a": None}]), "STRUCT(a VARCHAR)", {"a": None}),
    ],
)
def test_arrow_types_become_duckdbs(session: DuckDBSession, array: pa.Array, type_: str, value: object):
    assert (type_, [value]) == load(session, array)


@pytest.mark.parametrize(
    ("first", "second", "type_", "value"),
    [
        (pa.array([1], pa.int64()), pa.array([2**63], pa.uint64()), "DECIMAL(20,0)", Decimal(2**63)),
        (pa.array([1], pa.int64()), pa.array([Decimal("1.5")]), "DECIMAL(20,1)", Decimal("1.5")),
        (pa.array([Decimal("1.5")]), pa.array([Decimal("100.25")]), "DECIMAL(5,2)", Decimal("100.25")),
        (pa.array([date(2024, 1, 1)]), pa.array([datetime(2024, 1, 2, 3)]), "TIMESTAMP", datetime(2024, 1, 2, 3)),  # noqa: DTZ001
        (pa.array([[1]]), pa.array([[1.5]]), "DOUBLE[]", [1.5]),
        (pa.array([[None]]), pa.array([["x"]]), "VARCHAR[]", ["x"]),
        (pa.array([[None]]), pa.array([[7]]), "BIGINT[]", [7]),
        (pa.array([{"a": 1}]), pa.array([{"A": 2, "b": "x"}]), "STRUCT(a BIGINT, b VARCHAR)", {"a": 2, "b": "x"}),
        (pa.array([[{"a": 1}]]), pa.array([[{"b": 1.5}]]), "STRUCT(a BIGINT, b DOUBLE)[]", [{"a": None, "b": 1.5}]),
        (pa.array(["x"]), pa.array(["y"]).dictionary_encode(), "VARCHAR", "y"),
        (pa.array([1]), pa.array([None]), "BIGINT", None),
    ],
)
def test_later_types_widen_the_column(
    session: DuckDBSession, first: pa.Array, second: pa.Array, type_: str, value: object
):
    found, values = load(session, first, second)

    assert (type_, value) == (found, values[1])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (pa.array([1]), pa.array(["x"])),
        (pa.array(["x"]), pa.array([1])),
        (pa.array([True]), pa.array([1])),
        (pa.array([Decimal("1.5")]), pa.array([1.5])),
        (pa.array([b"x"]), pa.array(["x"])),
        (pa.array([1], pa.timestamp("us")), pa.array([1], pa.timestamp("us", tz="UTC"))),
        (pa.array([{"a": 1}]), pa.array([{"a": "x"}])),
        (pa.array([1]), pa.array([[1]])),
        (pa.array([Decimal(10) ** 30]), pa.array([Decimal("1E-20")])),
    ],
)
def test_types_without_a_common_one_are_refused(session: DuckDBSession, first: pa.Array, second: pa.Array):
    with pytest.raises(ModelFailed, match=r"Column 'v' has the type .* in the first rows and .* in later ones"):
        load(session, first, second)


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (pa.array([{}]), "structure without fields"),
        (pa.array([{"a": 1, "A": 2}]), "two fields of one name"),
        (pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]), "a union"),
        (pa.array([Decimal(10) ** 50], pa.decimal256(60, 0)), "Column 'v'"),
        (pa.ExtensionArray.from_storage(pa.opaque(pa.int32(), "x", "y"), pa.array([1], pa.int32())), "extension type"),
    ],
)
def test_what_duckdb_cannot_store_is_refused(session: DuckDBSession, array: pa.Array, said: str):
    with pytest.raises(ModelFailed, match=said):
        load(session, array)


def test_columns_that_differ_in_case_only_are_refused(session: DuckDBSession):
    with pytest.raises(ModelFailed, match="'a' and 'A' have one name"):
        session.load_arrow(T, iter([pa.record_batch([[1], [2]], names=["a", "A"])]), None)


def test_rows_without_columns_are_refused(session: DuckDBSession):
    with pytest.raises(ModelFailed, match="without columns"):
        session.load_arrow(T, iter([pa.RecordBatch.from_arrays([], names=[])]), None)


def test_a_column_is_found_without_case(session: DuckDBSession):
    batches = [pa.record_batch({"Id": [1]}), pa.record_batch({"ID": [2]})]
    session.load_arrow(T, iter(batches), None)

    assert [(1,), (2,)] == session.fetch('SELECT "Id" FROM staged')


def test_declared_types_win_over_those_of_the_first_batch(session: DuckDBSession):
    schema = pa.schema([("b", pa.float64()), ("a", pa.int64())])
    session.load_arrow(T, iter([pa.record_batch({"a": pa.array([1], pa.int8())})]), schema)

    assert [("a", "BIGINT"), ("b", "DOUBLE")] == [(c.name, c.type) for c in session.columns(T)]


def test_nan_and_null_stay_apart(session: DuckDBSession):
    load(session, pa.array([float("nan"), None]))

    assert [(True, False), (None, True)] == session.fetch("SELECT isnan(v), v IS NULL FROM staged")


def test_an_enum_of_another_session_does_not_matter(session: DuckDBSession):
    other = session.connection.session()
    load(session, pa.array([1]))
    load(other, pa.array(["x"]))

    assert ["BIGINT", "VARCHAR"] == [s.columns(T)[0].type for s in (session, other)]


@pytest.mark.parametrize("size", [1, 1_000, arrow.ROW_GROUP, arrow.ROW_GROUP + 1, 5 * arrow.ROW_GROUP])
def test_every_row_arrives_whatever_the_size_of_the_batches(session: DuckDBSession, size: int):
    total = 2 * arrow.MOST_ROWS + 17 if size > 1 else 300

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, total, size):
            yield pa.record_batch({"v": pa.array(range(start, min(start + size, total)), pa.int64())})

    assert total == session.load_arrow(T, batches(), None)
    assert [(total, total, total - 1)] == session.fetch("SELECT count(*), count(DISTINCT v), max(v) FROM staged")


def test_rows_keep_their_order(session: DuckDBSession):
    batches = (pa.record_batch({"v": pa.array(range(n, n + 10_000), pa.int64())}) for n in range(0, 500_000, 10_000))
    session.load_arrow(T, batches, None)

    assert [(0,)] == session.fetch("SELECT count(*) FROM staged WHERE v <> rowid")


def test_what_was_loaded_is_let_go_of_before_the_transaction_ends(session: DuckDBSession):
    before = pa.total_allocated_bytes()
    with session.transaction():
        batches = (pa.record_batch({"v": pa.array(range(200_000), pa.int64())}) for _ in range(20))
        session.load_arrow(Relation("t", "main"), batches, None, temporary=False)
        held = pa.total_allocated_bytes() - before

    assert held < 1_000_000


# --- the lattice ------------------------------------------------------------------------------------------------------

SIMPLE = [
    pa.null(),
    pa.bool_(),
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float32(), pa.float64(), pa.decimal128(5, 2), pa.decimal128(18, 3), pa.decimal128(38, 0)),
    *(pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.binary(), pa.date32()),
    *(pa.timestamp("us"), pa.timestamp("ns"), pa.timestamp("s", tz="Europe/Berlin"), pa.time64("us"), pa.duration("s")),
    pa.uuid(),
]
types = st.recursive(
    st.sampled_from(SIMPLE),
    lambda inner: st.one_of(
        inner.map(pa.list_),
        st.dictionaries(st.sampled_from("abC"), inner, min_size=1).map(lambda fields: pa.struct(list(fields.items()))),
    ),
    max_leaves=4,
).map(canonical)


def same(one: pa.DataType | None, other: pa.DataType | None) -> bool:
    """Equal, the order of the fields of structures aside."""
    if one is None or other is None or not pa.types.is_nested(one):
        return one == other
    if pa.types.is_struct(one):
        mine, theirs = ({f.name: f.type for f in kind} for kind in (one, other))
        return mine.keys() == theirs.keys() and all(same(mine[name], theirs[name]) for name in mine)
    return pa.types.is_list(other) and same(one.value_type, other.value_type)


@given(types)
def test_a_type_is_as_wide_as_itself(kind: pa.DataType):
    assert kind == wider(kind, kind) == canonical(kind)


@given(types, types)
def test_the_order_of_two_types_does_not_matter(one: pa.DataType, other: pa.DataType):
    assert same(wider(one, other), wider(other, one))


@given(types, types)
def test_what_is_wider_holds_both(one: pa.DataType, other: pa.DataType):
    both = wider(one, other)

    if both is not None:
        assert same(both, wider(both, one))
        assert same(both, wider(both, other))


def test_all_pairs_of_simple_types_that_have_a_wider_one_are_stored(session: DuckDBSession):
    for one, other in itertools.combinations(SIMPLE, 2):
        if wider(canonical(one), canonical(other)) is not None:
            load(session, pa.nulls(1, one), pa.nulls(1, other))
