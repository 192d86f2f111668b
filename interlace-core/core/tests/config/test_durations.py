from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.config.durations import duration, spell


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600),
        ("1h30m", 5400),
        ("7d", 604_800),
        ("1w", 604_800),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("90", 90),
        (90, 90),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, seconds):
    assert timedelta(seconds=seconds) == duration(text)


@pytest.mark.parametrize("wrong", ["", "ten minutes", "10 parsecs", "m", -1, True, None, [], float("inf"), "1h-2m"])
def test_what_is_no_duration_is_refused_with_what_is_allowed(wrong):
    with pytest.raises(ValueError, match='such as "30s"'):
        duration(wrong)


@given(st.integers(min_value=0, max_value=10**12))
def test_what_is_spelled_is_read_back(milliseconds):
    value = timedelta(milliseconds=milliseconds)

    assert value == duration(spell(value))
