from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interlace.contracts.state import AttemptRecord, ModelState
from interlace.run.pace import PATIENCE, Pace
from interlace.run.recording import Done
from interlace.run.result import NotRun

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def done(seconds: float) -> Done:
    ended = NOON + timedelta(seconds=seconds)
    record = AttemptRecord("a", "r", "m", "succeeded", "", NOON, ended, ModelState("m"), {"inserted": 7})
    return Done(None, NotRun("m", "skipped", ""), record)  # type: ignore[arg-type]


def test_after_a_short_portion_the_next_is_taken_to_read_what_it_gave():
    assert Pace().after(done(0.01)) == 7


def test_after_a_long_portion_nobody_knows():
    assert Pace().after(done(2)) is None


def test_a_hiccup_is_forgiven():
    pace = Pace()
    guesses = [pace.after(done(seconds)) for seconds in (0.01, 2, 0.01)]

    assert guesses == [7, None, 7]


def test_who_guessed_wrong_too_often_does_not_guess_again():
    pace = Pace()
    for _ in range(PATIENCE + 1):
        pace.after(done(0.01))
        pace.after(done(2))

    assert [pace.after(done(0.01)) for _ in range(100)] == [None] * 100
