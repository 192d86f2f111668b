# ruff: noqa: DTZ001  moments without a time zone are among what a model gives
from __future__ import annotations

import enum
import uuid
from collections import namedtuple
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import InvalidModel, ModelFailed
from interlace.run.convert import arrow_type, to_batches

MOMENT = datetime(2024, 3, 31, 2, 30, 0, 5)


def converted(value: object, **options: Any) -> list[pa.RecordBatch]:
    return list(to_batches(value, **options)[0])


def rows(value: object, **options: Any) -> list[dict[str, Any]]:
    return [row for batch in converted(value, **options) for row in batch.to_pylist()]


def types(value: object, **options: Any) -> dict[str, pa.DataType]:
    return {field.name: field.type for field in converted(value, **options)[0].schema}


def test_dictionaries_become_columns_in_their_order():
    assert ["b", "a"] == converted([{"b": 1, "a": "x"}])[0].schema.names


def test_a_dictionary_is_one_row():
    assert [{"a": [1, 2]}] == rows({"a": [1, 2]})


def test_none_is_no_rows():
    assert [] == rows(None)


def test_an_empty_list_has_no_batches_and_no_schema():
    batches, schema = to_batches([])

    assert ([], None) == (list(batches), schema)


def test_rows_come_in_chunks():
    assert [2, 2, 1] == [b.num_rows for b in converted([{"a": n} for n in range(5)], chunk_rows=2)]


def test_a_missing_key_is_null_and_a_new_key_a_new_column():
    assert [{"a": 1, "b": None}, {"a": None, "b": 2}] == rows([{"a": 1}, {"b": 2}])


def test_rows_of_equal_length_but_other_keys_keep_all_their_values():
    given_rows = [{"a": 1, "b": 2}, {"a": 3, "c": 4}]

    assert [{"a": 1, "b": 2, "c": None}, {"a": 3, "b": None, "c": 4}] == rows(given_rows)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (True, pa.bool_()),
        (1, pa.int64()),
        (2**64, pa.decimal128(38, 0)),
        (1.5, pa.float64()),
        ("grün", pa.string()),
        (b"\x00", pa.binary()),
        (Decimal("1.50"), pa.decimal128(18, 2)),
        (Decimal("12345678901234567890.5"), pa.decimal128(38, 1)),
        (MOMENT, pa.timestamp("us")),
        (MOMENT.replace(tzinfo=UTC), pa.timestamp("us", tz="UTC")),
        (date(2024, 1, 1), pa.date32()),
        (time(1, 2, 3, 4), pa.time64("us")),
        (timedelta(days=1, microseconds=1), pa.duration("us")),
        (uuid.UUID(int=7), pa.uuid()),
        ([1, None], pa.list_(pa.int64())),
        ({"x": 1, "y": [{"z": "a"}]}, pa.struct([("x", pa.int64()), ("y", pa.list_(pa.struct([("z", pa.string())])))])),
        (None, pa.null()),
    ],
)
def test_a_value_keeps_its_type_and_comes_back(value: object, kind: pa.DataType):
    given_rows = [{"a": value}, {"a": None}]

    assert {"a": kind} == types(given_rows)
    assert [{"a": value}, {"a": None}] == rows(given_rows)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


Point = namedtuple("Point", "x y")  # noqa: PYI024  an untyped one, as found in the wild


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Colour.RED, "red"),
        (Level.LOW, 1),
        (np.int32(7), 7),
        (np.float64(1.5), 1.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.datetime64("2024-01-02T03:04:05"), datetime(2024, 1, 2, 3, 4, 5)),
        (np.datetime64("2024-01-02"), date(2024, 1, 2)),
        (np.datetime64("NaT", "us"), None),
        (np.array([1, 2]), [1, 2]),
        (pd.Timestamp("2024-01-02 03:04:05"), datetime(2024, 1, 2, 3, 4, 5)),
        (pd.NaT, None),
        (pd.NA, None),
        (bytearray(b"x"), b"x"),
        (Point(1, 2), [1, 2]),
        ((1, 2), [1, 2]),
        ([Colour.RED], ["red"]),
    ],
)
def test_values_of_other_packages_stand_for_plain_ones(value: object, expected: object):
    assert [{"a": expected}] == rows([{"a": value}])


def test_nan_stays_nan():
    (first, second) = rows([{"a": float("nan")}, {"a": None}])

    assert first["a"] != first["a"]
    assert second["a"] is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2.5], [1.0, 2.5]),
        ([1, Decimal("2.5")], [Decimal("1.0"), Decimal("2.5")]),
        ([date(2024, 1, 1), MOMENT], [datetime(2024, 1, 1), MOMENT]),
        ([Decimal("1.5"), Decimal("100.125")], [Decimal("1.500"), Decimal("100.125")]),
    ],
)
def test_types_that_go_together_widen(values: list[object], expected: list[object]):
    assert expected == [row["a"] for row in rows([{"a": value} for value in values])]


def test_time_zones_become_utc():
    berlin = datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))

    assert [datetime(2024, 1, 1, tzinfo=UTC)] == [row["a"] for row in rows([{"a": berlin}])]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1, "x"], r"Column 'a', row 2: 'x' is str, but row 1 has 1, which is int"),
        (["x", None, 1], r"row 3: 1 is int, but row 1 has 'x', which is str"),
        ([True, 1], "int.*bool"),
        ([1.5, True], "bool.*float"),
        ([b"x", "x"], "str.*bytes"),
        ([Decimal(1), 1.5], "float.*Decimal"),
        ([[1], ["x"]], r"Column 'a\[\]', row 2: 'x' is str"),
        ([{"b": 1}, {"b": "x"}], r"Column 'a.b', row 2: 'x' is str"),
        ([MOMENT, MOMENT.replace(tzinfo=UTC)], "row 2: .* has a time zone, but the rows before have none"),
        ([MOMENT.replace(tzinfo=UTC), MOMENT], "row 2: .* has no time zone, but the rows before have one"),
        ([{1, 2}], "row 1: a value of type set cannot be stored"),
        ([[{1}]], r"Column 'a\[\]', row 1: a value of type set"),
        ([object()], "row 1: a value of type object cannot be stored"),
        (["fine", "\ud800"], "row 2: .*surrogates"),
        ([10**40], "row 1: .* cannot be stored"),
        ([Decimal("NaN")], "row 1: .*no number"),
        ([Decimal(10) ** 30, Decimal("1E-20")], "31 digits before the point and 20 after"),
        ([time(1, tzinfo=UTC)], "time with a time zone"),
        ([timedelta.max], "row 1: .*cannot be stored"),
        ([2**60 + 1, 1.5], "row 1: .*cannot be stored"),
        ([{}], "empty"),
        ([{1: 2}], "the key 1 of a dictionary is no text"),
    ],
)
def test_what_cannot_be_stored_names_column_and_row(values: list[object], said: str):
    with pytest.raises(ModelFailed, match=said):
        rows([{"a": value} for value in values])


def test_the_row_is_counted_over_chunks():
    given_rows = [{"a": n} for n in range(5)] + [{"a": "x"}]

    with pytest.raises(ModelFailed, match=r"row 6: 'x' is str, but the rows before have int"):
        rows(given_rows, chunk_rows=5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([{}], "no columns"),
        ([{1: "x"}], "the key 1"),
        ([{"id": 1, "ID": 2}], "'id' and 'ID'"),
        ([(1, 2)], "Row 1 is a tuple"),
        ([{"a": 1}, (1, 2)], "Row 2 is a tuple"),
        (5, "an int, which is no rows"),
        ("text", "a str, which is no rows"),
        (np.array([1]), "numpy.ndarray, which is no rows"),
        ({1, 2}, "a set, which is no rows"),
    ],
)
def test_what_is_no_rows_says_what_is_allowed(value: object, said: str):
    with pytest.raises(ModelFailed, match=said):
        rows(value)


TABLE = pa.table({"a": [1, 2], "b": ["x", None]})
TABLE_ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": None}]


@pytest.mark.parametrize(
    "value",
    [
        TABLE,
        TABLE.to_batches()[0],
        TABLE.to_reader(),
        ds.dataset(TABLE),
        pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["i", "j"]),
        pl.DataFrame(TABLE_ROWS),
        pl.LazyFrame(TABLE_ROWS),
        TABLE_ROWS,
        [TABLE],
        iter(TABLE_ROWS),
        iter([TABLE_ROWS]),
        iter([TABLE_ROWS[0], None, TABLE.slice(1)]),
        iter([TABLE.slice(0, 1), TABLE_ROWS[1]]),
        iter([pd.DataFrame(TABLE_ROWS[:1]), pl.DataFrame(TABLE_ROWS[1:])]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_everything_that_a_model_may_give_becomes_the_same_rows(value: object):
    assert TABLE_ROWS == rows(value)


def test_an_async_generator_is_pulled():
    async def give() -> AsyncIterator[object]:
        for row in TABLE_ROWS:
            yield row

    assert TABLE_ROWS == rows(give())


def test_an_async_generator_that_is_left_early_is_closed():
    closed = []

    async def give() -> AsyncIterator[object]:
        try:
            for n in range(100):
                yield {"a": n}
        finally:
            closed.append(True)

    batches, _ = to_batches(give(), chunk_rows=2)
    next(batches)
    batches.close()  # type: ignore[attr-defined]

    assert [True] == closed


def test_a_generator_is_pulled_as_far_as_is_needed():
    pulled = []

    def give() -> Iterator[dict[str, int]]:
        for n in range(100):
            pulled.append(n)
            yield {"a": n}

    next(to_batches(give(), chunk_rows=10)[0])

    assert 10 == len(pulled)


def test_what_a_generator_raises_passes():
    def give() -> Iterator[dict[str, int]]:
        yield {"a": 1}
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        rows(give())


@pytest.mark.parametrize("value", [TABLE.slice(0, 0), pd.DataFrame({"a": [1]}).iloc[:0], pl.DataFrame({"a": [1]})[:0]])
def test_a_table_without_rows_keeps_its_schema(value: object):
    batches, schema = to_batches(value)

    assert "a" == schema.names[0]
    assert 0 == sum(batch.num_rows for batch in batches)


def test_missing_values_of_pandas_are_null():
    frame = pd.DataFrame({"a": [1.5, float("nan")], "b": pd.to_datetime(["2024-01-01", None])})

    assert [{"a": 1.5, "b": datetime(2024, 1, 1)}, {"a": None, "b": None}] == rows(frame)


def test_a_mixed_column_of_pandas_names_the_column():
    with pytest.raises(ModelFailed, match="column a"):
        rows(pd.DataFrame({"a": [1, "x"]}))


def test_two_columns_of_one_name_are_refused():
    with pytest.raises(ModelFailed, match="two columns 'a'"):
        rows(pa.table([[1], [2]], names=["a", "a"]))


def test_python_objects_in_polars_are_refused():
    with pytest.raises(ModelFailed, match="Python objects"):
        rows(pl.DataFrame({"a": pl.Series([object()], dtype=pl.Object)}))


# --- declared columns -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql_type", "value", "expected"),
    [
        ("INTEGER", 1, 1),
        ("BIGINT", "17", 17),
        ("DOUBLE", 1, 1.0),
        ("DECIMAL(18,2)", 5, Decimal("5.00")),
        ("DECIMAL(18,2)", "1.25", Decimal("1.25")),
        ("DECIMAL(38,0)", 2**70, Decimal(2**70)),
        ("VARCHAR", 7, "7"),
        ("VARCHAR", uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("DATE", "2024-02-29", date(2024, 2, 29)),
        ("DATE", datetime(2024, 2, 29), date(2024, 2, 29)),
        ("TIME", "10:20:30", time(10, 20, 30)),
        ("TIMESTAMP", "2024-02-29T10:20:30", datetime(2024, 2, 29, 10, 20, 30)),
        ("TIMESTAMPTZ", "2024-02-29T10:00:00+02:00", datetime(2024, 2, 29, 8, tzinfo=UTC)),
        ("TIMESTAMPTZ", "2024-02-29T10:00:00", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("TIMESTAMPTZ", datetime(2024, 2, 29, 10), datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("UUID", "00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
        ("VARCHAR[]", [1], ["1"]),
        ("STRUCT(a INT, b VARCHAR)", {"a": 1}, {"a": 1, "b": None}),
        ("JSON", {"a": [1]}, '{"a": [1]}'),
        ("BOOLEAN", None, None),
    ],
)
def test_values_of_declared_columns_are_cast(sql_type: str, value: object, expected: object):
    declared = {"a": sql_type}

    assert {"a": arrow_type(sql_type)} == types([{"a": value}], declared=declared)
    assert [{"a": expected}] == rows([{"a": value}], declared=declared)


@pytest.mark.parametrize(
    ("sql_type", "value"),
    [
        ("INTEGER", 2**40),
        ("INTEGER", 1.5),
        ("INTEGER", "x"),
        ("DECIMAL(4,2)", Decimal("1.255")),
        ("DECIMAL(4,2)", 1000),
        ("DATE", MOMENT),
        ("UUID", "x"),
        ("TIME", "25:00"),
        ("JSON", "{"),
        ("STRUCT(a INT)", {"a": 1, "b": 2}),
    ],
)
def test_a_value_that_does_not_fit_names_column_row_and_value(sql_type: str, value: object):
    with pytest.raises(ModelFailed, match=r"Column 'a', row 3: .*as which the column is declared"):
        rows([{"a": None}, {"a": None}, {"a": value}], declared={"a": sql_type})


def test_declared_columns_come_in_their_order_and_missing_ones_are_null():
    declared = {"b": "VARCHAR", "a": "INTEGER", "c": "DATE"}

    assert ["b", "a", "c"] == list(types([{"a": 1, "b": "x"}], declared=declared))
    assert [{"b": "x", "a": 1, "c": None}] == rows([{"a": 1, "b": "x"}], declared=declared)


def test_columns_that_are_not_declared_keep_their_place():
    assert ["x", "a"] == list(types([{"x": 1, "a": 1}], declared={"a": "INTEGER"}))


def test_declared_columns_are_the_schema_of_no_rows():
    _, schema = to_batches([], declared={"a": "DECIMAL(18, 2)", "b": "VARCHAR[]"})

    assert pa.schema([("a", pa.decimal128(18, 2)), ("b", pa.list_(pa.string()))]) == schema


def test_tables_are_cast_to_the_declared_columns():
    batches, schema = to_batches(TABLE, declared={"A": "SMALLINT"})

    assert [{"A": 1, "b": "x"}, {"A": 2, "b": None}] == [row for batch in batches for row in batch.to_pylist()]
    assert pa.int16() == schema.field("A").type


@pytest.mark.parametrize(
    "text", ["HUGEINT", "ENUM('a')", "BIT", "TIMETZ", "nonsense", "", "DECIMAL(99, 2)", "INT, INT"]
)
def test_a_type_that_rows_cannot_have_is_refused(text: str):
    with pytest.raises(InvalidModel):
        arrow_type(text)


def test_types_are_read_in_their_dialect():
    assert pa.timestamp("us") == arrow_type("timestamp without time zone", "postgres")


# --- properties -------------------------------------------------------------------------------------------------------

COLUMNS: Mapping[str, st.SearchStrategy[Any]] = {
    "whole": st.integers(-(2**63), 2**63 - 1),
    "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    "moment": st.datetimes(),
    "flags": st.lists(st.booleans() | st.none(), max_size=3),
    "record": st.fixed_dictionaries({"p": st.integers(-5, 5)}, optional={"q": st.text("ab", max_size=2)}),
}


def full(value: Any) -> Any:
    """What a row must come back as: each key of a nested record is there."""
    return {"p": value["p"], "q": value.get("q")} if isinstance(value, dict) else value


@given(
    st.lists(
        st.fixed_dictionaries({}, optional={k: v | st.none() for k, v in COLUMNS.items()}).filter(bool), min_size=1
    ),
    st.integers(1, 7),
)
def test_rows_come_back_whatever_their_shapes_and_chunks(given_rows: list[dict[str, Any]], chunk_rows: int):
    back = rows(given_rows, chunk_rows=chunk_rows)

    def without_null(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            k: {n: x for n, x in v.items() if x is not None} if isinstance(v, dict) else v
            for k, v in row.items()
            if v is not None
        }

    assert [without_null(row) for row in given_rows] == [without_null(row) for row in back]
