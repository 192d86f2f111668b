"""What each check counts, on DuckDB: NULL, NaN, no rows, odd names."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from interlace.contracts.check import Verdict
from interlace.errors import InvalidModel
from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.expression import Expression
from interlace_checks.freshness import Freshness
from interlace_checks.not_null import NotNull
from interlace_checks.pattern import Pattern
from interlace_checks.range import Range
from interlace_checks.relationships import Relationships
from interlace_checks.row_count import RowCount
from interlace_checks.unique import Unique


def values(*rows, names="a"):
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t({names})"


# --- unique -----------------------------------------------------------------------------------------------------------


def test_unique_counts_the_rows_that_repeat(ask):
    verdict, rows = ask(Unique, values("(1)", "(1)", "(1)", "(2)"), {"columns": "a"})

    assert Verdict(False, "2 rows repeat a value of a", 2) == verdict
    assert [(1,), (1,), (1,)] == rows


def test_unique_ignores_nulls(ask):
    assert ask(Unique, values("(1)", "(NULL)", "(NULL)"), {"columns": "a"}) == (
        Verdict(True, "no value of a repeats", 0),
        [],
    )


def test_unique_over_two_columns_takes_them_together(ask):
    query = values("(1, 'a')", "(1, 'b')", "(2, 'a')", "(1, 'a')", names="a, b")

    assert (1, [(1, "a"), (1, "a")]) == _failing(ask(Unique, query, {"columns": ["a", "b"]}))


def test_unique_over_two_columns_ignores_rows_with_a_null(ask):
    query = values("(1, NULL)", "(1, NULL)", "(NULL, NULL)", "(NULL, NULL)", "(1, 2)", names="a, b")

    assert (0, []) == _failing(ask(Unique, query, {"columns": ["a", "b"]}))


def test_unique_does_not_join_the_values(ask):
    query = values("('a', 'bc')", "('ab', 'c')", names="a, b")

    assert ask(Unique, query, {"columns": ["a", "b"]})[0].passed


def test_unique_takes_nan_for_one_value(ask):
    assert 1 == ask(Unique, values("('nan'::DOUBLE)", "('nan'::DOUBLE)"), {"columns": "a"})[0].failing


# --- not_null ---------------------------------------------------------------------------------------------------------


def test_not_null_counts_rows_without_a_value(ask):
    verdict, rows = ask(NotNull, values("(1, NULL)", "(NULL, NULL)", "(2, 2)", names="a, b"), {"columns": ["a", "b"]})

    assert Verdict(False, "2 rows have no a or b", 2) == verdict
    assert 2 == len(rows)


def test_not_null_takes_nan_and_empty_text_for_values(ask):
    query = values("('nan'::DOUBLE, '')", names="a, b")

    assert ask(NotNull, query, {"columns": ["a", "b"]})[0].passed


# --- accepted_values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "accepted", "failing"),
    [
        (["('a')", "('b')", "(NULL)"], ["a"], 1),
        (["('it''s')", "('\\')"], ["it's", "\\"], 0),
        (["(1)", "(2)"], [1, 3], 1),
        (["(1.5)", "(2.5)"], [Decimal("1.5")], 1),
        (["(true)", "(false)"], [True], 1),
        (["(DATE '2024-01-02')", "(DATE '2024-01-03')"], [date(2024, 1, 2)], 1),
        (["(TIMESTAMP '2024-01-02 03:04:05')"], [datetime(2024, 1, 2, 3, 4, 5)], 0),  # noqa: DTZ001  a naive one is meant
    ],
)
def test_accepted_values_counts_other_values(ask, rows, accepted, failing):
    assert failing == ask(AcceptedValues, values(*rows), {"column": "a", "values": accepted})[0].failing


def test_accepted_values_says_what_it_accepts(ask):
    verdict, rows = ask(AcceptedValues, values("('a')", "('z')"), {"column": "a", "values": ["a", "b"]})

    assert "1 row has a other than a, b" == verdict.message
    assert [("z",)] == rows


# --- range ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "failing"),
    [
        ({"min": 2}, 1),
        ({"max": 2}, 1),
        ({"min": 1, "max": 3}, 0),
        ({"min": 1, "max": 3, "exclusive": True}, 2),
        ({"min": 1, "max": 3, "exclusive": "min"}, 1),
        ({"min": 1, "max": 3, "exclusive": "max"}, 1),
    ],
)
def test_range_counts_rows_outside(ask, options, failing):
    query = values("(1)", "(2)", "(3)", "(NULL)")

    assert failing == ask(Range, query, {"column": "a", **options})[0].failing


def test_range_takes_nan_for_the_greatest_number(ask):
    query = values("('nan'::DOUBLE)")

    assert ask(Range, query, {"column": "a", "min": 0})[0].passed
    assert not ask(Range, query, {"column": "a", "max": 1e300})[0].passed


def test_range_compares_dates(ask):
    verdict, _ = ask(Range, values("(DATE '2024-01-02')"), {"column": "a", "min": date(2024, 1, 3)})

    assert "1 row has a not >= 2024-01-03" == verdict.message


# --- pattern ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("regex", "failing"), [("b", 1), ("^ab$", 2), (r"^\w*$", 0), ("'", 3), ("^$", 2)])
def test_pattern_counts_text_that_does_not_match(ask, regex, failing):
    query = values("('ab')", "('abc')", "('')", "(NULL)")

    assert failing == ask(Pattern, query, {"column": "a", "regex": regex})[0].failing


def test_pattern_takes_numbers_as_text(ask):
    assert 1 == ask(Pattern, values("(12)", "(123)"), {"column": "a", "regex": "^..$"})[0].failing


# --- relationships ----------------------------------------------------------------------------------------------------


def test_relationships_counts_rows_that_point_nowhere(ask):
    verdict, rows = ask(
        Relationships,
        values("(1)", "(2)", "(NULL)", "(7)", "(7)"),
        {"column": "a", "to": "parent", "field": "id"},
        parent=values("(1)", "(2)", "(NULL)", names="id"),
    )

    assert Verdict(False, "2 rows have a that is not in parent.id", 2) == verdict
    assert [(7,), (7,)] == rows


def test_relationships_takes_the_same_name_by_default(ask):
    assert ask(Relationships, values("(1)"), {"column": "a", "to": "parent"}, parent=values("(1)"))[0].passed


def test_relationships_with_an_empty_parent_fails_for_every_value(ask):
    query, parent = values("(1)", "(NULL)"), "SELECT 1 AS a WHERE false"

    assert 1 == ask(Relationships, query, {"column": "a", "to": "parent"}, parent=parent)[0].failing


# --- row_count --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "passed", "message"),
    [
        ({"min": 2}, True, "2 rows"),
        ({"min": 3}, False, "2 rows, at least 3 expected"),
        ({"max": 1}, False, "2 rows, at most 1 expected"),
        ({"equals": 2}, True, "2 rows"),
        ({"equals": 0}, False, "2 rows, exactly 0 expected"),
    ],
)
def test_row_count_compares_the_number_of_rows(ask, options, passed, message):
    assert Verdict(passed, message) == ask(RowCount, values("(1)", "(2)"), options)[0]


def test_row_count_of_nothing_is_zero(ask):
    assert ask(RowCount, "SELECT 1 AS a WHERE false", {"equals": 0})[0].passed


# --- freshness --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "passed", "message"),
    [
        ("TIMESTAMP '2024-01-09 00:00:00'", True, "the newest a is 1d old"),
        ("TIMESTAMP '2024-01-07 20:00:00'", False, "the newest a is 2d4h old, at most 2d is allowed"),
        ("TIMESTAMPTZ '2024-01-09 00:00:00+00'", True, "the newest a is 1d old"),
        ("DATE '2024-01-08'", True, "the newest a is 2d old"),
        ("DATE '2024-01-07'", False, "the newest a is 3d old, at most 2d is allowed"),
        ("TIMESTAMP '2024-01-11 00:00:00'", True, "the newest a is 1d ahead"),
        ("NULL::TIMESTAMP", False, "there is no a to tell the age by"),
    ],
)
def test_freshness_judges_the_newest_value(ask, value, passed, message):
    assert Verdict(passed, message) == ask(Freshness, f"SELECT {value} AS a", {"column": "a", "max_age": "2d"})[0]


def test_freshness_of_nothing_fails(ask):
    query = "SELECT TIMESTAMP '2024-01-09' AS a WHERE false"

    assert not ask(Freshness, query, {"column": "a", "max_age": "2d"})[0].passed


def test_freshness_refuses_a_column_that_is_no_time(ask):
    with pytest.raises(InvalidModel, match=r"'a' of main[.]a table is VARCHAR"):
        ask(Freshness, "SELECT 'x' AS a", {"column": "a", "max_age": "2d"})


# --- expression -------------------------------------------------------------------------------------------------------


def test_expression_counts_rows_for_which_it_is_false(ask):
    verdict, rows = ask(Expression, values("(1)", "(-1)", "(NULL)"), {"expression": "a >= 0 OR\n a < -5"})

    assert Verdict(False, "1 row breaks a >= 0 OR a < -5", 1) == verdict
    assert [(-1,)] == rows


def test_expression_takes_what_the_dialect_has(ask):
    query = "SELECT [1, 2] AS l, {'a': 1} AS s, DATE '2024-01-01' AS d"

    for text in (
        "list_contains(l, 2)",
        "len(list_filter(l, x -> x > 1)) = 1",
        "[x + 1 for x in l] = [2, 3]",
        "s.a = 1 -- a comment",
        "date_part('year', d) = 2024 AND d < current_date",
        "rowid >= 0",
    ):
        assert ask(Expression, query, {"expression": text})[0].passed, text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a >=", "does not parse"),
        ("a >= 0; DROP TABLE x", "not one condition"),
        ("SELECT true", "not one condition"),
        ("a >= 0) OR (1 = 1", "does not parse"),
        ("-- nothing", "not one condition"),
        ("sum(a) > 0", "holds an aggregate"),
        ("a IN (SELECT 1)", "holds a query"),
        ("row_number() OVER () = 1", "holds a window function"),
        ("b >= 0", "names 'b', no column of main.a table"),
        ("amonut >= 0", "Did you mean 'amount'"),
    ],
)
def test_expression_is_refused_with_its_text(ask, text, reason):
    with pytest.raises(InvalidModel, match=reason) as caught:
        ask(Expression, "SELECT 1 AS a, 2 AS amount", {"expression": text})

    assert text in str(caught.value)


# --- all --------------------------------------------------------------------------------------------------------------

ODD = ['say ""hi""', "unit price", "select", "größe", "a.b", "x'y", "COUNT(*)"]


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize(
    ("check", "options"),
    [
        (Unique, {"columns": ["{}", "other"]}),
        (NotNull, {"columns": "{}"}),
        (AcceptedValues, {"column": "{}", "values": [1]}),
        (Range, {"column": "{}", "min": 1}),
        (Pattern, {"column": "{}", "regex": "1"}),
        (Relationships, {"column": "{}", "to": "parent", "field": "{}"}),
    ],
)
def test_odd_names_of_columns_are_quoted(ask, check, options, name):
    stored = name.replace('""', '"')
    query = f'SELECT 1 AS "{name}", 2 AS other'
    given = {
        key: [stored if v == "{}" else v for v in value]
        if isinstance(value, list)
        else (stored if value == "{}" else value)
        for key, value in options.items()
    }

    assert ask(check, query, given, parent=query)[0].passed


@pytest.mark.parametrize(
    ("check", "options"),
    [
        (Unique, {"columns": ["A"]}),
        (NotNull, {"columns": "A"}),
        (Range, {"column": "A", "min": 1}),
        (Freshness, {"column": "WHEN", "max_age": 60}),
    ],
)
def test_names_are_found_without_regard_to_case(ask, check, options):
    now = datetime(2024, 1, 1, tzinfo=UTC)

    assert ask(check, "SELECT 1 AS a, TIMESTAMP '2024-01-01' AS \"when\"", options, now=now)[0].passed


def _failing(answer):
    verdict, rows = answer
    return verdict.failing, rows
