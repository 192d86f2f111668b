"""What a query reads that is not there, and what it compares that cannot be compared: only what is certain.

A walk over the query names each column by the scope that it stands in (see `interlace.lineage.query`); where a name
means nothing there, and the columns of all that it could be of are known, it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlglot import exp

from interlace.lineage.query import Reader
from interlace.lineage.relation import Names, OutColumn, Table, distinct_names
from interlace.lineage.scope import Scope, qualifies

if TYPE_CHECKING:
    from interlace.lineage.known import Known
    from interlace.lineage.scope import Entry

__all__ = ["FOLLOWED", "Compared", "Examined", "Missing", "StarOver", "examine", "missing_columns"]

Lookup = Callable[[tuple[str, ...]], "Known"]

# What engines offer beside the columns of a relation, and functions that are called without parentheses.
_SYSTEM: Final = frozenset({
    "rowid", "filename", "file_row_number", "file_index", "snapshot_id", "row_id", "ctid", "oid", "tableoid", "xmin",
    "xmax", "cmin", "cmax", "ordinality", "current_date", "current_time", "current_timestamp",
    "localtime", "localtimestamp", "current_user", "session_user", "system_user", "user", "current_role",
    "current_catalog", "current_schema", "current_database", "default", "all", "excluded", "normalized", "nfc",
    "nfd", "nfkc", "nfkd",
})  # fmt: skip


FOLLOWED: Final = frozenset({"duckdb", "postgres"})
"""The dialects of which it is certain what a name means, and what is compared only with a cast."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A column that a query reads and that nothing there has.

    Attributes:
        written: as the query says it, such as ``o.note``.
        column: its name alone.
        start: the offset of the name in the query's text.
        relation: what stands outside of the query and should have it; empty where a part of the query should, or
            one of several.
        known: the columns that are there.
    """

    written: str
    column: str
    start: int
    relation: str = ""
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Two values of known types that a query compares: each as the query says it, and its type."""

    left: str
    left_type: str
    right: str
    right_type: str
    start: int


@dataclass(frozen=True, slots=True)
class StarOver:
    """A star, its offset, and what stands outside of the query and is taken whole."""

    start: int
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examined:
    """What a query says.

    Attributes:
        columns: those that it gives, with their types where these are known; None where not all are known.
        reads: what it reads.
        missing: in the order of the text.
        compared: likewise.
        stars: likewise; those of a select list.
    """

    columns: tuple[tuple[str, str | None], ...] | None
    reads: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    compared: tuple[Compared, ...] = ()
    stars: tuple[StarOver, ...] = ()


def missing_columns(tree: exp.Expr, lookup: Lookup, dialect: str) -> tuple[Missing, ...]:
    """The columns that a query reads and that are not there; see `examine`."""
    return examine(tree, lookup, dialect).missing


def examine(tree: exp.Expr, lookup: Lookup, dialect: str) -> Examined:
    """Look through a query.  The tree is not changed.

    Args:
        tree: the query, as sqlglot parses it.
        lookup: what is known of a relation, by its parts as written; nothing is said of one whose columns are not known.
        dialect: sqlglot's word for the dialect.
    """
    watch = _Watch(dialect)
    names = Names(dialect, watch)
    reader = Reader(names, lookup)
    try:
        table = reader.query(tree, Scope(names))
    except RecursionError:
        return Examined(None)
    if tree.find(exp.RecursiveWithSearch) is not None:
        return Examined(None, tuple(reader.reads))  # SEARCH and CYCLE give columns of their own
    columns = distinct_names(table.columns, names)
    closed = table.rest is None and all(c.named for c in columns)
    return Examined(
        tuple((c.name, c.type) for c in columns) if closed else None,
        tuple(reader.reads),
        tuple(watch.missing[at] for at in sorted(watch.missing)),
        tuple(watch.comparisons[at] for at in sorted(watch.comparisons)),
        tuple(watch.stars[at] for at in sorted(watch.stars)),
    )


@dataclass(slots=True)
class _Watch:
    dialect: str
    missing: dict[int, Missing] = field(default_factory=dict)
    comparisons: dict[int, Compared] = field(default_factory=dict)
    stars: dict[int, StarOver] = field(default_factory=dict)

    def unresolved(self, scope: Scope, keys: Sequence[str], parts: Sequence[exp.Expr]) -> None:
        if any("start" not in p.meta for p in parts):
            return
        if len(keys) == 1:
            self._bare(scope, keys[0], parts[0])
        else:
            self._qualified(scope, keys, parts)

    def _bare(self, scope: Scope, key: str, name: exp.Expr) -> None:
        around = list(_around(scope))
        entries = [e for s in around for e in s.entries]
        given = [c for s in around for c in s.given]
        if not entries or not all(_listed(e.table) for e in entries) or _among(key, given):
            return
        if not any(_among(key, e.table.columns) for e in entries):
            relation = entries[0].table.relation if len(entries) == 1 else ""
            self._miss([name], relation, [c for e in entries for c in e.table.columns])

    def _qualified(self, scope: Scope, keys: Sequence[str], parts: Sequence[exp.Expr]) -> None:
        for around in _around(scope):
            for length in range(len(keys) - 1, 0, -1):
                entry = next((e for e in around.entries if qualifies(e, keys[:length])), None)
                if entry is None:
                    continue
                if _listed(entry.table) and not _among(keys[length], entry.table.columns):
                    self._miss(parts[: length + 1], entry.table.relation, entry.table.columns)
                return

    def unmerged(self, name: exp.Expr, entries: Sequence[Entry]) -> None:
        if "start" not in name.meta or not all(_listed(e.table) for e in entries):
            return
        if any(_among(name.name, e.table.columns) for e in entries):
            return
        relation = entries[0].table.relation if len(entries) == 1 else ""
        self._miss([name], relation, [c for e in entries for c in e.table.columns])

    def _miss(self, parts: Sequence[exp.Expr], relation: str, columns: Sequence[OutColumn]) -> None:
        last = parts[-1]
        if last.name.casefold() in _SYSTEM:
            return
        start = parts[0].meta["start"]
        known = tuple(dict.fromkeys(c.name for c in columns))
        self.missing.setdefault(start, Missing(".".join(p.name for p in parts), last.name, start, relation, known))

    def compared(self, scope: Scope, node: exp.Expr) -> None:
        left, right = self._typed(scope, node.this), self._typed(scope, node.expression)
        if left is None or right is None:
            return
        start = min(left[2], right[2])
        self.comparisons.setdefault(start, Compared(left[0], left[1], right[0], right[1], start))

    def _typed(self, scope: Scope, node: exp.Expr) -> tuple[str, str, int] | None:
        """A column or a cast as written, its type, and where it stands."""
        inner = node.unnest()
        column = inner.this if isinstance(inner, exp.Cast) else inner
        if not isinstance(column, exp.Column) or any(type(p) is not exp.Identifier for p in column.parts):
            return None
        if "start" not in column.parts[0].meta:
            return None
        if isinstance(inner, exp.Cast):
            type_: str | None = inner.to.sql(dialect=self.dialect)
        else:
            type_ = scope.resolve(column, column.parts)[2]
        return None if type_ is None else (inner.sql(dialect=self.dialect), type_, column.parts[0].meta["start"])

    def merged(self, name: exp.Expr, left: OutColumn, right: OutColumn) -> None:
        if left.type is not None and right.type is not None and "start" in name.meta:
            start = name.meta["start"]
            self.comparisons.setdefault(start, Compared(name.name, left.type, name.name, right.type, start))

    def starred(self, star: exp.Expr, entries: Sequence[Entry]) -> None:
        relations = tuple(dict.fromkeys(e.table.relation for e in entries if e.table.relation))
        if relations and "start" in star.meta and not _only_asks(star):
            self.stars.setdefault(star.meta["start"], StarOver(star.meta["start"], relations))


def _around(scope: Scope) -> Iterator[Scope]:
    at: Scope | None = scope
    while at is not None:
        yield at
        at = at.outer


def _listed(table: Table) -> bool:
    """Whether the names of all columns are known; those that the database makes up are not."""
    return table.rest is None and all(c.named for c in table.columns)


def _among(key: str, columns: Sequence[OutColumn]) -> bool:
    """Compared without case, whatever the engine does: a name that differs in case alone is another mistake."""
    folded = key.casefold()
    return any(c.key.casefold() == folded for c in columns)


def _only_asks(star: exp.Expr) -> bool:
    """``EXISTS (SELECT * …)`` takes nothing."""
    select = star.find_ancestor(exp.Select)
    return select is not None and isinstance(select.parent, exp.Exists)
