"""How what was staged differs from what is published: what ``run --hold`` shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from interlace.run.difference_columns import Columns, columns_differ, pair, paired
from interlace.run.difference_rows import Comparison, Counts, Side

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation

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
        return _result(Counts(0, rows, rows, 0, 0 if key else None), Columns(added=after))
    before = session.columns(old)
    dialect = session.connection.dialect
    pairs = [pair(o, n, dialect) for o, n in paired(before, after)]
    keys = {k.casefold() for k in key}
    by = tuple(p for p in pairs if p.new.casefold() in keys)
    if len(by) < len(keys):
        by = ()
    others = tuple(p for p in pairs if p not in by)
    counts = Comparison(session, Side(old), Side(new), by, others).counts()
    return _result(counts, columns_differ(before, after, dialect))


def _result(counts: Counts, columns: Columns) -> dict[str, Any]:
    return {
        "rows_before": counts.before,
        "rows_after": counts.after,
        "added": counts.added,
        "removed": counts.removed,
        "changed": counts.changed,
        "columns": dict(counts.columns),
        "added_columns": [c.name for c in columns.added],
        "removed_columns": [c.name for c in columns.removed],
    }
