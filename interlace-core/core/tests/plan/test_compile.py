"""Compiling: spans of the author's text are replaced, the rest is the author's."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import InvalidModel
from interlace.model.definition import Reference, SqlBody, Variable
from interlace.plan.compile import Inline, compile_query, literal


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def body(text: str, *references: str, variables: tuple[str, ...] = ()) -> SqlBody:
    return SqlBody(
        text,
        1,
        tuple(Reference((r,), text.index(r), text.index(r) + len(r), aliased=False) for r in references),
        tuple(Variable(v, text.index(f"${v}"), text.index(f"${v}") + len(v) + 1) for v in variables),
    )


def test_a_query_without_names_is_the_authors_text():
    text = "SELECT 1  -- one"

    assert text is compile_query(body(text), lambda _: "", {}, quote, "x.sql")


def test_names_become_relations_and_all_else_stays():
    query = body("SELECT *\n  FROM orders -- all", "orders")

    assert 'SELECT *\n  FROM "dev__main"."orders" -- all' == compile_query(
        query, lambda _: '"dev__main"."orders"', {}, quote, "x.sql"
    )


def test_a_model_that_is_inlined_gets_its_name_as_alias():
    query = body("SELECT a.x FROM a", "FROM a")
    query = SqlBody(query.text, 1, (Reference(("a",), 16, 17, aliased=False),))

    assert 'SELECT a.x FROM (\nSELECT 1 AS x\n) AS "a"' == compile_query(
        query, lambda _: Inline("SELECT 1 AS x"), {}, quote, "x.sql"
    )


@pytest.mark.parametrize(("written", "alias"), [("Orders", "Orders"), ('"Orders"', '"Orders"'), ("orders", '"orders"')])
def test_the_alias_of_what_is_inlined_is_folded_as_the_name_is(written, alias):
    name = written.strip('"')
    query = SqlBody(f"SELECT 1 FROM {written}", 1, (Reference((name,), 14, 14 + len(written), aliased=False),))

    assert f"SELECT 1 FROM (\nSELECT 1 AS x\n) AS {alias}" == compile_query(
        query, lambda _: Inline("SELECT 1 AS x"), {}, quote, "x.sql"
    )


def test_an_unknown_variable_names_the_line_and_the_nearest():
    query = body("SELECT 1\nWHERE x > $strt", variables=("strt",))

    with pytest.raises(InvalidModel) as caught:
        compile_query(query, lambda _: "", {"start": 1}, quote, "models/x.sql")

    assert str(caught.value) == (
        "models/x.sql:2:11: $strt is no variable of this project\n"
        "    WHERE x > $strt\n"
        "              ^\n"
        "Did you mean 'start'? Known: start. Declare it under 'vars:' in config.yaml or give it with --var strt=…"
    )


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20),
    st.dates(),
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001
)


@given(VALUES)
def test_a_literal_is_the_value(value):
    row = duckdb.sql(f"SELECT {literal(value)}").fetchone()

    assert (value,) == row


def test_floats_and_lists_are_literals():
    assert [(-1.5,)] == duckdb.sql(f"SELECT {literal(-1.5)}").fetchall()
    assert [(True,)] == duckdb.sql(f"SELECT 2 IN {literal([1, 2])}").fetchall()
    assert [(float("inf"),)] == duckdb.sql(f"SELECT {literal(float('inf'))}").fetchall()
    assert "CAST('2024-01-02 03:04:00+00:00' AS TIMESTAMPTZ)" == literal(datetime(2024, 1, 2, 3, 4, tzinfo=UTC))
    assert "CAST('2024-01-02' AS DATE)" == literal(date(2024, 1, 2))
