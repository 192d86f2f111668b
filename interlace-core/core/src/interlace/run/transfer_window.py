"""Which part of time a model reads of a relation on another connection, as its query's own text shows.

The condition stays in the query: what is left out of the copy is what the query would have left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from interlace.plan.compile import compile_query
from interlace.plan.windows import BEGINNING
from interlace.run.within import END, START, demanded, selected

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlglot import exp

    from interlace.contracts.relation import Column
    from interlace.model.definition import Reference, SqlBody, Variable
    from interlace.plan.windows import Batch

__all__ = ["Window", "condition", "united", "window_of"]

_MARK: Final = "__interlace_read"
MARGIN: Final = timedelta(days=2)
"""More than a date and a zone can move a moment that is compared with one of another kind."""

_SURE: Final = frozenset({"duckdb", "postgres"})
"""Dialects in which the same comparison of the same values is known to hold for the same rows."""


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that a query may need of a relation: those whose `column` is in ``[start, end]``.

    Attributes:
        column: in lower case.
        start: with the project's zone; None where it reads from the beginning.
        end: likewise; rows of that very moment are copied, too.
    """

    column: str
    start: datetime | None
    end: datetime | None

    def __str__(self) -> str:
        start = f" from {_shown(self.start)}" if self.start is not None else ""
        end = f" to {_shown(self.end)}" if self.end is not None else ""
        return f"{self.column}{start}{end}"


def window_of(
    body: SqlBody,
    names: Collection[tuple[str, ...]],
    column: str,
    dialect: str,
    batches: Sequence[Batch],
    timezone: str,
) -> Window | None:
    """The part of a relation that a query of these batches reads; None where it may read all.

    Args:
        body: the query.
        names: how it names the relation.
        column: of the result, which `incremental` names.
        dialect: of the query.
        batches: what is loaded.
        timezone: the project's.
    """
    if not batches or dialect not in _SURE or not {"start", "end"} & {variable.name for variable in body.variables}:
        return None
    query = _tree(body, names, dialect)
    table = _read_once(query) if query is not None else None
    if query is None or table is None:
        return None
    bounds: dict[str, set[str]] = {}
    for compared, bound in _bounds(query):
        if _is_of(compared, table, query):
            bounds.setdefault(compared.name.casefold(), set()).add(bound)
    if not bounds:
        return None
    found = max(bounds, key=lambda name: len(bounds[name]))
    same = selected(query, column)
    # What `$start` is compared with in the result has the very type of this column.
    exact = same is not None and same.name.casefold() == found and _is_of(same, table, query)
    return _window(found, bounds[found], batches, timezone, timedelta() if exact else MARGIN)


def united(one: Window | None, other: Window | None) -> Window | None:
    """The window that serves two readers."""
    if one is None or other is None or one.column != other.column:
        return None
    start = min(one.start, other.start) if one.start is not None and other.start is not None else None
    end = max(one.end, other.end) if one.end is not None and other.end is not None else None
    return Window(one.column, start, end) if start is not None or end is not None else None


def condition(window: Window, columns: Sequence[Column], quoted: str, dialect: str) -> str | None:
    """What the rows of a window fulfil, in the dialect of where they are; None where the column is not there or holds no times.

    Args:
        columns: of the relation.
        quoted: the column's name, quoted; empty to have none looked at.
    """
    from interlace.schema.moments import moment_kind, moment_text, moment_type

    kinds = [moment_kind(c.type) for c in columns if c.name.casefold() == window.column]
    if dialect not in _SURE or len(kinds) != 1 or kinds[0] is None:
        return None
    kind = kinds[0]
    parts = [
        f"{quoted} {sign} CAST('{moment_text(moment, kind)}' AS {moment_type(kind)})"
        for sign, moment in ((">=", window.start), ("<=", window.end))
        if moment is not None
    ]
    return " AND ".join(parts)


def _tree(body: SqlBody, names: Collection[tuple[str, ...]], dialect: str) -> exp.Select | None:
    """The query with a name of our own for the relation, and columns of our own for the bounds; None where it is no plain one."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    def stands(reference: Reference) -> str:
        marked = f'"{_MARK}"' if reference.parts in names else '"other"'
        return marked if reference.aliased else f'{marked} AS "{reference.parts[-1]}"'

    def special(variable: Variable) -> str | None:
        return {"start": f'"{START}"', "end": f'"{END}"'}.get(variable.name)

    variables = {variable.name: None for variable in body.variables}
    try:
        tree = sqlglot.parse_one(compile_query(body, stands, variables, str, "", special), dialect=dialect)
    except SqlglotError:
        return None
    odd = (exp.Pivot, exp.TableSample, exp.Lateral)
    if not isinstance(tree, exp.Select) or any(tree.find(kind) is not None for kind in odd):
        return None
    # A join that looks for the nearest row, or goes by the rows' positions, finds others where rows are missing.
    return None if any(join.args.get("method") for join in tree.find_all(exp.Join)) else tree


def _read_once(query: exp.Select) -> exp.Table | None:
    """The relation, where it is read in one place: between the outermost ``SELECT`` and its ``WHERE``."""
    from sqlglot import exp

    read = [table for table in query.find_all(exp.Table) if table.name == _MARK]
    if len(read) != 1 or any(table is read[0] for table in _hidden(query)):
        return None
    table = read[0]
    alias = table.args.get("alias")
    renamed = alias is not None and bool(alias.args.get("columns"))
    outermost = table.find_ancestor(exp.Select) is query and isinstance(table.parent, (exp.From, exp.Join))
    return table if outermost and not renamed else None


def _hidden(query: exp.Select) -> Iterator[exp.Table]:
    """The tables whose columns a ``WHERE`` does not see: those of semi and anti joins."""
    from sqlglot import exp

    for join in query.args.get("joins") or ():
        if str(join.args.get("kind") or "").upper() in {"SEMI", "ANTI"}:
            yield from join.find_all(exp.Table)


def _bounds(query: exp.Select) -> Iterator[tuple[exp.Column, str]]:
    """The columns that ``WHERE`` demands to be no less than the start, or no greater than the end."""
    from sqlglot import exp

    where = query.args.get("where")
    for one in demanded(where.this) if where is not None else ():
        if isinstance(one, (exp.GTE, exp.GT)):
            left, right = one.this, one.expression
        elif isinstance(one, (exp.LTE, exp.LT)):
            left, right = one.expression, one.this
        else:
            continue
        # Now it says left >= right, or left > right.
        if isinstance(left, exp.Column) and isinstance(right, exp.Column):
            if right.name == START and left.name not in {START, END}:
                yield left, START
            elif left.name == END and right.name not in {START, END}:
                yield right, END


def _is_of(column: exp.Column, table: exp.Table, query: exp.Select) -> bool:
    """Whether a column is the relation's: it says so, or there is nothing else that it could be of."""
    called = table.alias_or_name.casefold()
    if column.args.get("db"):
        return False
    if column.table:
        sources = [table, *(join.this for join in query.args.get("joins") or ()), query.args["from_"].this]
        return column.table.casefold() == called and not any(
            source is not table and source.alias_or_name.casefold() == called for source in sources
        )
    return query.args["from_"].this is table and not query.args.get("joins")


def _window(column: str, bounds: set[str], batches: Sequence[Batch], timezone: str, margin: timedelta) -> Window | None:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(timezone)
    first, last = min(b.start for b in batches), max(b.end for b in batches)
    start = (first - margin).astimezone(zone) if START in bounds and first > BEGINNING + 2 * MARGIN else None
    end = (last + margin).astimezone(zone) if END in bounds else None
    return Window(column, start, end) if start is not None or end is not None else None


def _shown(moment: datetime | None) -> str:
    if moment is None:
        return ""
    whole = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return moment.date().isoformat() if whole else moment.replace(tzinfo=None).isoformat(sep=" ")
