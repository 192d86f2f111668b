"""How far a model was loaded, as one `record` changes it: its intervals and its cursor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from interlace.contracts.state import IntervalRecord
from interlace.state import statements
from interlace.state.codec import clean, micros, moment
from interlace.state.intervals import Span, laid_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.contracts.state import AttemptRecord
    from interlace.state.database import Row, Writer

__all__ = ["Progress", "add_progress", "interval_of", "write_progress"]


@dataclass(slots=True)
class Progress:
    """What one `record` changes of one model.

    Attributes:
        forget: whether what was recorded before is forgotten first.
        spans: in the order that they were recorded.
        cursor: the values of its row; None where it stays.
    """

    forget: bool = False
    spans: list[Span] = field(default_factory=list)
    cursor: dict[str, Any] | None = None


def add_progress(progress: dict[str, Progress], attempt: AttemptRecord) -> None:
    """Add what an attempt did to what its model did before in the same `record`."""
    if not (attempt.intervals or attempt.forget_intervals or attempt.cursor is not None):
        return
    made = progress.setdefault(attempt.model, Progress())
    if attempt.forget_intervals:
        made.forget, made.spans, made.cursor = True, [], None
    made.spans += [
        Span(micros(i.start), micros(i.end), i.fingerprint, int(i.partial), attempt.id) for i in attempt.intervals
    ]
    if attempt.cursor is not None:
        made.cursor = {
            "value": clean(attempt.cursor),
            "attempt": attempt.id,
            "recorded_at": micros(attempt.finished_at),
        }


def write_progress(write: Writer, environment: str, model: str, made: Progress) -> None:
    """Write it: a handful of statements, however many intervals there are."""
    place = {"environment": environment, "model": model}
    if made.forget:
        write.execute(statements.FORGET_INTERVALS, place)
        write.execute(statements.FORGET_CURSOR, place)
    if made.spans:
        _write_spans(write, place, [] if made.forget else _touched(write, place, made.spans), made.spans)
    if made.cursor is not None:
        write.execute(statements.PUT_CURSOR, {**place, **made.cursor})


def _touched(write: Writer, place: dict[str, str], spans: Sequence[Span]) -> list[Span]:
    bounds = {"start": min(s.start for s in spans), "end": max(s.end for s in spans)}
    return [Span(*row) for row in write.rows(statements.INTERVALS_TOUCHED, {**place, **bounds})]


def _write_spans(write: Writer, place: dict[str, str], old: Sequence[Span], new: Sequence[Span]) -> None:
    result = laid_over(old, new)
    before, after = set(old), set(result)
    write.execute_many(statements.DROP_INTERVAL, [{**place, "start": s.start} for s in old if s not in after])
    write.execute_many(
        statements.ADD_INTERVAL,
        [
            {
                **place,
                "start": s.start,
                "end": s.end,
                "fingerprint": s.fingerprint,
                "partial": s.partial,
                "attempt": s.attempt,
            }
            for s in result
            if s not in before
        ],
    )


def interval_of(row: Row) -> IntervalRecord:
    """A row of `statements.INTERVALS`."""
    start, end, fingerprint, partial, attempt = row
    return IntervalRecord(moment(start), moment(end), fingerprint, partial == 1, attempt)
