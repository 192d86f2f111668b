"""Two tables side by side: which rows are missing, which are extra, and which changed in which columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import InvalidTest, did_you_mean
from interlace.testing.cells import same

if TYPE_CHECKING:
    from interlace.testing.given import Written

__all__ = ["Changed", "Comparison", "Ways", "compare"]

_PAIRED_AT_MOST: Final = 250_000
"""Comparisons of two rows above which rows without a key are not paired any more: missing and extra say enough."""

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """How rows are compared.

    Attributes:
        columns: the columns that count; None for all, of which the expected rows must then name each.
        key: the columns by which an expected row finds the actual one, for the report; the model's key by default.
        ordered: whether the order of the rows counts.
        tolerance: the greatest difference of two numbers; None for exactly, floats up to 1e-9 of the greater one.
    """

    columns: Sequence[str] | None = None
    key: Sequence[str] = ()
    ordered: bool = False
    tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """An expected row and the actual one that stands in its place; `columns` are the positions that differ."""

    expected: Row
    actual: Row
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What came of it.

    Attributes:
        columns: the columns that were compared, in the table's order.
        key: positions of the key's columns.
        expected: how many rows were expected.
        actual: how many there are.
        equal: how many are the same.
        moved: rows are the same and stand in another order, where that counts.
    """

    columns: tuple[str, ...]
    key: tuple[int, ...]
    expected: int
    actual: int
    equal: int
    missing: tuple[Row, ...] = ()
    extra: tuple[Row, ...] = ()
    changed: tuple[Changed, ...] = ()
    moved: bool = False

    @property
    def differs(self) -> bool:
        """Whether the tables are not the same."""
        return bool(self.missing or self.extra or self.changed or self.moved)


def compare(names: Sequence[str], rows: Sequence[Row], expected: Written, ways: Ways) -> Comparison:
    """Compare a table with the rows that were expected.

    Args:
        names: the table's columns.
        rows: its rows.
        expected: what they should be.
        ways: how to compare.

    Raises:
        InvalidTest: a column is not there, or the expected rows leave one out that counts.
    """
    columns = _columns(names, expected, ways)
    actual = _taken(names, rows, columns)
    wanted = _taken(expected.columns, expected.rows, columns)
    key = tuple(i for i, c in enumerate(columns) if c.casefold() in {k.casefold() for k in ways.key})
    return _Comparing(columns, key, ways, text=expected.text).run(wanted, actual)


def _columns(names: Sequence[str], expected: Written, ways: Ways) -> tuple[str, ...]:
    known = {name.casefold(): name for name in names}
    asked = list(expected.columns if ways.columns is None else ways.columns)
    for column in [*asked, *expected.columns]:
        if column.casefold() not in known:
            raise InvalidTest(
                f"there is no column {column!r}", hint=did_you_mean(column, names, label="Columns") or None
            )
    given = {c.casefold() for c in expected.columns}
    wanted = known if ways.columns is None else {c.casefold() for c in asked}
    left_out = [known[c] for c in known if c in wanted and c not in given]
    if left_out and (expected.rows or expected.columns):
        raise InvalidTest(
            f"the expected rows do not say the column {', '.join(map(repr, left_out))}",
            hint="Add it, or say which columns count: columns: [" + ", ".join(expected.columns) + "].",
        )
    return tuple(name for folded, name in known.items() if folded in wanted)


def _taken(names: Sequence[str], rows: Iterable[Row], columns: Sequence[str]) -> list[Row]:
    """The rows with only these columns, in this order."""
    places = {name.casefold(): i for i, name in enumerate(names)}
    picked = [places.get(c.casefold()) for c in columns]
    return [tuple(None if i is None else row[i] for i in picked) for row in rows]


@dataclass(frozen=True, slots=True)
class _Comparing:
    columns: tuple[str, ...]
    key: tuple[int, ...]
    ways: Ways
    text: bool

    def run(self, wanted: list[Row], actual: list[Row]) -> Comparison:
        if self.ways.ordered and len(wanted) == len(actual) and all(map(self._equal, wanted, actual)):
            return self._done(wanted, actual, len(wanted), [], [], [])
        missing, extra = self._without_equal(wanted, actual)
        equal = len(wanted) - len(missing)
        pairs = self._by_key(missing, extra) if self.key else self._by_likeness(missing, extra)
        changed = [Changed(e, a, tuple(self._unequal(e, a))) for e, a in pairs]
        taken_e, taken_a = {id(c.expected) for c in changed}, {id(c.actual) for c in changed}
        left = [row for row in missing if id(row) not in taken_e]
        over = [row for row in extra if id(row) not in taken_a]
        return self._done(wanted, actual, equal, left, over, changed)

    def _done(
        self,
        wanted: list[Row],
        actual: list[Row],
        equal: int,
        missing: list[Row],
        extra: list[Row],
        changed: list[Changed],
    ) -> Comparison:
        alike = not (missing or extra or changed)
        moved = self.ways.ordered and alike and not all(map(self._equal, wanted, actual))
        return Comparison(
            self.columns,
            self.key,
            len(wanted),
            len(actual),
            equal,
            tuple(missing),
            tuple(extra),
            tuple(changed),
            moved=moved,
        )

    def _equal(self, expected: Row, actual: Row) -> bool:
        tolerance, text = self.ways.tolerance, self.text
        return all(same(e, a, tolerance=tolerance, text=text) for e, a in zip(expected, actual, strict=True))

    def _unequal(self, expected: Row, actual: Row) -> list[int]:
        tolerance, text = self.ways.tolerance, self.text
        return [
            i
            for i, (e, a) in enumerate(zip(expected, actual, strict=True))
            if not same(e, a, tolerance=tolerance, text=text)
        ]

    def _without_equal(self, wanted: list[Row], actual: list[Row]) -> tuple[list[Row], list[Row]]:
        """What is left when each expected row took an actual one that is the same."""
        places: defaultdict[Hashable, list[int]] = defaultdict(list)
        for i in range(len(actual) - 1, -1, -1):
            places[_token(actual[i])].append(i)
        free = [True] * len(actual)
        left = []
        for row in wanted:
            found = places.get(_token(row))
            if found and self._equal(row, actual[found[-1]]):
                free[found.pop()] = False
            else:
                left.append(row)
        return self._slowly(left, actual, free)

    def _slowly(self, wanted: list[Row], actual: list[Row], free: list[bool]) -> tuple[list[Row], list[Row]]:
        """The same for rows that are equal though they are not written alike: floats that are near, dates as text."""
        left = []
        for row in wanted:
            found = next((i for i, a in enumerate(actual) if free[i] and self._equal(row, a)), None)
            if found is None:
                left.append(row)
            else:
                free[found] = False
        return left, [row for i, row in enumerate(actual) if free[i]]

    def _by_key(self, missing: list[Row], extra: list[Row]) -> list[tuple[Row, Row]]:
        free = list(extra)
        pairs = []
        for row in missing:
            found = next((a for a in free if not set(self._unequal(row, a)) & set(self.key)), None)
            if found is not None:
                free = [a for a in free if a is not found]
                pairs.append((row, found))
        return pairs

    def _by_likeness(self, missing: list[Row], extra: list[Row]) -> list[tuple[Row, Row]]:
        """Rows that agree in at least half of their columns, the most alike first."""
        if len(missing) * len(extra) > _PAIRED_AT_MOST:
            return []
        scored = []
        for m, row in enumerate(missing):
            for e, other in enumerate(extra):
                differ = len(self._unequal(row, other))
                if differ * 2 <= len(self.columns):
                    scored.append((differ, m, e))
        pairs, used_m, used_e = [], set(), set()
        for _, m, e in sorted(scored):
            if m not in used_m and e not in used_e:
                used_m.add(m)
                used_e.add(e)
                pairs.append((m, e))
        return [(missing[m], extra[e]) for m, e in sorted(pairs)]


def _token(row: Row) -> Hashable:
    """Equal for rows whose values are written alike: what is looked up before anything is compared slowly."""
    return tuple(map(_token_of, row))


def _token_of(value: Any) -> Hashable:
    match value:
        case bool():
            return ("bool", value)
        case float() | Decimal() if value != value:  # noqa: PLR0124  NaN
            return "NaN"
        case list() | tuple():
            return tuple(map(_token_of, value))
        case Mapping():
            return tuple((key, _token_of(item)) for key, item in sorted(value.items(), key=lambda pair: str(pair[0])))
        case Hashable():
            return value
    return repr(value)
