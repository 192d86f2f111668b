"""UNION, INTERSECT and EXCEPT: columns by position or by name, and what decides the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from interlace.lineage.edges import DIRECT, FILTER, Deps, add, merged
from interlace.lineage.relation import OutColumn, Table

if TYPE_CHECKING:
    from interlace.lineage.relation import Rest

__all__ = ["combined"]


def combined(node: exp.Expr, left: Table, right: Table) -> Table:
    """What an operation gives of its two sides.

    EXCEPT and INTERSECT show the left side's values; the right side decides which of its rows stay.
    """
    rows: Deps = {}
    merged(rows, left.rows)
    merged(rows, right.rows)
    is_union = isinstance(node, exp.Union)
    if node.args.get("distinct") or not is_union:
        _compare(left, rows)
        _compare(right, rows)
    if not is_union:
        return Table(left.columns, rows, left.rest, left.why)
    if node.args.get("by_name"):
        return _by_name(left, right, rows)
    return _by_position(left, right, rows)


def _compare(table: Table, rows: Deps) -> None:
    for column in table.columns:
        merged(rows, column.deps, FILTER)
    if table.rest is not None:
        add(rows, ("", table.why), DIRECT)


def _together(first: OutColumn, *more: Deps) -> OutColumn:
    deps: Deps = {}
    merged(deps, first.deps)
    for other in more:
        merged(deps, other)
    return OutColumn(first.name, first.key, deps, first.type, first.named)


def _same_type(column: OutColumn, other: OutColumn | None) -> OutColumn:
    """The column; its type is not known where the other side's is another."""
    if other is None or other.type != column.type:
        column.type = None
    return column


def _by_position(left: Table, right: Table, rows: Deps) -> Table:
    if left.rest is None and right.rest is None:
        pairs = zip(left.columns, right.columns, strict=False)
        return Table([_same_type(_together(a, b.deps), b) for a, b in pairs], rows)
    why = "; ".join(dict.fromkeys(t.why for t in (left, right) if t.rest is not None))
    unknown: Deps = {("", f"a UNION by position, and {why}"): DIRECT}
    if left.rest is None:
        return Table([_together(c, unknown) for c in left.columns], rows)
    columns = [OutColumn(c.name, c.key, dict(unknown), None, c.named) for c in left.columns]
    return Table(columns, rows, lambda _: unknown, why)


def _by_name(left: Table, right: Table, rows: Deps) -> Table:
    columns = []
    for column in left.columns:
        other = right.find(column.key)
        columns.append(_same_type(_together(column, *_of(other, right.rest, column.name)), other))
    more = [c for c in right.columns if left.find(c.key) is None]
    columns += [_together(c, *_of(None, left.rest, c.name)) for c in more]
    why = "; ".join(dict.fromkeys(t.why for t in (left, right) if t.rest is not None))
    if left.rest is None and right.rest is None:
        return Table(columns, rows)
    return Table(columns, rows, _either(left.rest, right.rest), why)


def _of(column: OutColumn | None, rest: Rest | None, name: str) -> list[Deps]:
    if column is not None:
        return [column.deps]
    found = rest(name) if rest is not None else None
    # A relation whose columns are not known may have one of this name or not.
    return [] if found is None else [{("", f"whether both sides of a UNION BY NAME have {name} is not known"): DIRECT}]


def _either(left: Rest | None, right: Rest | None) -> Rest:
    def rest(name: str) -> Deps | None:
        deps: Deps = {}
        found = [d for r in (left, right) if r is not None and (d := r(name)) is not None]
        for one in found:
            merged(deps, one)
        if len(found) > 1:
            deps[("", f"whether both sides of a UNION BY NAME have {name} is not known")] = DIRECT
        return deps if found else None

    return rest
