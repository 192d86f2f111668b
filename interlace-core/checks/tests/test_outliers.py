"""The modified z-score, by the examples of its source's formula and by what must hold of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from statistics import median

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from interlace_checks.anomaly import Anomaly
from interlace_checks.outliers import modified_z_score

NOW = datetime(2024, 1, 10, tzinfo=UTC)
NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


def test_it_is_the_distance_in_median_absolute_deviations():
    others = [1.0, 2.0, 3.0, 4.0, 100.0]  # the median is 3, the deviations 2, 1, 0, 1, 97: their median is 1

    assert pytest.approx(0.6745 * 7) == modified_z_score(10, others)


def test_where_most_are_equal_the_mean_absolute_deviation_stands_in():
    others = [5.0, 5.0, 5.0, 5.0, 10.0]  # the deviations are 0, 0, 0, 0, 5: their median is 0, their mean 1

    assert pytest.approx(3 / 1.253314) == modified_z_score(8, others)


def test_where_all_are_equal_any_other_is_infinitely_far():
    assert [0.0, math.inf, -math.inf] == [modified_z_score(x, [7.0, 7.0, 7.0]) for x in (7, 8, 6)]


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_the_median_itself_scores_nothing(others):
    assert 0 == modified_z_score(median(others), others)


@given(NUMBERS, NUMBERS, st.lists(NUMBERS, min_size=1, max_size=20))
def test_a_greater_value_never_scores_less(one, other, others):
    least, most = sorted([one, other])

    assert modified_z_score(least, others) <= modified_z_score(most, others)


@given(NUMBERS, st.lists(NUMBERS, min_size=3, max_size=20), st.integers(1, 1000), st.integers(-1000, 1000))
def test_it_knows_neither_unit_nor_origin(value, others, scale, shift):
    score = modified_z_score(value, others)
    assume(math.isfinite(score) and abs(score) < 1e6)
    moved = modified_z_score(value * scale + shift, [other * scale + shift for other in others])

    assert moved == pytest.approx(score, rel=1e-3, abs=1e-3) or not math.isfinite(moved)


@pytest.fixture
def judged():
    def run(measured, history, **options):
        given_options = Anomaly.Config.model_validate({"metric": "row_count", **options})
        return Anomaly().compare(measured, history, given_options)

    return run


def test_a_short_history_passes_and_says_so(judged):
    verdict = judged(1_000_000, [100.0] * 6)

    assert (True, "row_count is 1,000,000; 6 earlier runs of the 7 that it is judged by") == (
        verdict.passed,
        verdict.message,
    )


def test_a_number_far_from_the_others_fails(judged):
    history = [100.0, 101.0, 99.0, 102.0, 98.0, 100.0, 103.0]

    assert judged(104, history).passed
    assert not judged(150, history).passed
    assert not judged(50, history).passed
    assert judged(150, history, threshold=50).passed


def test_nothing_to_measure_passes(judged):
    assert judged(None, [1.0] * 10).passed


def test_freshness_is_an_age_in_seconds():
    options = Anomaly.Config.model_validate({"metric": "freshness", "column": "at"})

    assert 86_400.0 == Anomaly().measured(datetime(2024, 1, 9, tzinfo=UTC), options, NOW)


def test_what_is_not_finite_is_not_measured():
    options = Anomaly.Config.model_validate({"metric": "mean", "column": "a"})

    assert Anomaly().measured(math.nan, options, NOW) is None
