"""The order of types, and that a wider type really holds what the narrower one held."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.schema.sql_types import parse_type, same_type
from interlace.schema.widening import widens

SIMPLE = [
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
    "DECIMAL(4,1)", "DECIMAL(9,3)", "DECIMAL(18,0)", "DECIMAL(38,10)", "FLOAT", "DOUBLE", "BOOLEAN", "VARCHAR", "DATE", "TIME",
    "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS", "TIMESTAMPTZ", "UUID", "BLOB", "INTERVAL", "JSON",
    "ENUM('a')", "ENUM('a', 'b')", "ENUM('b', 'a')", '"NULL"', "mood",
]  # fmt: skip
simple = st.sampled_from(SIMPLE)
nested = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda t: f"{t}[]"),
        inner.map(lambda t: f"{t}[3]"),
        st.tuples(inner, inner).map(lambda p: f"STRUCT(a {p[0]}, b {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"STRUCT(B {p[0]}, A {p[1]})"),
        inner.map(lambda t: f"STRUCT(a {t})"),
        st.tuples(inner, inner).map(lambda p: f"MAP({p[0]}, {p[1]})"),
    ),
    max_leaves=4,
)
types = nested.filter(lambda t: '"NULL"' not in t or t == '"NULL"').filter(lambda t: "mood" not in t or t == "mood")


def wider(old: str, new: str) -> bool:
    return widens(parse_type(old, "duckdb"), parse_type(new, "duckdb"))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("INTEGER", "BIGINT"),
        ("UINTEGER", "BIGINT"),
        ("INTEGER", "DOUBLE"),
        ("SMALLINT", "FLOAT"),
        ("INTEGER", "DECIMAL(12,2)"),
        ("BIGINT", "DECIMAL(19,0)"),
        ("DECIMAL(9,2)", "DECIMAL(12,3)"),
        ("FLOAT", "DOUBLE"),
        ("DATE", "TIMESTAMP"),
        ("TIMESTAMP_S", "TIMESTAMP"),
        ("ENUM('a')", "ENUM('b', 'a')"),
        ("ENUM('a')", "VARCHAR"),
        ('"NULL"', "VARCHAR"),
        ("INTEGER[]", "BIGINT[]"),
        ("INTEGER[3]", "INTEGER[]"),
        ("STRUCT(a INTEGER)", "STRUCT(b VARCHAR, A BIGINT)"),
        ("MAP(VARCHAR, INTEGER)", "MAP(VARCHAR, BIGINT)"),
        ("STRUCT(a INTEGER[])[]", "STRUCT(a BIGINT[], b DATE)[]"),
    ],
)
def test_the_new_type_is_wider(old, new):
    assert wider(old, new)
    assert not wider(new, old)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BIGINT", "UBIGINT"),
        ("BIGINT", "DOUBLE"),
        ("INTEGER", "FLOAT"),
        ("INTEGER", "DECIMAL(10,2)"),
        ("DECIMAL(9,2)", "DECIMAL(9,3)"),
        ("DECIMAL(9,2)", "DOUBLE"),
        ("INTEGER", "VARCHAR"),
        ("BOOLEAN", "INTEGER"),
        ("TIMESTAMP", "TIMESTAMPTZ"),
        ("TIMESTAMP", "TIMESTAMP_NS"),
        ("DATE", "TIMESTAMPTZ"),
        ("UUID", "VARCHAR"),
        ("INTEGER[]", "INTEGER"),
        ("STRUCT(a INTEGER)", "STRUCT(b INTEGER)"),
        ("mood", "VARCHAR"),
    ],
)
def test_neither_type_holds_the_other(one, other):
    assert not wider(one, other)
    assert not wider(other, one)


@pytest.mark.parametrize(
    ("old", "new"),
    [("VARCHAR(10)", "VARCHAR(20)"), ("VARCHAR(10)", "TEXT"), ("CHAR(3)", "TEXT"), ("NUMERIC(9,2)", "NUMERIC"),
     ("BIGINT", "NUMERIC"), ("TIMESTAMP(3)", "TIMESTAMP"), ("integer[]", "bigint[]")],
)  # fmt: skip
def test_the_new_type_is_wider_on_postgres(old, new):
    assert widens(parse_type(old, "postgres"), parse_type(new, "postgres"))
    assert not widens(parse_type(new, "postgres"), parse_type(old, "postgres"))


@given(types)
def test_no_type_is_wider_than_itself(a):
    assert not wider(a, a)


@given(types, types)
def test_two_types_are_not_wider_than_each_other(a, b):
    assert not (wider(a, b) and wider(b, a))


@given(types, types, types)
def test_wider_than_wider_is_wider(a, b, c):
    if wider(a, b) and wider(b, c):
        assert wider(a, c)


@given(types, types)
def test_the_same_type_is_not_wider(a, b):
    if same_type(a, b, "duckdb"):
        assert not wider(a, b)


EXTREMES = {
    "TINYINT": ["-128", "127"],
    "SMALLINT": ["-32768", "32767"],
    "INTEGER": ["-2147483648", "2147483647"],
    "BIGINT": ["-9223372036854775808", "9223372036854775807"],
    "HUGEINT": ["-170141183460469231731687303715884105727", "170141183460469231731687303715884105727"],
    "UTINYINT": ["0", "255"],
    "USMALLINT": ["0", "65535"],
    "UINTEGER": ["0", "4294967295"],
    "UBIGINT": ["0", "18446744073709551615"],
    "UHUGEINT": ["0", "340282366920938463463374607431768211455"],
    "DECIMAL(4,1)": ["-999.9", "999.9"],
    "DECIMAL(9,3)": ["-999999.999", "999999.999"],
    "DECIMAL(18,0)": ["-999999999999999999", "999999999999999999"],
    "DECIMAL(38,10)": ["-9999999999999999999999999999.9999999999", "9999999999999999999999999999.9999999999"],
    "FLOAT": ["-3.4028235e38", "1.17549435e-38", "0.1", "nan"],
    "DOUBLE": ["-1.7976931348623157e308", "0.1", "nan"],
    "DATE": ["1900-01-01", "2999-12-31"],
    "TIMESTAMP_S": ["1900-01-01 00:00:01", "2999-12-31 23:59:59"],
    "TIMESTAMP_MS": ["1900-01-01 00:00:00.001", "2999-12-31 23:59:59.999"],
    "TIMESTAMP": ["1900-01-01 00:00:00.000001", "2999-12-31 23:59:59.999999"],
    "ENUM('a')": ["a"],
    "ENUM('a', 'b')": ["a", "b"],
}


@pytest.mark.parametrize("old", list(EXTREMES))
def test_duckdb_carries_each_value_to_each_wider_type_and_back(duckdb_connection, old):
    for new in SIMPLE:
        if new == "mood" or not wider(old, new):
            continue
        for text in EXTREMES[old]:
            value = f"CAST('{text}' AS {old})"
            # DuckDB has no cast from milliseconds to seconds, but one from each to TIMESTAMP.
            back = "TIMESTAMP" if old.startswith("TIMESTAMP") else old
            there_and_back = (
                f"SELECT CAST(CAST({value} AS {new}) AS {back}) IS NOT DISTINCT FROM CAST({value} AS {back})"
            )

            assert [(True,)] == duckdb_connection.execute(there_and_back).fetchall(), (old, new, text)


@pytest.fixture(scope="module")
def duckdb_connection():
    import duckdb

    connection = duckdb.connect()
    yield connection
    connection.close()
