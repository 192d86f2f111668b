"""The lineage of a project's models: each computed when it is first asked for, from what is known of its parents."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from interlace.lineage.declared import lineage_as_declared
from interlace.lineage.edges import ColumnLineage, Edge, Lineage
from interlace.lineage.known import Expression, Known
from interlace.lineage.plain import FILES, plain
from interlace.model.definition import Model, PythonBody, SqlBody
from interlace.model.fingerprint import digest
from interlace.model.garbage import rare_collections

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.graph.build import Graph
    from interlace.lineage.cache import LineageCache
    from interlace.model.outline import Outline

__all__ = ["ModelLineage"]


@dataclass(slots=True)
class ModelLineage:
    """Gives the lineage of models by name.  Use it as a context manager, so that what was found is kept.

    Attributes:
        graph: the models and sources.
        dialect: gives sqlglot's word for the dialect of a model.
        recorded: gives the columns that a node was last seen with; None where it never was.
        current: whether what was recorded of a model comes from its present definition.
        expression: gives the query that a Python model last returned; None where that is not known.
        own: gives the columns that a model's strategy keeps beside those of its query.
        cache: what was computed before.
    """

    graph: Graph
    dialect: Callable[[Model | Outline], str]
    recorded: Callable[[str], tuple[Column, ...] | None]
    current: Callable[[Model], bool]
    expression: Callable[[Model], Expression | None]
    own: Callable[[Model], tuple[str, ...]]
    cache: LineageCache
    _found: dict[str, Lineage] = field(default_factory=dict)
    _known: dict[str, Known] = field(default_factory=dict)
    _shapes: dict[str, tuple[object, ...]] = field(default_factory=dict)
    _collecting: ExitStack = field(default_factory=ExitStack)

    def of(self, name: str) -> Lineage:
        """The lineage of one node; a seed's and a source's columns have no edges."""
        if name not in self._found:
            for needed in self._needed(name):
                if needed not in self._found and (needed == name or not self._kept(needed)):
                    self._found[needed] = self._lineage(needed)
        return self._found[name]

    def _kept(self, name: str) -> bool:
        """Take the names of a model's columns from the cache: for what stands above a model nothing else is asked."""
        outline = self.graph.outline(name)
        if outline is None or outline.kind != "sql":
            return False
        if name not in self._known and (kept := self.cache.known(name, self._key(outline, ""))) is not None:
            self._known[name] = kept
        return name in self._known

    def __enter__(self) -> Self:
        self._collecting.enter_context(rare_collections())
        return self

    def __exit__(self, *_: object) -> None:
        self._collecting.close()
        self.cache.close()

    def unseen(self, name: str) -> str | None:
        """Why nobody knows which columns a Python model makes of which; None where that is known, or said."""
        node = self.graph.nodes[name]
        if not isinstance(node, Model) or not isinstance(node.body, PythonBody) or node.lineage:
            return None
        return None if self.expression(node) is not None else f"nobody sees into the function of {name}"

    def _needed(self, name: str) -> list[str]:
        """The node, after those whose columns only their own lineage tells; each parents first."""
        order: list[str] = []
        seen: set[str] = set()
        todo: list[tuple[str, bool]] = [(name, False)]
        while todo:
            at, ready = todo.pop()
            if ready:
                order.append(at)
            elif at not in seen:
                seen.add(at)
                todo.append((at, True))
                above = self.graph.references(at).values()
                todo += [(p, False) for p in above if p not in seen and self._said(p) is None]
        return order

    def known(self, name: str) -> Known:
        """What is known of a node's columns: as recorded, as declared, or as its own lineage says."""
        if name not in self._known:
            self._known[name] = self._said(name) or self._from_lineage(name)
        return self._known[name]

    def _said(self, name: str) -> Known | None:
        """What is known without following the node's query; None where only that can tell."""
        if name in self._known:
            return self._known[name]
        recorded = self.recorded(name)
        outline = self.graph.outline(name)
        is_sql = outline is not None and outline.kind == "sql"
        if is_sql and recorded is None:
            return None
        node = self.graph.nodes[name]
        if recorded is not None and (not is_sql or (isinstance(node, Model) and self.current(node))):
            found = Known(name, tuple(c.name for c in recorded), tuple(c.type for c in recorded))
        elif is_sql:
            return None
        elif node.columns:
            found = Known(name, tuple(c.name for c in node.columns), tuple(c.type for c in node.columns))
        else:
            found = Known(name)
        self._known[name] = found
        return found

    def _from_lineage(self, name: str) -> Known:
        lineage = self._found.get(name) or self.of(name)
        return Known(name) if lineage.open else Known(name, lineage.names)

    def _lineage(self, name: str) -> Lineage:
        node = self.graph.nodes[name]
        if not isinstance(node, Model) or not isinstance(node.body, SqlBody | PythonBody):
            return self._leaf(name)
        if node.lineage:
            return lineage_as_declared(node, self.graph, self.known, current=self.current(node))
        expression = self.expression(node) if isinstance(node.body, PythonBody) else None
        if isinstance(node.body, PythonBody) and expression is None:
            return self._opaque(node)
        outline = self.graph.outline(name)
        assert outline is not None  # noqa: S101  of a model
        key = self._key(
            outline, "" if expression is None else f"{expression.sql}{sorted(expression.relations.items())}"
        )
        found = self.cache.get(name, key)
        if found is None:
            if expression is not None:
                found = self._returned(node, expression)
            else:
                assert isinstance(node.body, SqlBody)  # noqa: S101  said above
                found = self._computed(node, node.body)
            self.cache.put(name, key, found)
        return found

    def _leaf(self, name: str) -> Lineage:
        known = self.known(name)
        if known.columns is None:
            return Lineage((), unknown=(f"the columns of {name} are not known",), open=True)
        return Lineage(tuple(ColumnLineage(c, ()) for c in known.columns))

    def _opaque(self, model: Model) -> Lineage:
        """A Python model: all columns of all that it reads decide all of its own (ruling 24)."""
        edges = []
        unknown = []
        reads = sorted(set(self.graph.references(model.name).values()))
        for parent in reads:
            known = self.known(parent)
            if known.columns is None:
                unknown.append(f"the columns of {parent} are not known")
            edges += [Edge(parent, c, "transformed") for c in known.columns or ()]
        found = self.known(model.name).columns
        is_open = found is None and model.materialise != "none"
        if is_open:
            unknown.append(f"the columns of {model.name} are not known before it has run")
        columns = tuple(ColumnLineage(c, ()) for c in found or ())
        return Lineage(columns, tuple(edges), tuple(unknown), tuple(reads), open=is_open)

    def _key(self, model: Outline, returned: str) -> str:
        """What decides the lineage of a model whose query is known."""
        read = sorted(self.graph.references(model.name).items())
        seen = [(written, node, self._shape(node)) for written, node in read]
        # One digest of all is made much faster than one of each; the first format knows no interned strings, which are chance.
        return digest(marshal.dumps((self.dialect(model), model.data, self._outputs(model.name), returned, seen), 0))

    def _shape(self, name: str) -> tuple[object, ...]:
        """What a reader's lineage depends on: the columns, and the fields of those that have some."""
        if name not in self._shapes:
            known = self.known(name)
            types = [t if t is not None and t.upper().startswith("STRUCT") else "" for t in known.types]
            self._shapes[name] = (known.columns, types)
        return self._shapes[name]

    def _outputs(self, name: str) -> tuple[str, ...] | None:
        recorded = self.recorded(name)
        if recorded is None:
            return None
        model = self.graph.nodes[name]
        if not isinstance(model, Model) or not self.current(model):
            return None
        own = self.own(model)
        return tuple(c.name for c in recorded if c.name not in own)

    def _computed(self, model: Model, body: SqlBody) -> Lineage:
        nodes = self.graph.references(model.name)

        def lookup(parts: tuple[str, ...]) -> Known:
            if parts == (FILES,):
                return _files(model)
            node = nodes.get(parts)
            return Known(".".join(parts)) if node is None else self.known(node)

        why = "the query does not parse without the values of its variables"
        return self._followed(model, plain(body).text, lookup, why)

    def _returned(self, model: Model, expression: Expression) -> Lineage:
        """A Python model that returned an ibis expression: as the query that it is."""
        from sqlglot import exp

        dialect = self.dialect(model)
        tables = {node: exp.to_table(text, dialect=dialect) for node, text in expression.relations.items()}
        nodes = {tuple(p.name for p in table.parts): node for node, table in tables.items()}

        def lookup(parts: tuple[str, ...]) -> Known:
            node = nodes.get(parts)
            return Known(".".join(parts)) if node is None else self.known(node)

        return self._followed(model, expression.sql, lookup, "the query that it returned does not parse")

    def _followed(self, model: Model, sql: str, lookup: Callable[[tuple[str, ...]], Known], why: str) -> Lineage:
        from sqlglot import parse_one
        from sqlglot.errors import SqlglotError

        from interlace.lineage.columns import column_lineage

        dialect = self.dialect(model)
        try:
            tree = parse_one(sql, dialect=dialect)
        except (SqlglotError, RecursionError):
            return Lineage((), unknown=(why,), open=True)
        return self._with_own(model, column_lineage(tree, lookup, dialect, self._outputs(model.name)))

    def _with_own(self, model: Model, lineage: Lineage) -> Lineage:
        """With the columns that the strategy keeps: how it fills them is its own affair."""
        own = [name for name in self.own(model) if lineage.column(name) is None]
        if not own or model.strategy is None:
            return lineage
        word = model.strategy.name
        kept = [ColumnLineage(n, (), (f"{n} is kept by the strategy {word}",)) for n in own]
        return replace(lineage, columns=(*lineage.columns, *kept))


def _files(model: Model) -> Known:
    drop = model.files
    if drop is None or not drop.columns:
        return Known("$files")
    more = () if drop.filename is None else ((drop.filename, None),)
    said: Mapping[str, str | None] = dict((*drop.columns, *more))
    return Known("$files", tuple(said), tuple(said.values()))
