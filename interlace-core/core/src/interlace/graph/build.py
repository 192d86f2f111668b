"""Who depends on whom: the graph of models, seeds and sources, built from names that were read, declared or asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError, InvalidGraph, InvalidProject, Location, did_you_mean
from interlace.graph.order import children_of, cycle_among, topological
from interlace.model.definition import Model, PythonBody, Source, SqlBody
from interlace.model.outline import Nodes, Outline, outline_of, whole
from interlace.model.values import split_name

if TYPE_CHECKING:
    from interlace.model.context import LoadingSettings
    from interlace.model.definition import Node

__all__ = ["Graph"]

Parts = tuple[str, ...]

_SHOWN = 20


@dataclass(slots=True)
class _Use:
    """One name that a model gives: what it is for, and where in the query it stands."""

    outline: Outline
    parts: Parts
    reads: bool
    offset: int | None = None

    @property
    def where(self) -> Location:
        """The place, looked for only when there is something to say about it."""
        model = self.outline.model()
        body = model.body
        if isinstance(body, SqlBody) and self.offset is not None:
            return _place(model.file, body, self.offset)
        return Location(model.file, body.line if isinstance(body, PythonBody) else model.line)


@dataclass(frozen=True, slots=True)
class Graph:
    """An immutable graph: nodes are enabled models, seeds and sources; an edge leads from what is read to who reads it.

    Attributes:
        nodes: the nodes by name, sorted by name.
    """

    nodes: Mapping[str, Node]
    _names: Mapping[Parts, str]
    _parents: Mapping[str, tuple[str, ...]]
    _children: Mapping[str, Sequence[str]]
    _references: Mapping[str, Mapping[Parts, str]]
    _order: tuple[str, ...] = field(default=())

    @classmethod
    def build(
        cls, models: Iterable[Model | Outline], sources: Iterable[Source], settings: LoadingSettings | None = None
    ) -> Graph:
        """Resolve all names and order the nodes.

        Args:
            models: models and seeds, those with ``enabled: false`` included; an outline is as good.
            sources: the declared sources.
            settings: says the schema of models that name none, so that ``schema.name`` finds them too.

        Raises:
            InvalidGraph: a name that nothing has, a disabled model or a side effect that is read, a cycle.
            InvalidProject: several of these.
        """
        everything: list[Outline | Source] = [*(outline_of(m) if isinstance(m, Model) else m for m in models), *sources]
        return _Build(everything, settings.default_schema if settings else None).graph()

    def outline(self, name: str) -> Outline | None:
        """What the graph itself asks of a model, without restoring the rest of it; None for a source."""
        if isinstance(self.nodes, Nodes):
            return self.nodes.outline(name)
        node = self.nodes[name]
        return outline_of(node) if isinstance(node, Model) else None

    def parents(self, name: str) -> tuple[str, ...]:
        """What a node reads or comes after, sorted."""
        return self._parents[name]

    def children(self, name: str) -> tuple[str, ...]:
        """Who reads a node or comes after it, sorted."""
        return tuple(self._children[name])

    def references(self, name: str) -> Mapping[Parts, str]:
        """The nodes that a model's names mean, by their parts as written: references of SQL, parameters of Python."""
        return self._references.get(name, {})

    def find(self, parts: Parts) -> str | None:
        """The node that a name means, bare or with its schema, without regard to case; None where there is none."""
        return self._names.get(_folded(parts))

    def resolve(self, parts: Parts, dialect: str | None = None) -> str:  # noqa: ARG002  names are unique without case, in every dialect
        """The node that a name means.

        Raises:
            InvalidGraph: nothing has that name; says which is near.
        """
        found = self.find(parts)
        if found is None:
            raise InvalidGraph(
                f"no model, seed or source is called {_shown(parts)}", hint=did_you_mean(parts[-1], self.nodes)
            )
        return found

    def order(self) -> tuple[str, ...]:
        """All names, each after those that it depends on; the same for the same graph."""
        return self._order

    def ancestors(self, name: str, depth: int | None = None) -> frozenset[str]:
        """What a node depends on, over at most `depth` steps; the node itself is not among them."""
        return _reached(name, self._parents, depth)

    def descendants(self, name: str, depth: int | None = None) -> frozenset[str]:
        """What depends on a node, over at most `depth` steps; the node itself is not among them."""
        return _reached(name, self._children, depth)


class _Build:
    """Builds one graph, and collects everything that is wrong with it."""

    def __init__(self, everything: list[Outline | Source], default_schema: str | None) -> None:
        self._nodes = {n.name: n for n in sorted(everything, key=lambda n: n.name) if _is_enabled(n)}
        self._disabled = {n.name.casefold(): n for n in everything if not _is_enabled(n)}
        self._default_schema = default_schema
        self._errors: list[InterlaceError] = []
        self._names: dict[Parts, str] = {}
        self._ambiguous: dict[Parts, list[str]] = {}

    def graph(self) -> Graph:
        self._index()
        parents: dict[str, tuple[str, ...]] = {}
        references: dict[str, dict[Parts, str]] = {}
        for name, node in self._nodes.items():
            found = self._edges(node) if isinstance(node, Outline) else {}
            references[name] = found
            parents[name] = tuple(sorted(set(found.values())))
        children = children_of(parents)
        order = topological(parents, children)
        if len(order) < len(parents):
            self._errors.append(self._cycle(cycle_among(parents, set(parents) - set(order))))
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise InvalidProject(self._errors)
        return Graph(Nodes(self._nodes), self._names, parents, children, references, order)

    def _index(self) -> None:
        known: dict[str, str] = {}
        for name, node in self._nodes.items():
            folded = name.casefold()
            if folded in known:
                self._errors.append(_namesakes(whole(self._nodes[known[folded]]), whole(node)))
            known[folded] = name
            self._names[(folded,)] = name
        for name, node in self._nodes.items():
            for parts in self._qualified(node):
                folded_parts = _folded(parts)
                if self._names.setdefault(folded_parts, name) != name:
                    self._ambiguous.setdefault(folded_parts, [self._names[folded_parts]]).append(name)

    def _qualified(self, node: Outline | Source) -> Sequence[Parts]:
        """The longer names that a node can be read by."""
        if isinstance(node, Outline):
            schema = node.schema or self._default_schema
            return () if schema is None else ((schema, node.name),)
        relation = node.relation or (node.name,)
        if len(relation) == 1 and node.schema is not None:
            relation = (node.schema, *relation)
        return [relation[-length:] for length in range(2, len(relation) + 1)]

    def _edges(self, model: Outline) -> dict[Parts, str]:
        found: dict[Parts, str] = {}
        for parts, reads, offset in model.uses:
            # The index holds folded names: most names are written so, and need no folding.
            target = self._names.get(parts) or self._names.get(_folded(parts))
            if target is None or (self._ambiguous and _folded(parts) in self._ambiguous):
                self._errors.append(self._missing(model, _Use(model, parts, reads, offset)))
                continue
            node = self._nodes[target]
            if reads and isinstance(node, Outline) and node.materialise == "none":
                message = f"{model.name!r} reads {target!r}, which is a side effect without a relation"
                hint = f"Come after it with dependencies: [{target}]."
                where = _Use(model, parts, reads, offset).where
                self._errors.append(InvalidGraph(message, where=where, hint=hint, model=model.name))
            found[parts] = target
        if model.declares:
            self._errors += self._declared(model.model(), set(found.values()))
        return found

    def _declared(self, model: Model, reads: set[str]) -> Iterator[InterlaceError]:
        """What is wrong with the lineage that a model declares: it can only be made of what the model reads."""
        for word in dict.fromkeys(word for _, made_of in model.lineage for word in made_of):
            parts = split_name(word)[:-1]
            if self._names.get(_folded(parts)) not in reads:
                message = (
                    f"the lineage of {model.name!r} names {word!r}, and {model.name!r} does not read {_shown(parts)}"
                )
                near = did_you_mean(parts[-1], reads, label="It reads")
                where = Location(model.file, model.line)
                yield InvalidGraph(message, where=where, hint=near or "It reads nothing.", model=model.name)

    def _missing(self, model: Outline, use: _Use) -> InvalidGraph:
        verb = "reads" if use.reads else "depends on"
        shown = _shown(use.parts)
        if owners := self._ambiguous.get(_folded(use.parts)):
            message = f"{model.name!r} {verb} {shown}, which can be {' or '.join(repr(o) for o in sorted(set(owners)))}"
            return InvalidGraph(message, where=use.where, hint="Use the bare name.", model=model.name)
        outline = self._disabled.get(use.parts[-1].casefold())
        if outline is not None:
            disabled = whole(outline)
            message = f"{model.name!r} {verb} {shown}, which is disabled in {disabled.file}:{disabled.line}"
            return InvalidGraph(message, where=use.where, hint="Remove 'enabled: false' there.", model=model.name)
        message = f"{model.name!r} {verb} {shown}, which is no model, seed or source"
        near = did_you_mean(use.parts[-1], self._nodes)
        hint = near or "A table that something else writes is declared as a source, in sources.yaml or config.yaml."
        return InvalidGraph(message, where=use.where, hint=hint, model=model.name)

    def _cycle(self, path: list[str]) -> InvalidGraph:
        left_out = [f"… {len(path) - _SHOWN} more …"] if len(path) > _SHOWN else []
        shown = path[:_SHOWN]
        steps = " → ".join([*shown, *left_out, path[0]])
        nodes = [whole(self._nodes[name]) for name in shown]
        files = ", ".join(f"{node.file}:{node.line}" for node in nodes)
        first = nodes[0]
        said = f"the model {path[0]!r} reads itself" if len(path) == 1 else f"the models read one another: {steps}"
        hint = f"Defined in {files}. The arrows follow the data."
        return InvalidGraph(said, where=Location(first.file, first.line), hint=hint, model=path[0])


def _place(file: str, body: SqlBody, offset: int) -> Location:
    begin = body.text.rfind("\n", 0, offset) + 1
    return Location(file, body.line + body.text.count("\n", 0, offset), offset - begin + 1)


def _is_enabled(node: Outline | Source) -> bool:
    return not isinstance(node, Outline) or node.enabled


def _folded(parts: Parts) -> Parts:
    return tuple([part.casefold() for part in parts])


def _shown(parts: Parts) -> str:
    return repr(".".join(parts))


def _namesakes(first: Node, second: Node) -> InvalidGraph:
    places = f"{first.file}:{first.line} and {second.file}:{second.line}"
    message = f"the names {first.name!r} and {second.name!r} differ only in case: {places}"
    return InvalidGraph(message, where=Location(second.file, second.line))


def _reached(name: str, edges: Mapping[str, Sequence[str]], depth: int | None) -> frozenset[str]:
    found: set[str] = set()
    level = [name]
    steps = 0
    while level and (depth is None or steps < depth):
        level = [n for at in level for n in edges[at] if n not in found and not found.add(n)]  # type: ignore[func-returns-value]
        steps += 1
    return frozenset(found - {name})
