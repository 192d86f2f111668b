from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.schema.joining import joined
from interlace.schema.sql_types import parse_type, same_type
from interlace.schema.widening import widens

simple = st.sampled_from(["SMALLINT", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "ENUM('a')"])
types = st.recursive(
    simple,
    lambda inner: st.one_of(
        inner.map(lambda t: f"{t}[]"),
        inner.map(lambda t: f"STRUCT(a {t})"),
        st.tuples(inner, inner).map(lambda p: f'STRUCT(B {p[0]}, "c d" {p[1]})'),
        inner.map(lambda t: f"MAP(VARCHAR, {t})"),
    ),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("INTEGER", "BIGINT", "BIGINT"),
        ("BIGINT", "INTEGER", "BIGINT"),
        ("INTEGER", "DATE", None),
        ("INTEGER", "mood", None),
        ("STRUCT(a INTEGER)", "STRUCT(b DATE)", "STRUCT(a INT, b DATE)"),
        ("STRUCT(a INTEGER)", "STRUCT(a DATE)", None),
        ("STRUCT(a INTEGER)[]", "STRUCT(b DATE)[]", "STRUCT(a INT, b DATE)[]"),
        ("MAP(VARCHAR, STRUCT(a INTEGER))", "MAP(VARCHAR, STRUCT(b DATE))", "MAP(TEXT, STRUCT(a INT, b DATE))"),
        ("STRUCT(a INTEGER)[2]", "STRUCT(b DATE)[3]", None),
    ],
)
def test_two_types_have_this_in_common(one, other, expected):
    assert expected == joined(one, other, "duckdb")


@given(types, types)
def test_what_is_joined_holds_both(one, other):
    both = joined(one, other, "duckdb")
    if both is None:
        return
    for side in (one, other):
        assert same_type(side, both, "duckdb") or widens(parse_type(side, "duckdb"), parse_type(both, "duckdb"))


@given(types, types)
def test_either_order_joins_to_the_same_type(one, other):
    there, back = joined(one, other, "duckdb"), joined(other, one, "duckdb")

    assert (there is None) == (back is None)
    assert there is None or back is None or same_type(there, back, "duckdb")
