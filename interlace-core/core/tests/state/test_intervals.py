from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlace.errors import Defect
from interlace.state.intervals import Span, laid_over

spans = st.builds(
    lambda start, length, fingerprint, partial, attempt: Span(start, start + length, fingerprint, partial, attempt),
    st.integers(0, 30),
    st.integers(1, 12),
    st.sampled_from("fg"),
    st.integers(0, 1),
    st.sampled_from("ab"),
)


def span(start: int, end: int, attempt: str = "a", fingerprint: str = "f") -> Span:
    return Span(start, end, fingerprint, 0, attempt)


def painted(*some: Span) -> dict[int, tuple[str, int, str]]:
    """Each tick with what was laid over it last."""
    return {tick: (s.fingerprint, s.partial, s.attempt) for s in some for tick in range(s.start, s.end)}


@given(st.lists(spans, max_size=12), st.lists(spans, max_size=12))
def test_each_tick_holds_what_was_laid_over_it_last(old: list[Span], new: list[Span]) -> None:
    before = laid_over([], old)
    after = laid_over(before, new)

    assert painted(*old, *new) == painted(*after)
    assert all(a.end <= b.start for a, b in pairwise(after))


@given(st.lists(spans, max_size=12))
def test_laying_the_same_again_changes_nothing(some: list[Span]) -> None:
    once = laid_over([], some)

    assert once == laid_over(once, once)


def test_what_is_cut_keeps_both_its_ends() -> None:
    assert [span(0, 3), span(3, 5, "b"), span(5, 9)] == laid_over([span(0, 9)], [span(3, 5, "b")])


def test_neighbours_of_one_attempt_become_one() -> None:
    assert [span(0, 3)] == laid_over([], [span(0, 1), span(2, 3), span(1, 2)])


def test_neighbours_of_two_attempts_stay_two() -> None:
    assert [span(0, 1), span(1, 2, "b")] == laid_over([span(0, 1)], [span(1, 2, "b")])


def test_a_span_that_does_not_end_after_its_start_is_a_defect() -> None:
    with pytest.raises(Defect, match="does not end after its start"):
        span(3, 3)
