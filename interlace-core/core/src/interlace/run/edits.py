"""What an edited query changes and whom that reaches, for the planner: asked only where a definition or a parent moved."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from interlace.model.definition import Model, SqlBody
from interlace.plan.versions import digest, made_in
from interlace.run.unfolded import made_now, named, nodes_in, rest_and_made, unfolded

if TYPE_CHECKING:
    from interlace.contracts.relation import Column
    from interlace.contracts.state import DefinitionRecord, ModelState, StateStore
    from interlace.lineage.compare import QueryChange
    from interlace.lineage.edges import Lineage
    from interlace.lineage.known import Known
    from interlace.lineage.models import ModelLineage
    from interlace.model.definition import Body
    from interlace.run.view import View

__all__ = ["Edits"]


@dataclass(slots=True)
class Edits:
    """Compares definitions with those that were built, and follows columns to their readers.

    Attributes:
        view: the project.
        store: keeps the definitions that were built.
        states: of the models, by the names that they have now.
        recorded: gives the name under which the store knows a model.
    """

    view: View
    store: StateStore
    states: Mapping[str, ModelState]
    recorded: Callable[[str], str]
    _building: Container[str] = ()
    _lineage: ModelLineage | None = None
    _definitions: dict[str, DefinitionRecord | None] = field(default_factory=dict)
    _queries: dict[str, SqlBody | None] = field(default_factory=dict)
    _unfolded: dict[str, SqlBody | None] = field(default_factory=dict)

    def edited(self, name: str, building: Container[str]) -> QueryChange | None:
        """What a model's new query changes; None where it is no SQL, or nobody knows what it was."""
        from interlace.lineage.compare import QueryChange, query_change

        self._building = building
        model = self.view.models[name]
        if not isinstance(model.body, SqlBody):
            return None
        definition = self._definition(model)
        if definition is None:
            return None
        if definition.rest.partition(" ")[0] != self._rest(model):
            return QueryChange(None, why="more than its query is another")
        if any("on_failure" in check["options"] for check in definition.document.get("checks", ())):
            return QueryChange(None, why="its checks set rows aside when it was built")
        if self._was_same(model, definition):
            return QueryChange(frozenset())
        before, body = self._query(model), self._body(model)
        if before is None or not isinstance(body, SqlBody):
            return QueryChange(None, why="it was no query before" if before is None else "it is no query any more")
        if definition.query == body.text:
            return QueryChange(None, why="more than its query is another")
        change = query_change(before.text, body.text, self._models().dialect(model), self._lookup(model))
        change = replace(change, columns=self._as_named(model, body, change.columns, {}, change.removed))
        if change.columns is not None and not change.columns:
            self._keep_same(model, definition)
        return change

    def touched(
        self, name: str, changed: Mapping[str, frozenset[str]], building: Container[str]
    ) -> frozenset[str] | None:
        """The columns of a model that may be others, given the columns of its parents that may be; None for any.

        The model's query is the one that it was built with.  Of Python it is known where its author says so: a function
        may look at its tables while it makes the expression that it returns.
        """
        self._building = building
        model = self.view.models[name]
        body: Body | None = self._query(model) if self._is_edited(model) else self._body(model)
        if body is None or model.pre or model.post or name in self.view.inlined:
            return None
        if not set(changed) <= self._read_by(model, body):
            return None
        if not any(changed.values()):
            return frozenset()
        known = {parent: self._models().known(parent) for parent in changed}
        if any(k.columns is None for k in known.values()):
            return None
        was = {parent: _with(known[parent], columns) for parent, columns in changed.items()}
        if isinstance(body, SqlBody):
            return self._followed(model, body, changed, (was, known))
        return self._declared(model, changed, (was, known)) if model.lineage else None

    def close(self) -> None:
        """Keep what was found of lineage."""
        if self._lineage is not None:
            self._lineage.cache.close()

    # --- what was compared before -----------------------------------------------------------------------------

    def _was_same(self, model: Model, definition: DefinitionRecord) -> bool:
        """Whether it is known that another definition of what is inlined makes no difference: it is asked in every plan."""
        if not definition.rest.partition(" ")[2]:
            return False
        return self._models().cache.get(f"{model.name}\0same", self._same_key(model, definition)) is not None

    def _keep_same(self, model: Model, definition: DefinitionRecord) -> None:
        from interlace.lineage.edges import Lineage

        if definition.rest.partition(" ")[2]:
            self._models().cache.put(f"{model.name}\0same", self._same_key(model, definition), Lineage(()))

    def _same_key(self, model: Model, definition: DefinitionRecord) -> str:
        said = [_said(self._models().known(n)) for n in sorted(nodes_in(self.view, model, definition.query or ""))]
        now = (self.view.fingerprints[model.name], rest_and_made(self.view, model))
        return digest(self._models().dialect(model), definition.query or "", definition.rest, *now, repr(said))

    # --- definitions ------------------------------------------------------------------------------------------

    def _is_edited(self, model: Model) -> bool:
        state = self.states.get(model.name)
        if state is None or state.fingerprint is None:
            return False
        if state.fingerprint.data != self.view.fingerprints[model.name]:
            return True
        return made_in(state.parents) != ("" if not self.view.inlined else made_now(self.view, model))

    def _body(self, model: Model) -> Body | None:
        """What a model is made of now, with the queries that are inlined; None where that is no one query."""
        if not self.view.inlined or not isinstance(model.body, SqlBody):
            return model.body
        if model.name not in self._unfolded:
            self._unfolded[model.name] = unfolded(self.view, model)
        return self._unfolded[model.name]

    def _rest(self, model: Model) -> str:
        return rest_and_made(self.view, model).partition(" ")[0]

    def _query(self, model: Model) -> SqlBody | None:
        """The query that a model was built with; None where nobody knows."""
        if model.name not in self._queries:
            self._queries[model.name] = self._read(model)
        return self._queries[model.name]

    def _definition(self, model: Model) -> DefinitionRecord | None:
        """What a model was built from; None where the state has that of another build, or none."""
        if model.name not in self._definitions:
            found = self.store.definition(self.view.environment, self.recorded(model.name))
            state = self.states.get(model.name)
            built = state.fingerprint if state is not None else None
            same = found is not None and built is not None and found[0].data == built.data
            if same and found is not None and state is not None:
                same = found[1].rest.partition(" ")[2] == made_in(state.parents)
            self._definitions[model.name] = found[1] if found is not None and same else None
        return self._definitions[model.name]

    def _read(self, model: Model) -> SqlBody | None:
        from interlace.errors import InvalidSql
        from interlace.model.sql_query import QueryReader

        definition = self._definition(model)
        if definition is None or definition.query is None:
            return None
        try:
            return QueryReader(self._models().dialect(model)).read(definition.query, model.file, model.line)[0]
        except (InvalidSql, RecursionError):  # a newer sqlglot may refuse what an older one took
            return None

    def _as_named(
        self,
        model: Model,
        body: SqlBody,
        columns: frozenset[str] | None,
        known: Mapping[str, Known],
        removed: Iterable[str] = (),
    ) -> frozenset[str] | None:
        """The columns of a query, or None where the database chooses the name of one of them."""
        if not columns:
            return columns
        named = {c.name.casefold() for c in self._over(model, body, known).columns if c.named}
        return columns if columns <= named.union(c.casefold() for c in removed) else None

    # --- lineage ----------------------------------------------------------------------------------------------

    def _columns(self, name: str) -> tuple[Column, ...] | None:
        """Those that a node has as it stands."""
        return self.states[name].columns if name in self.states else None

    def _followed(
        self, model: Model, body: SqlBody, changed: Mapping[str, frozenset[str]], known: tuple[Mapping[str, Known], ...]
    ) -> frozenset[str] | None:
        """What is touched, from the cache where it was asked before: a reader that lags is asked for in every plan."""
        from interlace.lineage.compare import reader_change
        from interlace.lineage.edges import ColumnLineage, Lineage

        cache, kept = self._models().cache, f"{model.name}\0touched"
        key = self._key(model, body, changed, known)
        answer = cache.get(kept, key)
        if answer is None:
            before, after = (self._lookup(model, columns) for columns in known)
            change = reader_change(body.text, self._models().dialect(model), before, after, changed)
            found = self._as_named(model, body, change.columns, known[1], change.removed)
            answer = Lineage(tuple(ColumnLineage(c, ()) for c in sorted(found or ())), open=found is None)
            cache.put(kept, key, answer)
        return None if answer.open else frozenset(answer.names)

    def _key(
        self, model: Model, body: SqlBody, changed: Mapping[str, frozenset[str]], known: tuple[Mapping[str, Known], ...]
    ) -> str:
        said = [(sorted(c), *(_said(k[p]) for k in known)) for p, c in sorted(changed.items())]
        rest = [_said(self._models().known(node)) for node in sorted(self._read_by(model, body) - set(changed))]
        return digest(self._models().dialect(model), body.text, repr(said), repr(rest))

    def _models(self) -> ModelLineage:
        if self._lineage is None:
            from interlace.run.lineage import model_lineage

            # What is not built keeps the columns that it has, whatever its definition says now.
            self._lineage = replace(
                model_lineage(self.view, self.store),
                recorded=self._columns,
                current=lambda m: m.name not in self._building,
            )
        return self._lineage

    def _lookup(self, model: Model, known: Mapping[str, Known] | None = None) -> Callable[[tuple[str, ...]], Known]:
        from interlace.lineage.known import Known

        nodes = self.view.loaded.graph.references(model.name)
        known = known or {}

        def lookup(parts: tuple[str, ...]) -> Known:
            node = nodes.get(parts) or self._find(parts)
            if node is None:
                return Known(".".join(parts))
            return known.get(node) or self._models().known(node)

        return lookup

    def _declared(
        self, model: Model, changed: Mapping[str, frozenset[str]], known: tuple[Mapping[str, Known], ...]
    ) -> frozenset[str] | None:
        from interlace.lineage.declared import lineage_as_declared
        from interlace.lineage.touched import touched

        def over(columns: Mapping[str, Known]) -> Lineage:
            def of(node: str) -> Known:
                return columns.get(node) or self._models().known(node)

            return lineage_as_declared(model, self.view.loaded.graph, of, current=True)

        before, after = map(over, known)
        return touched(before, after, changed)

    def _read_by(self, model: Model, body: Body) -> set[str]:
        """The nodes that stand in a query; what is only declared to come before it may be read behind a macro."""
        if not isinstance(body, SqlBody):
            return set(self.view.loaded.graph.references(model.name).values())
        return {node for r in body.references if (node := self._find(r.parts)) is not None}

    def _find(self, parts: tuple[str, ...]) -> str | None:
        """The node that a name means: as an author writes it, or as it stands in what was inlined."""
        name, graph = named(parts), self.view.loaded.graph
        if isinstance(name, str):
            return name if name in graph.nodes else None
        return graph.find(name)

    def _over(self, model: Model, body: SqlBody, known: Mapping[str, Known]) -> Lineage:
        """The lineage of a query, were these the columns of some of what it reads."""
        from sqlglot import parse_one
        from sqlglot.errors import SqlglotError

        from interlace.lineage.columns import column_lineage
        from interlace.lineage.edges import Lineage
        from interlace.lineage.plain import plain

        dialect = self._models().dialect(model)
        try:
            tree = parse_one(plain(body).text, dialect=dialect)
        except (SqlglotError, RecursionError):
            return Lineage((), unknown=("the query does not parse",), open=True)
        return column_lineage(tree, self._lookup(model, known), dialect)


def _said(known: Known) -> tuple[object, ...]:
    """What decides how names of columns are read: of types only what has fields."""
    fields = [(i, t) for i, t in enumerate(known.types) if t is not None and t.upper().startswith("STRUCT")]
    return known.name, known.columns, fields


def _with(known: Known, columns: frozenset[str]) -> Known:
    """What was known of a relation that had these columns too, wherever they stood."""
    there = {c.casefold() for c in known.columns or ()}
    more = tuple(sorted(c for c in columns if c not in there))
    return replace(
        known, columns=(*(known.columns or ()), *more), types=(*known.types, *(None for _ in more if known.types))
    )
