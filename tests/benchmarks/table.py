"""The table that is printed, and the verdict on each row of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

__all__ = ["Row", "grid", "printed", "save"]

HEAD = ("what", "goal", "stretch", "measured", "bare", "ratio", "held")


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes:
        what: was measured.
        judged: the number that the goal is about; None where the row only informs.
        goal: `judged` may be at most this.
        stretch: what we would like it to be.
        measured: as text, with its unit.
        bare: the same work without Interlace, as text.
        ratio: of the two.
        unit: of `judged`.
        numbers: everything behind it.
    """

    what: str
    measured: str
    judged: float | None = None
    goal: float | None = None
    stretch: float | None = None
    unit: str = ""
    bare: str = ""
    ratio: float | None = None
    numbers: dict[str, float] = field(default_factory=dict)

    @property
    def held(self) -> str:
        """Whether the goal was reached."""
        if self.judged is None or self.goal is None:
            return ""
        if self.stretch is not None and self.judged <= self.stretch:
            return "yes, stretch"
        return "yes" if self.judged <= self.goal else "NO"

    @property
    def cells(self) -> tuple[str, ...]:
        """As text, in the order of the table's head."""
        ratio = f"{self.ratio:.2f}" if self.ratio is not None else ""
        return (
            self.what,
            self._limit(self.goal),
            self._limit(self.stretch),
            self.measured,
            self.bare,
            ratio,
            self.held,
        )

    def _limit(self, value: float | None) -> str:
        return "" if value is None else f"≤ {value:g}{self.unit}"


def printed(rows: Sequence[Row]) -> str:
    """The table of rows."""
    return grid(HEAD, [row.cells for row in rows])


def grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, as Markdown that is aligned."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    shown = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([shown[0], rule, *shown[1:]])


def save(rows: Sequence[Row], file: Path) -> None:
    """Keep the rows as JSON."""
    file.write_text(json.dumps([{**asdict(r), "held": r.held} for r in rows], indent=2) + "\n", encoding="utf-8")
