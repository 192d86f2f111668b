"""What an edited query changes, in a line."""

from __future__ import annotations

import pytest

from interlace.cli.changed import change_text
from interlace.plan.steps import Change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("breaking", None, why="the WHERE is another"), "breaking: the WHERE is another"),
        (
            Change("non_breaking", frozenset({"note"}), added=("note",), why="note is new", spared=("daily",)),
            "non-breaking: note is new; 1 model need not run: daily",
        ),
        (
            Change("non_breaking", frozenset({"note"}), why="note is new", spared=tuple(f"m{i}" for i in range(7))),
            "non-breaking: note is new; 7 models need not run: m0, m1, m2, m3, m4 and 2 more",
        ),
    ],
)
def test_a_change_is_said_in_a_line(change, said):
    assert said == change_text(change)
