"""Which columns of a reader may differ, because columns that it reads do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interlace.lineage.edges import ColumnLineage, Edge, Lineage

__all__ = ["touched"]


def touched(before: Lineage, after: Lineage, changed: Mapping[str, frozenset[str] | None]) -> frozenset[str] | None:
    """Say which columns of a reader that is itself unchanged may differ.

    Lineage does not tell of what only orders rows in a query that is read (``list(x)`` over ``(… ORDER BY y)``): where
    the text of the reader is known, `interlace.lineage.compare.reader_change` sees that too.

    Args:
        before: its lineage over its relations as they were.
        after: the same over its relations as they will be.
        changed: by relation the columns, casefolded, that may be others, are new or are gone; None: anything may be
            another, rows too.

    Returns:
        names, casefolded; empty where nothing that is read changed, None where anything may differ, rows too.
    """
    moved = {relation: columns for relation, columns in changed.items() if columns is None or columns}
    if not moved:
        return frozenset()
    if before.open or after.open or before.unknown or after.unknown:
        return None
    if not any(relation in moved for lineage in (before, after) for relation in _read(lineage)):
        return frozenset()
    if any(moved.get(r, frozenset()) is None for lineage in (before, after) for r in _read(lineage)):
        return None
    if set(before.rows) != set(after.rows) or any(_is_moved(e, moved) for e in (*before.rows, *after.rows)):
        return None
    first, second = _by_name(before), _by_name(after)
    if first is None or second is None or [n for n in first if n in second] != [n for n in second if n in first]:
        return None
    return frozenset(n for n in {**first, **second} if _differs(first.get(n), second.get(n), moved))


def _read(lineage: Lineage) -> Iterator[str]:
    yield from lineage.reads
    yield from (e.relation for e in lineage.rows)
    yield from (e.relation for c in lineage.columns for e in c.edges)


def _by_name(lineage: Lineage) -> dict[str, ColumnLineage] | None:
    """The columns by their names, casefolded; None where two have one."""
    found = {c.name.casefold(): c for c in lineage.columns}
    return found if len(found) == len(lineage.columns) else None


def _differs(
    before: ColumnLineage | None, after: ColumnLineage | None, moved: Mapping[str, frozenset[str] | None]
) -> bool:
    if before is None or after is None or before.name != after.name or before.unknown or after.unknown:
        return True
    return set(before.edges) != set(after.edges) or any(_is_moved(e, moved) for e in (*before.edges, *after.edges))


def _is_moved(edge: Edge, moved: Mapping[str, frozenset[str] | None]) -> bool:
    columns = moved.get(edge.relation, frozenset())
    return columns is None or edge.column.casefold() in columns
