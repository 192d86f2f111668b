"""What a relation in a query offers: its columns, each with what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from interlace.lineage.edges import DIRECT, Deps
from interlace.model.sql_query import fold

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.lineage.known import Known
    from interlace.lineage.scope import Entry, Scope

__all__ = ["Names", "OutColumn", "Rest", "Table", "Watch", "base_table", "distinct_names"]

Rest: TypeAlias = "Callable[[str], Deps | None]"
"""What a column of this name would be made of, in a relation whose columns are not all known."""


class Watch(Protocol):
    """Is told what one meets who reads a query, and what says nothing of what its columns are made of."""

    def unresolved(self, scope: Scope, keys: Sequence[str], parts: Sequence[exp.Expr]) -> None:
        """A name means nothing at its place; `keys` are its parts as they are compared."""

    def unmerged(self, name: exp.Expr, entries: Sequence[Entry]) -> None:
        """A join by name, and one of its sides, all of whose columns are listed, has no column of this name."""

    def compared(self, scope: Scope, node: exp.Expr) -> None:
        """Two values are compared."""

    def merged(self, name: exp.Expr, left: OutColumn, right: OutColumn) -> None:
        """Two columns are compared by a join by name."""

    def starred(self, star: exp.Expr, entries: Sequence[Entry]) -> None:
        """A star takes all columns of some relations."""


class Names:
    """How one dialect compares names; `watch` is told what a query says wrong."""

    def __init__(self, dialect: str, watch: Watch | None = None) -> None:
        self.dialect = dialect
        self.watch = watch
        self._exact = dialect == "postgres"

    def of(self, identifier: exp.Expr) -> str:
        """What an identifier of the query is compared by."""
        name, quoted = identifier.name, bool(identifier.args.get("quoted"))
        if self._exact:
            return fold("postgres", name, quoted=quoted)
        return name.casefold()

    def stored(self, name: str) -> str:
        """What a name is compared by that the database has stored."""
        return name if self._exact else name.casefold()

    def shown(self, identifier: exp.Expr) -> str:
        """The name that a column gets from an identifier that stands as its alias."""
        return self.of(identifier) if self._exact else identifier.name


@dataclass(slots=True)
class OutColumn:
    """One column of a relation.

    Attributes:
        key: what names are compared by.
        type: as the database writes it; None where it is not known.
        named: whether the query says the name.
    """

    name: str
    key: str
    deps: Deps
    type: str | None = None
    named: bool = True


@dataclass(slots=True)
class Table:
    """A relation while a query is read.

    Attributes:
        rows: what decides its rows.
        rest: for columns that are not listed; None where all are.
        why: why not all columns are known; empty where all are.
        relation: what stands outside of the query; empty for what the query itself makes.
    """

    columns: list[OutColumn]
    rows: Deps = field(default_factory=dict)
    rest: Rest | None = None
    why: str = ""
    relation: str = ""
    _index: dict[str, OutColumn] | None = None

    def find(self, key: str) -> OutColumn | None:
        """The listed column of this key."""
        if self._index is None:
            self._index = {}
            for column in self.columns:
                self._index.setdefault(column.key, column)
        return self._index.get(key)

    def named(self, names: Sequence[str], fold_name: Callable[[str], str]) -> Table:
        """The same with the first columns called otherwise; the rest of an open one goes by no name any more."""
        if not names:
            return self
        columns = [
            replace(c, name=names[i], key=fold_name(names[i]), named=True) if i < len(names) else c
            for i, c in enumerate(self.columns)
        ]
        return Table(columns, self.rows, self.rest, self.why)


def base_table(known: Known, names: Names) -> Table:
    """A relation that stands outside of the query."""
    relation = known.name
    if known.columns is None:
        return Table([], {}, lambda name: {(relation, name): DIRECT}, f"the columns of {relation} are not known")
    types: Iterable[str | None] = known.types or (None,) * len(known.columns)
    stored = names.stored
    return Table(
        [OutColumn(n, stored(n), {(relation, n): DIRECT}, t) for n, t in zip(known.columns, types, strict=True)]
    )


def distinct_names(columns: list[OutColumn], names: Names) -> list[OutColumn]:
    """The columns as DuckDB names them where several have one name: ``a``, ``a_1``; others refuse that."""
    taken = {c.key for c in columns}
    if len(taken) == len(columns):
        return columns
    seen: set[str] = set()
    out = []
    for column in columns:
        if column.key not in seen:
            seen.add(column.key)
            out.append(column)
            continue
        number = 1
        while f"{column.key}_{number}" in taken:
            number += 1
        name = f"{column.name}_{number}"
        key = names.stored(name)
        taken.add(key)
        seen.add(key)
        out.append(replace(column, name=name, key=key))
    return out
