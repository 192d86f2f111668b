"""Whether a query can give only rows of the interval that it is asked for, as its own text shows.

Where that is plain, its rows go straight into the table, and nobody need count those that are outside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlglot import exp

    from interlace.model.definition import SqlBody

__all__ = ["END", "START", "demanded", "selected", "stays_within"]

START: Final = "__interlace_start"
END: Final = "__interlace_end"
"""The columns that stand in a query for its two variables."""


def stays_within(body: SqlBody, column: str, dialect: str) -> bool:
    """Whether each row of the query has its `column` in ``[$start, $end)``.

    It has where the query selects a plain column, and its outermost ``WHERE`` demands ``column >= $start`` and
    ``column < $end`` of the very same one.  Of anything else this says no, which only costs a look at the rows.
    """
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError

    if not {"start", "end"} <= {variable.name for variable in body.variables}:
        return False
    try:
        query = parse_one(_marked(body), dialect=dialect)
    except SqlglotError:
        return False
    if not isinstance(query, exp.Select) or _may_lose_values(query):
        return False
    source = selected(query, column)
    return source is not None and {START, END} <= set(_bounds(query, source))


def _marked(body: SqlBody) -> str:
    """The text with columns of our own in the place of the two variables, and NULL in that of others."""
    stands = {"start": f'"{START}"', "end": f'"{END}"'}
    text = body.text
    for variable in sorted(body.variables, key=lambda v: v.start, reverse=True):
        text = text[: variable.start] + stands.get(variable.name, "NULL") + text[variable.end :]
    return text


def _may_lose_values(query: exp.Select) -> bool:
    """Whether a column of the result may hold what ``WHERE`` never saw: subtotals, and rows turned to columns."""
    group = query.args.get("group")
    subtotals = group is not None and any(v for k, v in group.args.items() if k not in {"expressions", "all"})
    return subtotals or bool(query.args.get("laterals")) or bool(query.args.get("pivots"))


def selected(query: exp.Select, name: str) -> exp.Column | None:
    """The column of the source that the result's column of this name is; None where that is not plain."""
    from sqlglot import exp

    named = [e for e in query.selects if e.alias_or_name.casefold() == name.casefold() and not e.is_star]
    stars = [e for e in query.selects if e.is_star]
    if named:
        value = named[0].unalias()
        if len(named) > 1 or stars or not isinstance(value, exp.Column):
            return None
        # Where another result has the name of this source, WHERE could mean either.
        others = (e for e in query.selects if e is not named[0])
        return None if any(e.alias_or_name.casefold() == value.name.casefold() for e in others) else value
    plain = len(stars) == 1 and isinstance(stars[0], exp.Star) and not any(stars[0].args.values())
    return exp.column(name) if plain and _one_source(query) else None


def _one_source(query: exp.Select) -> bool:
    from sqlglot import exp

    source = query.args.get("from_")
    if source is None or query.args.get("joins"):
        return False
    return isinstance(source.this, (exp.Table, exp.Subquery)) and not any(
        source.this.args.get(more) for more in ("pivots", "joins", "laterals")
    )


def _bounds(query: exp.Select, source: exp.Column) -> Iterator[str]:
    """Which of the two bounds ``WHERE`` demands of a column."""
    from sqlglot import exp

    where = query.args.get("where")
    for condition in demanded(where.this) if where is not None else ():
        match condition:
            case exp.GTE(this=left, expression=right) | exp.GT(this=left, expression=right) if _is(right, START):
                yield from [START] if _same(left, source) else []
            case exp.LTE(this=left, expression=right) | exp.LT(this=left, expression=right) if _is(left, START):
                yield from [START] if _same(right, source) else []
            case exp.LT(this=left, expression=right) if _is(right, END):
                yield from [END] if _same(left, source) else []
            case exp.GT(this=left, expression=right) if _is(left, END):
                yield from [END] if _same(right, source) else []


def demanded(condition: exp.Expr) -> Iterator[exp.Expr]:
    """The conditions all of which hold where this one does."""
    from sqlglot import exp

    plain = condition.unnest()
    if isinstance(plain, exp.And):
        yield from demanded(plain.this)
        yield from demanded(plain.expression)
    else:
        yield plain


def _is(value: exp.Expr, marked: str) -> bool:
    from sqlglot import exp

    return isinstance(value, exp.Column) and value.name == marked


def _same(one: exp.Expr, other: exp.Column) -> bool:
    """Whether both are one column; where there is one source, its name may be written or left out."""
    from sqlglot import exp

    if not isinstance(one, exp.Column) or one.name != other.name:
        return False
    return one.this.quoted == other.this.quoted and one.table == other.table
