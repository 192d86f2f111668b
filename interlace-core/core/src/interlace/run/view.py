"""A loaded project seen through one environment: where each model is, what its query reads, what it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from interlace.address import Namespace, relation_of
from interlace.contracts.materialiser import Materialiser
from interlace.contracts.relation import Relation
from interlace.errors import InvalidModel, InvalidProject, Location
from interlace.model.definition import Model, Node, PythonBody, SqlBody
from interlace.model.fingerprint import rest_of
from interlace.model.incremental import INTERVAL_VARIABLES, part_variables
from interlace.plan.compile import unknown_variable
from interlace.plan.planner import Kind
from interlace.plan.versions import digest

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection
    from interlace.model.definition import Variable
    from interlace.run.loaded import Loaded

__all__ = ["View"]

PER_RUN = frozenset({"run_id"})
"""Variables whose value is another in each run and therefore no part of a fingerprint."""


@dataclass
class View:
    """What names stand for.

    Attributes:
        loaded: the project.
        variables: all values of ``$name`` but those of a run.
        deferred: models that are read from another environment, and where; see `Deferral`.
        elsewhere: nodes that are read from another connection than their own, and where there; see `fall_back`.
        copies: sources that are read from this environment's own copies, and where.
    """

    loaded: Loaded
    deferred: Mapping[str, Relation] = field(default_factory=dict)
    elsewhere: Mapping[str, tuple[str, Relation]] = field(default_factory=dict)
    copies: Mapping[str, Relation] = field(default_factory=dict)
    _namespaces: dict[str, Namespace] = field(default_factory=dict)
    _relations: dict[str, Relation | None] = field(default_factory=dict)

    @property
    def environment(self) -> str:
        """The environment's name."""
        return self.loaded.config.environment

    @cached_property
    def variables(self) -> Mapping[str, object]:
        """All values of ``$name`` but those of a run."""
        return {**self.loaded.variables, "env": self.environment}

    @cached_property
    def kinds(self) -> Mapping[str, Kind]:
        """What the planner has to know of each materialisation that is used."""
        used = {m.materialise for m in self.models.values()}
        return {name: _kind(self.materialiser(name)) for name in used}

    @cached_property
    def models(self) -> Mapping[str, Model]:
        """The models, by name."""
        return {n: node for n, node in self.loaded.graph.nodes.items() if isinstance(node, Model)}

    @cached_property
    def inlined(self) -> frozenset[str]:
        """The models that stand as queries in their readers."""
        return frozenset(n for n, m in self.models.items() if self.kinds[m.materialise].inlined)

    @cached_property
    def relations(self) -> Mapping[str, Relation]:
        """Where each model with a relation is published."""
        return {n: r for n in self.models if (r := self.relation(n)) is not None}

    @cached_property
    def fingerprints(self) -> Mapping[str, str]:
        """The fingerprint of each model's data, with the values of the variables that it uses."""
        return {n: self.fingerprint(m) for n, m in self.models.items()}

    def materialiser(self, name: str) -> type[Materialiser]:
        """The class of a materialisation."""
        return self.loaded.plugins.registry(Materialiser).get(name)

    def connection(self, node: Node) -> Connection:
        """The connection where a node is."""
        return self.loaded.connections.get(self.connection_name(node))

    def reads(self, name: str) -> Relation | None:
        """Where a node is read from: its own relation, a copy, or another environment's; None where it has none."""
        if name in self.elsewhere:
            return self.elsewhere[name][1]
        return self.copies.get(name) or self.deferred.get(name) or self.relation(name)

    def fall_back(self, elsewhere: Mapping[str, tuple[str, Relation]]) -> None:
        """Let nodes be read from other connections than their own: by name, the connection and the relation there."""
        self.elsewhere = elsewhere
        self.__dict__.pop("across", None)

    def connection_name(self, node: Node) -> str:
        """The name of the connection where a node is."""
        if node.name in self.elsewhere:
            return self.elsewhere[node.name][0]
        return node.connection or self.loaded.config.default_connection

    @cached_property
    def across(self) -> frozenset[str]:
        """The models that read something on another connection than their own."""
        if len({self.connection_name(node) for node in self.loaded.graph.nodes.values()}) <= 1:
            return frozenset()
        from interlace.run.transfer import across

        return across(self)

    def relation(self, name: str) -> Relation | None:
        """Where a node is published in this environment, or a source is; None where it has no relation."""
        if name not in self._relations:
            self._relations[name] = self._relation(name)
        return self._relations[name]

    def _relation(self, name: str) -> Relation | None:
        node = self.loaded.graph.nodes[name]
        if isinstance(node, Model) and self.kinds[node.materialise].relation is None:
            return None
        return relation_of(node, self.namespace(node.connection))

    def namespace(self, connection: str | None) -> Namespace:
        """Where this environment writes in a connection."""
        config = self.loaded.config
        name = connection or config.default_connection
        if name not in self._namespaces:
            schema = config.default_schema(name) or self.loaded.connections.default_schema(name) or "main"
            self._namespaces[name] = Namespace(self.environment, config.prefix(name), schema)
        return self._namespaces[name]

    def refuse_shared_schemas(self, names: frozenset[str]) -> None:
        """Refuse a schema of its own where the connection's schema is all that keeps environments apart (ruling 20).

        Raises:
            InvalidModel: names the model and the connection.
        """
        for name in sorted(names & set(self.models)):
            model = self.models[name]
            if model.schema is None:
                continue
            spec = self.loaded.config.connection(model.connection)
            if spec.schema_only:
                raise InvalidModel(
                    f"{name} has a schema of its own, {model.schema!r}, and in connection {spec.name!r} only the schema"
                    " keeps environments apart: all environments would write to one relation",
                    where=Location(model.file, model.line),
                    hint="Put {env} into the connection's path or database, or leave the schema out.",
                    model=name,
                )

    def refuse_unknown_variables(self, names: frozenset[str]) -> None:
        """Refuse queries with a ``$name`` that is no variable, before anything runs.

        Raises:
            InvalidModel: one; InvalidProject: several.
        """
        known = {*self.variables, *PER_RUN}
        errors = [
            _unknown(span, model.body, known, model)
            for name in sorted(names & set(self.models))
            if isinstance((model := self.models[name]).body, SqlBody)
            for span in model.body.variables
            if span.name not in known and span.name not in part_variables(model)
        ]
        if errors:
            raise errors[0] if len(errors) == 1 else InvalidProject(errors)

    def fingerprint(self, model: Model) -> str:
        """The fingerprint of one model's data, with the values of the variables that it uses."""
        values = self._values(model)
        return digest(model.fingerprint.data, *values) if values else model.fingerprint.data

    def rest(self, model: Model) -> str:
        """A digest of what decides a model's data besides its body: keys, types, the connection's kind, variables."""
        kind = self.loaded.config.connection(model.connection).type
        return digest(rest_of(model), kind, *self._values(model))

    def _values(self, model: Model) -> list[str]:
        """The variables that a model uses, with their values."""
        used: tuple[str, ...] = ()
        match model.body:
            case SqlBody(variables=variables):
                used = tuple(sorted({v.name for v in variables} - PER_RUN))
            case PythonBody(context=str()):
                used = tuple(sorted(self.variables))
        return [f"{n}={self.variables[n]!r}" for n in used if n in self.variables]


def _unknown(span: Variable, body: SqlBody, known: set[str], model: Model) -> InvalidModel:
    error = unknown_variable(span, body, {*known, *part_variables(model)}, model.file)
    if span.name in INTERVAL_VARIABLES:
        by = "key" if span.name == "cursor" else "datetime"
        error.message = f"${span.name} says which part a load is about, and {model.name} is not incremental by {by}"
        error.hint = f"Write '-- @incremental: {by}(column)', or declare a variable of this name under 'vars:'."
    if span.name == "files":
        error.message = f"$files stands for the rows of files, and {model.name} takes in none"
        error.hint = "Write '-- @files: {connection: …, path: …}', or declare a variable of this name under 'vars:'."
    error.model = model.name
    return error


def _kind(cls: type[Materialiser]) -> Kind:
    relation = cls.kind
    return Kind(relation, cls.inlined, cls.uses_strategy)
