"""A loaded configuration: the value, its environment, its connections, and where each part came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from interlace.config.environments import namespace
from interlace.config.origin import DEFAULT, Entry, Origin, dotted, find, flatten
from interlace.config.vars import resolve
from interlace.errors import InvalidConfig, InvalidProject, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from interlace.config.files import Observed
    from interlace.config.schema import Config
    from interlace.config.vars import Value

    M = TypeVar("M", bound=BaseModel)

__all__ = ["ConnectionSpec", "LoadedConfig"]


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """One entry of ``connections:``.

    Attributes:
        type: the word that a connector offers.
        options: everything beside ``type``, filled in; the connector validates it.
        isolated: ``{env}`` in its path, database, schema or url keeps environments apart.
        error: an unset variable: an error only for who uses the connection (ruling 23).
        schema_only: it is the schema alone that does: a model with a schema of its own is not kept apart.
    """

    name: str
    type: str
    options: Mapping[str, object]
    isolated: bool
    origin: Origin
    error: InvalidConfig | None = None
    schema_only: bool = False

    def require(self) -> Mapping[str, object]:
        """The options.

        Raises:
            InvalidConfig: a variable that it uses is not set.
        """
        if self.error is not None:
            raise self.error
        return self.options


@dataclass(frozen=True)
class LoadedConfig:
    """The configuration of a project in one environment.

    Attributes:
        name: the project's, by default its folder's.
        environments: every environment that the project knows; the present one among them.
        declared: whether the project declares environments, by a section or by overlay files.
        default_connection: of models that name none.
        tree: the merged values with their origins, everything filled in.
        observed: what it depends on.
        layers: the files and variables that took part, the weakest first.
    """

    config: Config
    name: str
    environment: str
    environments: tuple[str, ...]
    declared: bool
    root: Path
    connections: Mapping[str, ConnectionSpec]
    default_connection: str
    tree: Entry
    observed: Observed
    layers: tuple[str, ...] = ()

    @cached_property
    def origins(self) -> dict[str, Origin]:
        """Where each value came from, by its dotted path; what is not in it is a default."""
        return {dotted(path): entry.origin for path, entry in flatten(self.tree)}

    def origin(self, *path: str | int) -> Origin:
        """Where the value at a path, or the key above it, was written; the default's origin where nothing was."""
        entry, found = find(self.tree, path)
        return entry.key_origin if found else DEFAULT

    def connection(self, name: str | None = None) -> ConnectionSpec:
        """A connection by its name, or the default one.

        Raises:
            InvalidConfig: there is none of this name.
        """
        wanted = name or self.default_connection
        if wanted not in self.connections:
            hint = did_you_mean(wanted, self.connections, label="Connections")
            raise InvalidConfig(f"There is no connection {wanted!r}.", hint=hint or None)
        return self.connections[wanted]

    def prefix(self, connection: str | None = None) -> str:
        """What this environment puts before each schema in a connection: ``""`` or ``"<env>__"`` (ruling 30)."""
        return namespace(
            declared=self.declared,
            base=self.config.base_environment,
            environment=self.environment,
            isolated=self.connection(connection).isolated,
        )

    def default_schema(self, connection: str | None = None) -> str | None:
        """The schema of models that name none, without prefix: the connection's ``schema``, else the project's."""
        own = self.connection(connection).options.get("schema")
        return own if isinstance(own, str) and own else self.config.default_schema

    def variables(self, given: Mapping[str, object] | None = None) -> dict[str, Value]:
        """The values of ``vars:`` with what was given over them; required ones that were not given are left out.

        Raises:
            UsageError: an unknown name, or a value that does not fit.
        """
        return resolve(self.config.vars, given)

    def options(self, model: type[M], *path: str) -> M:
        """Validate the options at a path by a plugin's own model, such as ``("connections", "default")``.

        ``type`` is left out, for ``("state",)`` also ``retention``.

        Raises:
            InvalidConfig: one error, with file and line.
            InvalidProject: several.
        """
        from interlace.config.validate import validated

        if path[:1] == ("connections",):
            self.connection(path[1]).require()
        entry, found = find(self.tree, path)
        present = entry if found == path else Entry({}, DEFAULT, DEFAULT)
        value, errors = validated(model, present, path, drop=("type", "retention") if path == ("state",) else ("type",))
        if value is None:
            raise errors[0] if len(errors) == 1 else InvalidProject(errors)
        return value
