"""What each node gives to its readers, by the definitions as they are now: computed when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from interlace.lineage.known import Known
from interlace.lineage.plain import FILES, Plain, plain
from interlace.model.definition import Model, SqlBody

if TYPE_CHECKING:
    from sqlglot import exp

    from interlace.graph.build import Graph
    from interlace.lineage.missing import Examined

__all__ = ["Look", "Offer", "Offers", "Typed"]

Typed: TypeAlias = tuple[str, str | None]
"""A column: its name, and its type where that is known."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The columns of a node.

    Attributes:
        columns: None where not all are known.
        sure: whether there can be no others.
    """

    columns: tuple[Typed, ...] | None = None
    sure: bool = True

    def find(self, name: str) -> Typed | None:
        """The column of this name, compared without case."""
        folded = name.casefold()
        return next((c for c in self.columns or () if c[0].casefold() == folded), None)


@dataclass(frozen=True, slots=True)
class Look:
    """A model's query, looked through.

    Attributes:
        plain: its text as it was parsed.
    """

    model: Model
    body: SqlBody
    plain: Plain
    tree: exp.Expr
    examined: Examined


@dataclass(slots=True)
class Offers:
    """Gives the columns of nodes by name.

    Attributes:
        dialect: gives sqlglot's word for the dialect of a model.
        said: what is known of a node without its query; None for a SQL model whose query says it.
        beside: the columns that a SQL model's relation has beside those of its query; None where that is not known.
    """

    graph: Graph
    dialect: Callable[[Model], str]
    said: Callable[[str], Offer | None]
    beside: Callable[[Model], tuple[Typed, ...] | None]
    _found: dict[str, Offer] = field(default_factory=dict)

    def of(self, name: str) -> Offer:
        """The columns of a node."""
        if name not in self._found:
            for needed in self._needed(name):
                if needed not in self._found:
                    self._found[needed] = self.said(needed) or self._by_query(needed)
        return self._found[name]

    def look(self, name: str) -> Look | None:
        """Look through the query of a SQL model; None for what is none, or does not parse without its variables."""
        from sqlglot import parse_one
        from sqlglot.errors import SqlglotError

        from interlace.lineage.missing import examine

        model = self.graph.nodes[name]
        if not isinstance(model, Model) or not isinstance(model.body, SqlBody):
            return None
        for parent in set(self.graph.references(name).values()):
            self.of(parent)
        text = plain(model.body)
        dialect = self.dialect(model)
        try:
            tree = parse_one(text.text, dialect=dialect)
        except (SqlglotError, RecursionError):
            return None
        examined = examine(tree, self._lookup(model), dialect)
        if name not in self._found:
            said = self.said(name)
            self._found[name] = said if said is not None else self._offer(model, tree, examined)
        return Look(model, model.body, text, tree, examined)

    def _lookup(self, model: Model) -> Callable[[tuple[str, ...]], Known]:
        nodes = self.graph.references(model.name)

        def lookup(parts: tuple[str, ...]) -> Known:
            if parts == (FILES,):
                return Known("$files")  # a file may have more columns than are declared
            node = nodes.get(parts)
            columns = None if node is None else self.of(node).columns
            if node is None or columns is None:
                return Known(node or ".".join(parts))
            return Known(node, tuple(c for c, _ in columns), tuple(t for _, t in columns))

        return lookup

    def _by_query(self, name: str) -> Offer:
        self.look(name)
        return self._found.setdefault(name, Offer())

    def _offer(self, model: Model, tree: exp.Expr, examined: Examined) -> Offer:
        beside = self.beside(model)
        if examined.columns is None or beside is None:
            return Offer()
        names = {c.casefold() for c, _ in examined.columns}
        more = [c for c in beside if c[0].casefold() not in names]
        kept = {c.casefold(): t for c, t in beside}
        declared = {c.name.casefold() for c in model.columns if c.type is not None and not c.contract}
        own = [
            (c, kept[c.casefold()] if c.casefold() in kept else None if c.casefold() in declared else t)
            for c, t in examined.columns
        ]
        return Offer((*own, *more), self._is_sure(model, tree))

    def _is_sure(self, model: Model, tree: exp.Expr) -> bool:
        """A star over what may have more columns may have more, too."""
        from sqlglot import exp

        parents = set(self.graph.references(model.name).values())
        return all(self.of(p).sure for p in parents) or tree.find(exp.Star, exp.Columns) is None

    def _needed(self, name: str) -> list[str]:
        """The node, after those whose columns only their own queries tell; each parents first."""
        order: list[str] = []
        seen: set[str] = set()
        todo: list[tuple[str, bool]] = [(name, False)]
        while todo:
            at, ready = todo.pop()
            if ready:
                order.append(at)
            elif at not in seen and at not in self._found:
                seen.add(at)
                todo.append((at, True))
                if self.said(at) is None:
                    todo += [(p, False) for p in set(self.graph.references(at).values())]
        return order
