"""What a user wrote over one row."""

from __future__ import annotations

import re

import pytest

from interlace.errors import InvalidModel
from interlace.model.sql_condition import parse_condition, parse_over_one_row


def parse(text):
    return parse_over_one_row(text, "duckdb", "'set'", wanted="one expression", nature="computed row by row")


@pytest.mark.parametrize("text", ["a", "a + 1", "GREATEST(target.a, source.a)", "CASE WHEN a THEN 1 ELSE 2 END"])
def test_an_expression_over_one_row_is_parsed(text):
    assert text == parse(text).sql(dialect="duckdb")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a >", "'set' 'a >' does not parse: Incomplete GT at column 3"),
        ("a; b", "'set' 'a; b' is not one expression"),
        ("SELECT 1", "'set' 'SELECT 1' is not one expression"),
        ("-- nothing", "'set' '-- nothing' is not one expression"),
        ("a IN (SELECT b)", "'set' 'a IN (SELECT b)' holds a query; it is computed row by row"),
        ("max(a)", "'set' 'max(a)' holds an aggregate; it is computed row by row"),
        ("row_number() OVER ()", "'set' 'row_number() OVER ()' holds a window function; it is computed row by row"),
    ],
)
def test_what_is_no_expression_over_one_row_is_refused(text, reason):
    with pytest.raises(InvalidModel, match=re.escape(reason)):
        parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a; b", "the expression 'a; b' is not one condition, such as \"amount >= 0\""),
        ("max(a) > 1", "holds an aggregate; it is judged row by row, over one row's columns"),
    ],
)
def test_a_condition_is_refused_in_its_own_words(text, reason):
    with pytest.raises(InvalidModel, match=re.escape(reason)):
        parse_condition(text, "duckdb")
