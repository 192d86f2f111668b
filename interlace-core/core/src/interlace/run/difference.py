"""How two tables differ: rows added, removed and changed, and by column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Column, Relation

__all__ = ["difference"]


def difference(session: Session, old: Relation | None, new: Relation, key: Sequence[str]) -> dict[str, Any]:
    """Compare two tables of one database.

    Args:
        session: of the database.
        old: what is published; None where nothing is.
        new: what would be.
        key: the columns that identify a row.  Without them, a changed row counts as one removed and one added.

    Returns:
        ``rows_before``, ``rows_after``, ``added``, ``removed``, ``changed`` (None without a key), ``columns`` (of each column that
        both have, in how many rows it changed; only with a key), ``added_columns``, ``removed_columns``.
    """
    after = session.columns(new)
    if old is None:
        rows = session.fetch(f"SELECT count(*) FROM {session.name(new)}")[0][0]
        names = [c.name for c in after]
        return _result(0, rows, rows, 0, 0 if key else None, {}, names, [])
    before = session.columns(old)
    known = {c.name.casefold(): c.name for c in before}
    both = [(known[c.name.casefold()], c.name) for c in after if c.name.casefold() in known]
    new_columns = [c.name for c in after if c.name.casefold() not in known]
    gone = _gone(before, after)
    if key and all(any(k.casefold() == n.casefold() for _, n in both) for k in key):
        return _by_key(session, old, new, key, both, new_columns, gone)
    return _by_row(session, old, new, both, new_columns, gone)


def _by_key(
    session: Session,
    old: Relation,
    new: Relation,
    key: Sequence[str],
    both: Sequence[tuple[str, str]],
    added: list[str],
    removed: list[str],
) -> dict[str, Any]:
    from sqlglot import exp

    keys = {k.casefold() for k in key}
    on = exp.and_(*(_column("o", o).eq(_column("n", n)) for o, n in both if n.casefold() in keys))
    compared = [(o, n) for o, n in both if n.casefold() not in keys]
    differs = [exp.NullSafeNEQ(this=_column("o", o), expression=_column("n", n)) for o, n in compared]
    there = exp.and_(_given("o"), _given("n"))
    numbers = {
        "before": exp.Count(this=_given_flag("o")),
        "after": exp.Count(this=_given_flag("n")),
        "added": _count_if(exp.and_(_absent("o"), _given("n"))),
        "removed": _count_if(exp.and_(_given("o"), _absent("n"))),
        "changed": _count_if(exp.and_(there, exp.or_(*differs)) if differs else exp.false()),
        **{f"c{i}": _count_if(exp.and_(there, d.copy())) for i, d in enumerate(differs)},
    }
    query = (
        exp.select(*(exp.alias_(e, name, quoted=True) for name, e in numbers.items()))
        .from_(_flagged(old, "o"))
        .join(_flagged(new, "n"), on=on, join_type="full")
    )
    row = session.fetch(query.sql(dialect=session.connection.dialect))[0]
    before, after, more, fewer, changed, *columns = (int(v or 0) for v in row)
    by_column = {n: count for (_, n), count in zip(compared, columns, strict=True) if count}
    return _result(before, after, more, fewer, changed, by_column, added, removed)


def _by_row(
    session: Session,
    old: Relation,
    new: Relation,
    both: Sequence[tuple[str, str]],
    added: list[str],
    removed: list[str],
) -> dict[str, Any]:
    of_old = f"SELECT {', '.join(session.quote(o) for o, _ in both)} FROM {session.name(old)}"
    of_new = f"SELECT {', '.join(session.quote(n) for _, n in both)} FROM {session.name(new)}"
    counts = [f"SELECT count(*) FROM {session.name(old)}", f"SELECT count(*) FROM {session.name(new)}"]
    if both:
        counts += [
            f"SELECT count(*) FROM ({of_new} EXCEPT ALL {of_old}) AS more",
            f"SELECT count(*) FROM ({of_old} EXCEPT ALL {of_new}) AS fewer",
        ]
    found = session.fetch("SELECT " + ", ".join(f"({c})" for c in counts))[0]
    before, after = int(found[0]), int(found[1])
    more, fewer = (int(found[2]), int(found[3])) if both else (after, before)
    return _result(before, after, more, fewer, None, {}, added, removed)


def _result(
    before: int,
    after: int,
    added: int,
    removed: int,
    changed: int | None,
    columns: dict[str, int],
    added_columns: list[str],
    removed_columns: list[str],
) -> dict[str, Any]:
    return {
        "rows_before": before,
        "rows_after": after,
        "added": added,
        "removed": removed,
        "changed": changed,
        "columns": columns,
        "added_columns": added_columns,
        "removed_columns": removed_columns,
    }


def _gone(before: Sequence[Column], after: Sequence[Column]) -> list[str]:
    names = {c.name.casefold() for c in after}
    return [c.name for c in before if c.name.casefold() not in names]


def _flagged(relation: Relation, alias: str) -> exp.Subquery:
    """The rows of a relation with a column that is never NULL, so that an outer join tells which side is there."""
    from sqlglot import exp

    parts = [exp.to_identifier(p, quoted=True) for p in (relation.name, relation.schema, relation.catalog) if p]
    table = exp.Table(**dict(zip(("this", "db", "catalog"), parts, strict=False)))
    return exp.select("*", exp.alias_(exp.Literal.number(1), "__interlace_is")).from_(table).subquery(alias)


def _given_flag(alias: str) -> exp.Column:
    return _column(alias, "__interlace_is", quoted=False)


def _given(alias: str) -> exp.Expr:
    from sqlglot import exp

    return exp.Not(this=_absent(alias))


def _absent(alias: str) -> exp.Expr:
    from sqlglot import exp

    return exp.Is(this=_given_flag(alias), expression=exp.Null())


def _column(alias: str, name: str, *, quoted: bool = True) -> exp.Column:
    from sqlglot import exp

    return exp.column(exp.to_identifier(name, quoted=quoted), table=alias)


def _count_if(condition: exp.Expr) -> exp.Expr:
    from sqlglot import exp

    return exp.Sum(
        this=exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))], default=exp.Literal.number(0))
    )
