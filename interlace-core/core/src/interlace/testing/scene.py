"""A project in which the models under test read given rows, and nothing else of the project takes part."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from interlace.config.loaded import ConnectionSpec, LoadedConfig
from interlace.config.origin import DEFAULT, Entry
from interlace.contracts.materialiser import Materialiser
from interlace.contracts.relation import Relation
from interlace.errors import InterlaceError, InvalidTest, did_you_mean
from interlace.graph.build import Graph
from interlace.model.context import LoadingSettings
from interlace.model.definition import Model, PythonBody, SeedBody, Source, SqlBody
from interlace.model.values import split_name
from interlace.run.connections import Connections

if TYPE_CHECKING:
    from interlace.model.definition import Node
    from interlace.plugins import PluginManager
    from interlace.run.loaded import Loaded

__all__ = ["MEMORY", "Scene", "find", "set_up"]

MEMORY: Final = "duckdb"
"""The type of the connection that tests run on, and its dialect."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a case is performed in.

    Attributes:
        loaded: the project as it is for the case.
        models: the names of the models under test.
        given: by the name of each node that is given, where its rows are loaded.
        in_memory: whether everything is gone when the connection is closed.
    """

    loaded: Loaded
    models: tuple[str, ...]
    given: Mapping[str, Relation]
    in_memory: bool


def set_up(
    loaded: Loaded,
    models: Sequence[str],
    given: Iterable[str],
    *,
    state: Path,
    scratch: str,
    pipeline: bool = False,
    variables: Mapping[str, object] | None = None,
    connection: str | None = None,
    checks: bool = False,
) -> Scene:
    """Make the project of one case.

    Args:
        loaded: the project as its files say it is.
        models: the models under test.
        given: the nodes whose rows are given.
        state: the file of the case's own state.
        scratch: begins the schemas on a real connection.
        pipeline: see `Case`, as for the others.
        variables: values for ``vars``.
        connection: a connection of the project in place of DuckDB in memory.
        checks: whether checks are kept.

    Raises:
        InvalidTest: a name that nothing has, rows that are missing, a model that cannot be tested.
    """
    graph = loaded.graph
    targets = tuple(_model(graph, name) for name in models)
    asked = {find(graph, name): name for name in given}
    cast_ = _Casting(loaded, frozenset(asked), pipeline=pipeline)
    kept = cast_.models(targets)
    _refuse_unread(asked, cast_.read, targets)
    home = graph.nodes[targets[0]].connection or loaded.config.default_connection
    if connection is None:
        _refuse_other_dialect(loaded, home, targets[0])
    config = _config(loaded, connection or home, state, scratch, real=connection is not None)
    nodes = [_bare(loaded, graph.nodes[name], name in targets, checks=checks) for name in kept]
    sources = {name: _source(graph.nodes[name], _default_schema(loaded, home)) for name in cast_.taken}
    made = Graph.build(nodes, sources.values(), LoadingSettings(default_schema=_default_schema(loaded, home)))
    where = {name: _placed(source, config.scratch) for name, source in sources.items()}
    made = replace(made, nodes={n: _at(node, where.get(n)) for n, node in made.nodes.items()})
    plugins = cast("PluginManager", _Quiet(loaded.plugins))
    scene = replace(
        loaded,
        config=config,
        plugins=plugins,
        connections=Connections(config, plugins),
        graph=made,
        variables=_variables(loaded, variables or {}),
        observations=(),
    )
    return Scene(scene, targets, where, in_memory=connection is None)


# --- who takes part ---------------------------------------------------------------------------------------------------


class _Casting:
    """Finds the models that have to be there, and the nodes whose rows are given."""

    def __init__(self, loaded: Loaded, given: frozenset[str], *, pipeline: bool) -> None:
        self._graph = loaded.graph
        self._materialisers = loaded.plugins.registry(Materialiser)
        self._given = given
        self._pipeline = pipeline
        self.taken: dict[str, None] = {}
        self.read: dict[str, None] = {}

    def models(self, targets: Sequence[str]) -> list[str]:
        kept: dict[str, None] = {}
        pending = list(reversed(targets))
        while pending:
            name = pending.pop()
            if name in kept:
                continue
            kept[name] = None
            for parent in _reads(self._graph, name):
                self.read[parent] = None
                if parent in self._given and parent not in targets:
                    self.taken[parent] = None
                elif self._is_built(parent, targets):
                    pending.append(parent)
                else:
                    raise self._missing(name, parent)
        return list(kept)

    def _is_built(self, name: str, targets: Sequence[str]) -> bool:
        node = self._graph.nodes[name]
        if not isinstance(node, Model):
            return False
        inlined = self._materialisers.get(node.materialise).inlined
        return self._pipeline or inlined or name in targets or isinstance(node.body, SeedBody)

    def _missing(self, reader: str, name: str) -> InvalidTest:
        kind = "source" if isinstance(self._graph.nodes[name], Source) else "model"
        said = f"{reader} reads the {kind} {name!r}, whose rows are not given"
        hint = f"Give them, if only an empty list: given: {{{name}: [...]}}."
        return InvalidTest(said, hint=hint, model=reader)


def _reads(graph: Graph, name: str) -> Iterator[str]:
    """What a model's query or function reads; what it only comes after takes no part."""
    node = graph.nodes[name]
    names = graph.references(name)
    match node.body if isinstance(node, Model) else None:
        case SqlBody(references=references):
            yield from dict.fromkeys(names[r.parts] for r in references)
        case PythonBody(parameters=parameters):
            yield from dict.fromkeys(names[p.reference] for p in parameters)


def _model(graph: Graph, name: str) -> str:
    found = find(graph, name)
    node = graph.nodes[found]
    if not isinstance(node, Model) or isinstance(node.body, SeedBody):
        raise InvalidTest(f"{found!r} is a {node.kind}; a test is about a model")
    if node.materialise == "none":
        raise InvalidTest(f"{found!r} is a side effect: it has no rows that a test could compare")
    if node.strategy is not None and node.strategy.name == "none":
        raise InvalidTest(f"{found!r} is managed elsewhere (strategy: none): no run writes it")
    return found


def find(graph: Graph, name: str) -> str:
    """The node of a name, bare or with its schema, without regard to case.

    Raises:
        InvalidTest: nothing has that name.
    """
    found = graph.find(split_name(name)) if name not in graph.nodes else name
    if found is None:
        hint = did_you_mean(name, graph.nodes, label="There are")
        raise InvalidTest(f"there is no model, seed or source {name!r}", hint=hint or None)
    return found


def _refuse_unread(asked: Mapping[str, str], read: Collection[str], targets: Sequence[str]) -> None:
    for name, word in asked.items():
        if name not in read:
            hint = did_you_mean(word, read, label="Read are")
            raise InvalidTest(f"rows are given for {word!r}, which {_names(targets)} not read", hint=hint or None)


def _names(names: Sequence[str]) -> str:
    return f"{names[0]} does" if len(names) == 1 else f"{', '.join(names)} do"


def _refuse_other_dialect(loaded: Loaded, home: str, model: str) -> None:
    dialect = loaded.connections.dialects().get(home, MEMORY)
    if dialect != MEMORY:
        raise InvalidTest(
            f"{model} is written for {dialect}, and tests run on DuckDB in memory",
            hint=f"Run it on a server of its own kind: connection: {home}. It then works in schemas of its own.",
            model=model,
        )


# --- how they are changed ---------------------------------------------------------------------------------------------


def _bare(loaded: Loaded, model: Node, under_test: bool, *, checks: bool) -> Model:
    """A model without what would reach outside of its table."""
    assert isinstance(model, Model)  # noqa: S101  only models are built
    if model.files is not None:
        raise InvalidTest(
            f"{model.name} takes in files, and a test has none",
            hint="Test a model that reads it, and give its rows.",
            model=model.name,
        )
    bare = replace(
        model,
        connection=None,
        dependencies=(),
        export=(),
        cache=None,
        volatile=None,
        inputs=(),
        retry=None,
        renamed_from=None,
        checks=model.checks if checks else (),
    )
    if under_test and loaded.plugins.registry(Materialiser).get(model.materialise).inlined:
        return replace(bare, materialise="table", strategy=None)
    return bare


def _source(node: Node, default_schema: str) -> Source:
    """What stands for a node whose rows are given: read by the same names."""
    if isinstance(node, Source):
        parts = node.relation or (node.name,)
        schema = parts[-2] if len(parts) > 1 else node.schema or default_schema
        relation = (schema, parts[-1])
    else:
        relation = (node.schema or default_schema, node.name)
    return Source(node.name, node.file, node.line, relation=relation, columns=node.columns)


def _placed(source: Source, scratch: str) -> Relation:
    schema, name = source.relation
    return Relation(name, f"{scratch}{schema}")


def _at(node: Node, relation: Relation | None) -> Node:
    return replace(node, relation=relation.parts) if isinstance(node, Source) and relation is not None else node


def _variables(loaded: Loaded, given: Mapping[str, object]) -> dict[str, object]:
    parsed = loaded.config.variables(given)
    return {**loaded.variables, **{name: parsed[name] for name in given}}


# --- the configuration ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _SceneConfig(LoadedConfig):
    """A configuration whose environment writes to schemas of its own, and keeps its name."""

    scratch: str = ""
    schema: str = "main"

    def prefix(self, connection: str | None = None) -> str:
        del connection
        return self.scratch

    def default_schema(self, connection: str | None = None) -> str | None:
        del connection
        return self.schema


def _config(loaded: Loaded, home: str, state: Path, scratch: str, *, real: bool) -> _SceneConfig:
    config = loaded.config
    spec = config.connection(home)
    options: dict[str, Any] = dict(spec.require()) if real else _memory_options(spec)
    spec = spec if real else ConnectionSpec(home, MEMORY, options, isolated=True, origin=spec.origin)
    kept = {"connections", "state", "default_connection", "schema"}
    tree = {key: entry for key, entry in config.tree.mapping.items() if key not in kept}
    tree["connections"] = (
        _entry({home: config.tree.mapping["connections"].mapping[home]})
        if real
        else _entry({home: {"type": MEMORY, **options}})
    )
    tree["state"] = _entry({"path": str(state)})
    settings = config.config.model_copy(update={"state": type(config.config.state)(type="sqlite")})
    own = {f.name: getattr(config, f.name) for f in fields(LoadedConfig)}
    own |= {
        "config": settings,
        "connections": {home: spec},
        "default_connection": home,
        "tree": Entry(tree, config.tree.origin, config.tree.key_origin),
    }
    return _SceneConfig(**own, scratch=scratch if real else "", schema=_default_schema(loaded, home))


def _memory_options(spec: ConnectionSpec) -> dict[str, Any]:
    """What of a DuckDB connection holds in memory too: its extensions and its settings."""
    kept = {k: spec.options[k] for k in ("settings", "extensions") if k in spec.options} if spec.error is None else {}
    return {"path": ":memory:", "threads": 1, **kept}


def _default_schema(loaded: Loaded, home: str) -> str:
    try:
        return loaded.config.default_schema(home) or loaded.connections.default_schema(home) or "main"
    except InterlaceError:
        return "main"  # a connection that cannot be used is none that a test in memory needs


def _entry(value: object) -> Entry:
    match value:
        case Entry():
            return value
        case Mapping():
            return Entry({str(k): _entry(v) for k, v in value.items()}, DEFAULT, DEFAULT)
        case list() | tuple():
            return Entry([_entry(v) for v in value], DEFAULT, DEFAULT)
    return Entry(cast("Any", value), DEFAULT, DEFAULT)


class _Quiet:
    """The project's plugins, that offer what they offer and hear nothing of tests."""

    def __init__(self, plugins: PluginManager) -> None:
        self._plugins = plugins

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plugins, name)

    def notify(self, hook: str, **arguments: object) -> None:
        """Nobody is told."""

    def answers(self, hook: str) -> bool:
        """Nobody answers."""
        del hook
        return False
