"""The parts of time that a model was loaded for: what is new lies over what was there.  Pure, over microseconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from interlace.errors import Defect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Span", "laid_over"]

_start, _end = attrgetter("start"), attrgetter("end")


@dataclass(frozen=True, slots=True)
class Span:
    """A part of time ``[start, end)`` as the table holds it, in microseconds since 1970."""

    start: int
    end: int
    fingerprint: str
    partial: int
    attempt: str

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise Defect(f"an interval that does not end after its start was given to the state store: {self}")


def laid_over(old: Sequence[Span], new: Iterable[Span]) -> list[Span]:
    """Lay each new span over what is there: what it covers goes, what it cuts keeps the rest.

    Neighbours of one attempt that touch and are otherwise equal become one.

    Args:
        old: ordered, none overlapping another.
        new: in the order that they were recorded; the later covers the earlier.

    Returns:
        ordered, none overlapping another.
    """
    spans = list(old)
    for span in new:
        first = bisect_right(spans, span.start, key=_end)
        after = bisect_left(spans, span.end, key=_start)
        cut = spans[first:after]
        left = [replace(s, end=span.start) for s in cut[:1] if s.start < span.start]
        right = [replace(s, start=span.end) for s in cut[-1:] if s.end > span.end]
        spans[first:after] = [*left, span, *right]
    return _merged(spans)


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].end == span.start and span == replace(merged[-1], start=span.start, end=span.end):
            merged[-1] = replace(span, start=merged[-1].start)
        else:
            merged.append(span)
    return merged
