"""The names that one SELECT can say: its relations, the columns that joins merged, the scopes around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from interlace.lineage.edges import DIRECT, TRANSFORMED, Deps, merged, unknown
from interlace.lineage.relation import OutColumn, Table

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.lineage.relation import Names, Rest

__all__ = ["Cte", "Entry", "Scope", "qualifies", "whole_row"]

Cte = Callable[[], Table]

# Words that stand where a column could and are none: functions without parentheses, numbers of rows.
_NO_COLUMNS: Final = frozenset({
    "rowid", "ctid", "user", "current_user", "session_user", "current_role", "current_catalog", "current_schema",
    "current_database", "localtime", "localtimestamp",
})  # fmt: skip


@dataclass(slots=True)
class Entry:
    """One relation of a FROM.

    Attributes:
        key: what qualifies its columns.
        parts: its whole name where it has no alias: ``schema.table.column``.
        hidden: the columns that a join shows once, elsewhere.
        visible: whether ``*`` shows it: not the right side of a semi join.
    """

    key: str
    table: Table
    parts: tuple[str, ...] = ()
    hidden: set[str] = field(default_factory=set)
    visible: bool = True


@dataclass(slots=True)
class Scope:
    """What a name means at one place of a query.

    Attributes:
        outer: the scope of the query around; names that mean nothing here are looked for there.
        merged: the columns that joins by name show once.
        aliases: gives what an alias of the select list was made of; None where it is none.
        locals: the parameters of lambdas and comprehensions.
        proven: what names were found to mean in relations whose columns are not known.
        aliases_first: in ORDER BY an alias hides a column.
        ctes: gives the relation of each name that WITH gives here.
        given: the columns of the select list, as far as it was read.
        weak: a query around is looked at only for names that mean nothing here: in a FROM without LATERAL.
    """

    names: Names
    outer: Scope | None = None
    entries: list[Entry] = field(default_factory=list)
    merged: dict[str, OutColumn] = field(default_factory=dict)
    aliases: Callable[[str], Deps | None] | None = None
    locals: list[str] = field(default_factory=list)
    aliases_first: bool = False
    ctes: Mapping[str, Cte] = field(default_factory=dict)
    weak: bool = False
    proven: dict[str, Deps] = field(default_factory=dict)
    given: Sequence[OutColumn] = ()

    def resolve(self, column: exp.Expr, parts: Sequence[exp.Expr]) -> tuple[Deps, str, str | None]:
        """What a column as written means.

        Args:
            column: the node, for the message.
            parts: its identifiers, outermost first.

        Returns:
            what it was made of, its name, its type.
        """
        keys = [self.names.of(p) for p in parts]
        if self._is_local(keys[0]):
            return {}, parts[-1].name, None
        scope: Scope | None = self
        open_ones: list[str] = []
        while scope is not None:
            found = scope.here(keys, parts)
            if found is not None:
                if open_ones:
                    return {unknown(_either(column, open_ones)): DIRECT}, parts[-1].name, None
                return found
            candidates = scope.may_have(keys, parts)
            if len(parts) > 1 and candidates:  # qualified by a relation whose columns are not known
                return candidates[0][1], parts[-1].name, None
            if len(candidates) == 1 and not open_ones and not scope.is_elsewhere(keys):
                scope.proven[keys[0]] = candidates[0][1]
                return candidates[0][1], parts[-1].name, None
            open_ones += [name for name, _ in candidates]
            scope = scope.outer
        if (row := self._row(keys)) is not None:
            return row, parts[-1].name, None
        if len(keys) == 1 and keys[0] in _NO_COLUMNS:
            return {}, keys[0], None
        if open_ones:
            return {unknown(_either(column, open_ones)): DIRECT}, parts[-1].name, None
        if self.names.watch is not None:
            self.names.watch.unresolved(self, keys, parts)
        return {unknown(f"nothing that is read here has a column {_sql(column)}"): DIRECT}, parts[-1].name, None

    def _is_local(self, key: str) -> bool:
        scope: Scope | None = self
        while scope is not None:
            if key in scope.locals:
                return True
            scope = scope.outer
        return False

    def here(self, keys: list[str], parts: Sequence[exp.Expr]) -> tuple[Deps, str, str | None] | None:
        """A column that is listed here; a struct's field is made of the struct."""
        first = keys[0]
        if len(keys) == 1:
            return self.bare(first)
        for entry in self.entries:
            for length in range(1, len(keys)):
                if not qualifies(entry, keys[:length]):
                    continue
                found = entry.table.find(keys[length])
                if found is not None:
                    return self._field(found, parts[length + 1 :])
        if any(qualifies(e, keys[:1]) and e.table.rest is not None for e in self.entries):
            return None
        struct = self.bare(first)
        if struct is None:
            return None
        return _transformed(struct[0]), parts[-1].name, None

    def _field(self, column: OutColumn, fields: Sequence[exp.Expr]) -> tuple[Deps, str, str | None]:
        if not fields:
            return column.deps, column.name, column.type
        return _transformed(column.deps), fields[-1].name, None

    def bare(self, key: str) -> tuple[Deps, str, str | None] | None:
        """A column or alias that is listed here, by its bare name."""
        if self.aliases_first and self.aliases is not None and (deps := self.aliases(key)) is not None:
            return deps, key, None
        merged_column = self.merged.get(key)
        if merged_column is not None:
            return merged_column.deps, merged_column.name, merged_column.type
        if key in self.proven:
            return self.proven[key], key, None
        found = [c for e in self.entries if e.visible and (c := e.table.find(key)) is not None]
        if not found:
            found = [c for e in self.entries if not e.visible and (c := e.table.find(key)) is not None]
        if len(found) == 1:
            return found[0].deps, found[0].name, found[0].type
        if found:
            names = ", ".join(e.key for e in self.entries if e.table.find(key) is not None)
            return {unknown(f"several have a column {found[0].name}: {names}"): DIRECT}, found[0].name, None
        if self.aliases is not None and not self.open and (deps := self.aliases(key)) is not None:
            return deps, key, None
        return None

    @property
    def open(self) -> bool:
        """Whether a relation here has columns that are not listed."""
        return any(e.table.rest is not None for e in self.entries)

    def may_have(self, keys: list[str], parts: Sequence[exp.Expr]) -> list[tuple[str, Deps]]:
        """The relations here that may have the column, and what it would be made of."""
        if len(keys) > 1:
            found = []
            for entry in self.entries:
                for length in range(1, len(keys)):
                    rest = entry.table.rest
                    if rest is None or not qualifies(entry, keys[:length]):
                        continue
                    deps = rest(parts[length].name)
                    if deps is not None:
                        found.append((entry.key, deps if length + 1 == len(keys) else _transformed(deps)))
            if found:
                return found
        if len(keys) > 1:
            return []
        rests = [(e.key, e.table.rest) for e in self.entries if e.table.rest is not None]
        return [(key, deps) for key, rest in rests if (deps := rest(parts[0].name)) is not None]

    def is_elsewhere(self, keys: list[str]) -> bool:
        """Whether the name could as well be an alias, or a column of a query around."""
        if self.aliases is not None and self.aliases(keys[0]) is not None:
            return True
        scope: Scope | None = self
        while scope is not None and not scope.weak:
            scope = scope.outer
            if scope is not None and (scope.bare(keys[0]) is not None or scope.open):
                return True
        return False

    def _row(self, keys: list[str]) -> Deps | None:
        """A whole row: the name of a relation where a column could stand."""
        scope: Scope | None = self
        while scope is not None:
            for entry in scope.entries:
                if entry.key == keys[0] and len(keys) == 1:
                    return whole_row(entry.table)
            scope = scope.outer
        return None

    def star(self, qualifier: list[str] | None = None) -> tuple[list[tuple[Entry, OutColumn]], list[tuple[str, Rest]]]:
        """The columns that ``*`` shows, and what stands for those that are not listed."""
        columns: list[tuple[Entry, OutColumn]] = []
        rests: list[tuple[str, Rest]] = []
        for entry in self.entries:
            if qualifier is None and not entry.visible:
                continue
            if qualifier is not None and not qualifies(entry, qualifier):
                continue
            columns.extend((entry, c) for c in self._shown(entry, all_of_it=qualifier is not None))
            if entry.table.rest is not None:
                rests.append((entry.table.why, self._shown_rest(entry, entry.table.rest)))
        return columns, rests

    def _shown_rest(self, entry: Entry, rest: Rest) -> Rest:
        def shown(name: str) -> Deps | None:
            key = self.names.stored(name)
            if key in entry.hidden:
                return None
            return self.merged[key].deps if key in self.merged else rest(name)

        return shown if self.merged else rest

    def _shown(self, entry: Entry, *, all_of_it: bool) -> Iterator[OutColumn]:
        for column in entry.table.columns:
            if all_of_it:
                yield column
            elif column.key not in entry.hidden:
                yield self.merged.get(column.key, column)


def whole_row(table: Table) -> Deps:
    """What all columns of a relation together were made of."""
    deps: Deps = {}
    for column in table.columns:
        merged(deps, column.deps, TRANSFORMED)
    if table.rest is not None:
        deps[unknown(table.why)] = DIRECT
    return deps


def qualifies(entry: Entry, keys: Sequence[str]) -> bool:
    """Whether these parts of a name mean a relation of a FROM."""
    if len(keys) == 1:
        return entry.key == keys[0]
    return len(entry.parts) >= len(keys) and entry.parts[-len(keys) :] == tuple(keys)


def _transformed(deps: Deps) -> Deps:
    out: Deps = {}
    for key, kind in deps.items():
        out[key] = max(TRANSFORMED, kind)
    return out


def _either(column: exp.Expr, candidates: list[str]) -> str:
    shown = " or ".join(dict.fromkeys(candidates))
    return f"{_sql(column)} may be a column of {shown}, whose columns are not known"


def _sql(column: exp.Expr) -> str:
    return ".".join(p.name for p in getattr(column, "parts", ())) or column.name
