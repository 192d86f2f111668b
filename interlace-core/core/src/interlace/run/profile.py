"""What a relation's data looks like: one statement measures all columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from interlace.errors import UsageError, did_you_mean
from interlace.run.sample import MASK, plain
from interlace.schema.sql_types import Enumeration, Fixed, Floating, Integer, Other, Text, Timestamp, parse_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation

__all__ = ["ColumnProfile", "Profile", "profile"]

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

TOP: Final = 5
"""How many of the most frequent values are given."""

FEW: Final = 100
"""How many distinct values a column may have for its most frequent ones to say something."""

_ORDERED: Final = (Integer, Fixed, Floating, Text, Timestamp, Enumeration)
_ORDERED_NAMES: Final = frozenset({"date", "time", "boolean", "bool", "uuid", "interval", "timetz"})


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column.

    Attributes:
        nulls: rows without a value.
        distinct: different values, NULL left out; an estimate where `estimated` says so.
        min: the least value; None where the type has no order, or values are masked; `max` likewise.
        mean: of numbers, those that are finite; `stddev` is that of a sample.
        quantiles: of numbers, by the part of the rows that lies below.
        min_length: of texts, in characters; `max_length` likewise.
        top: the most frequent values, the most frequent first, where there are at most 100 different ones.
        estimated: the names of the attributes that are estimates.
    """

    name: str
    type: str
    nulls: int
    null_fraction: float | None
    distinct: int
    min: Any = None
    max: Any = None
    mean: float | None = None
    stddev: float | None = None
    quantiles: Mapping[str, float | None] = field(default_factory=dict)
    min_length: int | None = None
    max_length: int | None = None
    top: Sequence[Any] = ()
    estimated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """A relation; `at` is when it was looked at, UTC.  Values are plain JSON values."""

    relation: str
    rows: int
    at: datetime
    columns: tuple[ColumnProfile, ...]


def profile(
    session: Session, relation: Relation, only: Sequence[str] = (), masked: frozenset[str] = frozenset()
) -> Profile:
    """Measure a relation by one statement.

    On DuckDB the numbers of different values, the quantiles and the most frequent values are its estimates; elsewhere they
    are exact, and only the most frequent value is given.

    Args:
        session: reads it.
        relation: a table or view.
        only: names of columns; all without.
        masked: names of columns whose values are not shown.

    Raises:
        UsageError: there is no such column: names the nearest.
        QueryFailed: the database refused.
    """
    columns = _chosen(session.columns(relation), only)
    dialect = session.connection.dialect
    asked = [list(_measures(column, session.quote(column.name), dialect)) for column in columns]
    values = ", ".join(["COUNT(*)", *(sql for of_column in asked for _, sql in of_column)])
    rows, *found = session.fetch(f"SELECT {values} FROM {session.name(relation)}")[0]
    answers = iter(found)
    hidden = {name.casefold() for name in masked}
    profiles = []
    for column, of_column in zip(columns, asked, strict=True):
        measured = {key: next(answers) for key, _ in of_column}
        profiles.append(_profile(column, int(rows), measured, dialect, hide=column.name.casefold() in hidden))
    return Profile(str(relation), int(rows), datetime.now(UTC), tuple(profiles))


def _chosen(columns: Sequence[Column], only: Sequence[str]) -> list[Column]:
    if not only:
        return list(columns)
    by_name = {column.name.casefold(): column for column in columns}
    for name in only:
        if name.casefold() not in by_name:
            near = did_you_mean(name, [c.name for c in columns], label="Columns")
            raise UsageError(f"There is no column {name!r}. {near}".rstrip())
    return [by_name[name.casefold()] for name in only]


# --- ask --------------------------------------------------------------------------------------------------------------


def _measures(column: Column, name: str, dialect: str) -> Iterator[tuple[str, str]]:
    """What is asked of a column, as (key, expression)."""
    kind = parse_type(column.type, dialect)
    duckdb = dialect == "duckdb"
    ordered = isinstance(kind, _ORDERED) or (isinstance(kind, Other) and kind.name.casefold() in _ORDERED_NAMES)
    comparable = name if ordered else f"CAST({name} AS VARCHAR)"
    yield "values", f"COUNT({name})"
    yield "distinct", f"APPROX_COUNT_DISTINCT({name})" if duckdb else f"COUNT(DISTINCT {comparable})"
    if ordered:
        # PostgreSQL has no least boolean and no least UUID.
        text = not duckdb and isinstance(kind, Other) and kind.name.casefold() in {"boolean", "bool", "uuid"}
        yield "min", f"MIN({f'CAST({name} AS VARCHAR)' if text else name})"
        yield "max", f"MAX({f'CAST({name} AS VARCHAR)' if text else name})"
        yield "top", f"APPROX_TOP_K({name}, {FEW})" if duckdb else f"MODE() WITHIN GROUP (ORDER BY {name})"
    if isinstance(kind, Integer | Fixed | Floating):
        yield from _of_numbers(_finite(name, kind, duckdb=duckdb), duckdb=duckdb)
    if isinstance(kind, Text):
        yield "min_length", f"MIN(LENGTH({name}))"
        yield "max_length", f"MAX(LENGTH({name}))"


def _finite(name: str, kind: object, *, duckdb: bool) -> str:
    """A number as DOUBLE; NaN and infinity are left out: DuckDB refuses the deviation of what holds them."""
    number = f"CAST({name} AS DOUBLE PRECISION)"
    if not isinstance(kind, Floating):
        return number
    finite = f"ISFINITE({name})" if duckdb else f"{name} NOT IN ('NaN', 'Infinity', '-Infinity')"
    return f"CASE WHEN {finite} THEN {number} END"


def _of_numbers(number: str, *, duckdb: bool) -> Iterator[tuple[str, str]]:
    yield "mean", f"AVG({number})"
    yield "stddev", f"STDDEV_SAMP({number})"
    parts = ", ".join(map(str, QUANTILES))
    if duckdb:
        yield "quantiles", f"APPROX_QUANTILE({number}, [{parts}])"
    else:
        yield "quantiles", f"PERCENTILE_CONT(ARRAY[{parts}]) WITHIN GROUP (ORDER BY {number})"


# --- read -------------------------------------------------------------------------------------------------------------


def _profile(column: Column, rows: int, found: Mapping[str, Any], dialect: str, *, hide: bool) -> ColumnProfile:
    values = int(found["values"])
    # An estimate may be greater than what there is.
    distinct = min(int(found["distinct"]), values)
    quantiles = found.get("quantiles") or ()
    estimated = ("distinct", "quantiles") if dialect == "duckdb" and quantiles else ()
    return ColumnProfile(
        name=column.name,
        type=column.type,
        nulls=rows - values,
        null_fraction=(rows - values) / rows if rows else None,
        distinct=distinct,
        min=_shown(found.get("min"), hide=hide),
        max=_shown(found.get("max"), hide=hide),
        mean=None if hide else found.get("mean"),
        stddev=None if hide else found.get("stddev"),
        quantiles={} if hide else {f"{part:g}": value for part, value in zip(QUANTILES, quantiles, strict=False)},
        min_length=found.get("min_length"),
        max_length=found.get("max_length"),
        top=_top(found.get("top"), distinct, hide=hide),
        estimated=estimated or (("distinct",) if dialect == "duckdb" else ()),
    )


def _shown(value: object, *, hide: bool) -> Any:
    if value is None:
        return None
    return MASK if hide else plain(value)


def _top(found: object, distinct: int, *, hide: bool) -> tuple[Any, ...]:
    if found is None or hide or distinct > FEW:
        return ()
    values = found if isinstance(found, list) else [found]
    return tuple(plain(value) for value in values[:TOP])
