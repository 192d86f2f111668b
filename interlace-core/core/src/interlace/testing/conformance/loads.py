"""What a load must do, in plain Python over lists of rows: the reference that strategies are compared with.

A row is a mapping of columns to values; a column that a row lacks is NULL in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

__all__ = ["MergeRules", "Refused", "Row", "merged"]

Row = Mapping[str, Any]

MANY: Final = 100
"""Live rows from which on too many deletes are refused."""


class Refused(Exception):
    """The load must be refused, and nothing written."""


@dataclass(frozen=True, slots=True)
class MergeRules:
    """The options of a merge; `flag` is a column of the batch that says that its key is deleted."""

    key: tuple[str, ...]
    null_keys: Literal["error", "match", "skip"] = "error"
    duplicates: Literal["error", "latest"] = "error"
    order_by: tuple[str, ...] = ()
    insert_only: bool = False
    soft: bool = False
    flag: str | None = None
    missing: bool = False
    scope: tuple[str, ...] = ()
    max_fraction: float = 0.5
    allow_empty: bool = False

    def of(self, row: Row) -> tuple[Any, ...]:
        """The key of a row."""
        return tuple(row.get(name) for name in self.key)


def merged(
    table: Sequence[Row], batch: Sequence[Row], columns: Sequence[str], rules: MergeRules, at: datetime
) -> tuple[list[Row], Counter[str]]:
    """Merge a batch into a table.

    Args:
        table: its rows; under `MergeRules.soft` with ``_deleted`` and ``_deleted_at``.
        batch: its rows.
        columns: those of the batch; others of the table become NULL where a row is written.
        rules: the options.
        at: the execution time.

    Raises:
        Refused: the batch breaks a rule.
    """
    counts: Counter[str] = Counter()
    given = _one_for_each_key(batch, columns, rules, counts)
    after = {rules.of(row): row for row in table}
    live = {key: row for key, row in after.items() if not row.get("_deleted")}
    for key, row in given.items():
        if rules.flag is not None and row[rules.flag]:
            counts["deleted" if key in live else "unchanged"] += 1
            if key in live:
                _delete(after, key, rules, at)
        elif key not in live:
            after[key] = _alive(row, rules)
            counts["inserted"] += 1
        elif rules.insert_only or all(row[name] == after[key].get(name) for name in columns):
            counts["unchanged"] += 1
        else:
            after[key] = _alive(row, rules)
            counts["updated"] += 1
    if rules.missing:
        for key in _missing(live, given, batch, rules):
            _delete(after, key, rules, at)
            counts["deleted"] += 1
    return list(after.values()), counts


def _one_for_each_key(
    batch: Sequence[Row], columns: Sequence[str], rules: MergeRules, counts: Counter[str]
) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in batch:
        if None in rules.of(row) and rules.null_keys != "match":
            counts["rejected"] += 1
        elif row not in found.setdefault(rules.of(row), []):
            found[rules.of(row)].append(row)
    if rules.null_keys == "error" and counts["rejected"]:
        raise Refused
    return {key: _latest(rows, columns, rules, counts) for key, rows in found.items()}


def _latest(rows: Sequence[Row], columns: Sequence[str], rules: MergeRules, counts: Counter[str]) -> Row:
    if len(rows) > 1 and rules.duplicates == "error":
        raise Refused
    first = (*rules.order_by, *([rules.flag] if rules.flag else []))
    rest = [name for name in columns if name not in {*rules.key, *rules.order_by}]
    ordered = sorted(rows, key=lambda row: _descending(row, [*first, *rest]), reverse=True)
    counts["conflict"] += len(rows) > 1 and _descending(ordered[0], first) == _descending(ordered[1], first)
    return ordered[0]


def _descending(row: Row, names: Sequence[str]) -> list[tuple[bool, Any]]:
    return [(row[name] is not None, row[name] if row[name] is not None else 0) for name in names]


def _alive(row: Row, rules: MergeRules) -> Row:
    return {**row, "_deleted": False, "_deleted_at": None} if rules.soft else row


def _delete(after: dict[tuple[Any, ...], Row], key: tuple[Any, ...], rules: MergeRules, at: datetime) -> None:
    if rules.soft:
        after[key] = {**after[key], "_deleted": True, "_deleted_at": at}
    else:
        del after[key]


def _missing(
    live: Mapping[tuple[Any, ...], Row], given: Mapping[tuple[Any, ...], Row], batch: Sequence[Row], rules: MergeRules
) -> list[tuple[Any, ...]]:
    usable = [row for row in batch if rules.of(row) in given]
    scopes = [tuple(row[name] for name in rules.scope) for row in usable]
    in_scope = [key for key, row in live.items() if not rules.scope or tuple(row.get(n) for n in rules.scope) in scopes]
    found = [key for key in in_scope if key not in given]
    if not usable and in_scope and not (rules.allow_empty or rules.scope):
        raise Refused
    if len(in_scope) >= MANY and len(found) > rules.max_fraction * len(in_scope):
        raise Refused
    return found
