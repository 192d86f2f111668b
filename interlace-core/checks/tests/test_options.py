from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from interlace_checks.accepted_values import AcceptedValues
from interlace_checks.anomaly import Anomaly
from interlace_checks.freshness import Freshness
from interlace_checks.not_null import NotNull
from interlace_checks.options import spell_age
from interlace_checks.pattern import Pattern
from interlace_checks.range import Range
from interlace_checks.row_count import RowCount
from interlace_checks.unique import Unique


def test_columns_are_one_name_or_a_list():
    assert ("id",) == Unique.Config.model_validate({"columns": "id"}).columns
    assert ("a", "b") == Unique.Config.model_validate({"columns": ["a", "b"]}).columns


@pytest.mark.parametrize(
    ("check", "options", "reason"),
    [
        (Unique, {}, "columns"),
        (Unique, {"columns": []}, "at least 1"),
        (Unique, {"columns": ["a", "A"]}, "names a column twice"),
        (NotNull, {"columns": [""]}, "at least 1 character"),
        (NotNull, {"columns": 3}, "tuple"),
        (NotNull, {"columns": "a", "severity": "fatal"}, "'error' or 'warn'"),
        (NotNull, {"columns": "a", "wher": "b > 1"}, "wher"),
        (NotNull, {"columns": "a", "where": ""}, "at least 1 character"),
        (NotNull, {"columns": "a", "max_rows": -1}, "greater than or equal to 0"),
        (NotNull, {"columns": "a", "max_fraction": 1.1}, "less than or equal to 1"),
        (NotNull, {"columns": "a", "severity": "warn", "on_failure": "block"}, "never blocks"),
        (NotNull, {"columns": "a", "scope": "table", "on_failure": "quarantine"}, "rows of the batch"),
        (Anomaly, {"metric": "row_count", "column": "a"}, "row_count takes no column"),
        (Anomaly, {"metric": "mean"}, "mean needs a column"),
        (Anomaly, {"metric": "row_count", "min_history": 1}, "greater than or equal to 2"),
        (Anomaly, {"metric": "row_count", "threshold": 0}, "greater than 0"),
        (AcceptedValues, {"column": "a", "values": []}, "at least 1"),
        (AcceptedValues, {"column": "a", "values": [1, None]}, "values.1"),
        (AcceptedValues, {"column": "a", "values": [float("nan")]}, "must be a text, a finite number"),
        (Range, {"column": "a"}, "needs min, max or both"),
        (Range, {"column": "a", "min": 2, "max": 1}, "min 2 is greater than max 1"),
        (Range, {"column": "a", "min": 2, "max": "b"}, "cannot be compared"),
        (Range, {"column": "a", "min": True}, "must be a finite number, a date, a time or a text"),
        (Range, {"column": "a", "min": [1]}, "must be a finite number"),
        (RowCount, {}, "needs min, max or both"),
        (RowCount, {"min": 1, "equals": 2}, "or equals alone"),
        (RowCount, {"min": 3, "max": 1}, "min 3 is greater than max 1"),
        (RowCount, {"min": -1}, "greater than or equal to 0"),
        (RowCount, {"min": 1.5}, "integer"),
        (Freshness, {"column": "a", "max_age": "soon"}, "must be a duration"),
        (Freshness, {"column": "a", "max_age": 0}, "more than nothing"),
        (Freshness, {"column": "a", "max_age": True}, "must be a duration"),
        (Pattern, {"column": "a", "regex": ""}, "at least 1 character"),
    ],
)
def test_wrong_options_are_refused(check, options, reason):
    with pytest.raises(ValidationError, match=reason):
        check.Config.model_validate(options)


@pytest.mark.parametrize(
    ("written", "age"),
    [
        ("2d", timedelta(days=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1.5 h", timedelta(minutes=90)),
        ("1w", timedelta(days=7)),
        (90, timedelta(seconds=90)),
    ],
)
def test_an_age_is_a_duration_or_a_number_of_seconds(written, age):
    assert age == Freshness.Config.model_validate({"column": "a", "max_age": written}).max_age


@pytest.mark.parametrize(
    ("age", "spelt"),
    [
        (timedelta(days=3, hours=4, minutes=5), "3d4h"),
        (timedelta(minutes=12, seconds=30), "12m30s"),
        (timedelta(days=1, seconds=1), "1d1s"),
        (timedelta(milliseconds=5), "0s"),
    ],
)
def test_an_age_is_spelt_in_its_greatest_units(age, spelt):
    assert spelt == spell_age(age)


def test_values_keep_their_types():
    values = AcceptedValues.Config.model_validate({"column": "a", "values": [1, True, "1", 1.5]}).values

    assert [int, bool, str, float] == [type(value) for value in values]


@pytest.mark.parametrize("check", [AcceptedValues, Freshness, Pattern, Range, RowCount, Unique])
def test_options_have_a_schema_for_editors(check):
    assert "object" == check.Config.model_json_schema()["type"]


def test_a_wrong_value_is_one_error():
    with pytest.raises(ValidationError) as caught:
        Range.Config.model_validate({"column": "a", "min": True})

    assert 1 == caught.value.error_count()


@pytest.mark.parametrize(
    ("options", "reaction", "on_batch"),
    [
        ({}, "block", False),
        ({"severity": "warn"}, "warn", False),
        ({"on_failure": "warn"}, "warn", False),
        ({"on_failure": "quarantine"}, "quarantine", True),
        ({"severity": "warn", "on_failure": "quarantine"}, "quarantine", True),
        ({"scope": "batch"}, "block", True),
    ],
)
def test_what_happens_on_failure_follows_from_two_options(options, reaction, on_batch):
    made = NotNull.Config.model_validate({"columns": "a", **options})

    assert (reaction, on_batch) == (made.reaction, made.on_batch)
