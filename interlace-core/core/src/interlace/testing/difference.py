"""What a failing test says: the rows that differ, aligned, in bounded space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlace.testing.cells import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.testing.comparison import Comparison

__all__ = ["RowsDiffer", "difference"]

ROWS: Final = 20
"""How many rows are shown."""

COLUMNS: Final = 8
"""How many columns are shown; more only where they differ."""

_ARROW: Final = " → "


class RowsDiffer(AssertionError):
    """A model's rows are not the expected ones.

    Attributes:
        comparison: what differs, as data.
    """

    def __init__(self, message: str, comparison: Comparison) -> None:
        super().__init__(message)
        self.comparison = comparison


def difference(name: str, found: Comparison) -> str:
    """Say what differs: a line of counts, then one line for each row.

    ``~`` is a row with ``expected → actual`` in what changed, ``-`` one that is missing, ``+`` one that is extra.
    """
    said = [f"{name} is not as expected: {_counts(found)}"]
    if found.moved:
        return f"{said[0]}: the rows are right and stand in another order"
    columns, hidden = _columns(found)
    lines = _lines(found)
    cells = [[mark, *(row[i] for i in columns)] for mark, row in lines[:ROWS]]
    said += ["", *_aligned(["", *(found.columns[i] for i in columns)], cells)]
    if len(lines) > ROWS:
        said.append(f"  … and {len(lines) - ROWS:,} rows more")
    if hidden:
        said.append(f"  (not shown: {_names([found.columns[i] for i in hidden])})")
    return "\n".join(said)


def _counts(found: Comparison) -> str:
    parts = [
        f"{len(rows):,} {word}"
        for rows, word in ((found.changed, "changed"), (found.missing, "missing"), (found.extra, "extra"))
        if rows
    ]
    counted = f"{found.expected:,} row{'' if found.expected == 1 else 's'} expected, {found.actual:,} there"
    return f"{counted}; {', '.join([*parts, f'{found.equal:,} equal'])}"


def _lines(found: Comparison) -> list[tuple[str, list[str]]]:
    changed = [
        ("~", [_cell(e, a, i in c.columns) for i, (e, a) in _pairs(c.expected, c.actual)]) for c in found.changed
    ]
    missing = [("-", [shown(value) for value in row]) for row in found.missing]
    extra = [("+", [shown(value) for value in row]) for row in found.extra]
    return [*changed, *missing, *extra]


def _pairs(expected: Sequence[Any], actual: Sequence[Any]) -> list[tuple[int, tuple[Any, Any]]]:
    return list(enumerate(zip(expected, actual, strict=True)))


def _cell(expected: Any, actual: Any, differs: bool) -> str:
    if not differs:
        return shown(actual)
    before, after = shown(expected), shown(actual)
    if before == after:  # such as 1 and '1'
        before, after = (f"{text} ({type(value).__name__})" for text, value in ((before, expected), (after, actual)))
    return f"{before}{_ARROW}{after}"


def _columns(found: Comparison) -> tuple[list[int], list[int]]:
    """The positions to show and those to leave out: the key, then what differs, then the first of the others."""
    everything = range(len(found.columns))
    if len(everything) <= COLUMNS:
        return list(everything), []
    differing = {i for c in found.changed for i in c.columns}
    ranked = [*found.key, *sorted(differing - set(found.key))]
    ranked += [i for i in everything if i not in ranked]
    kept = sorted(ranked[: max(COLUMNS, min(len(found.key) + len(differing), 2 * COLUMNS))])
    return kept, [i for i in everything if i not in kept]


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - COLUMNS} more" if len(names) > COLUMNS else ""
    return ", ".join(names[:COLUMNS]) + more


def _aligned(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    return [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
