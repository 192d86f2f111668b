"""A loaded configuration: the value, its environment, its connections, and where each part came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from interlace.config.environments import namespace
from interlace.config.origin import DEFAULT, Entry, Origin, dotted, find, flatten
from interlace.config.vars import resolve
from interlace.errors import InvalidConfig, InvalidProject, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pydantic import BaseModel

    from interlace.config.files import Observed
    from interlace.config.schema import Config, Policy
    from interlace.config.secrets import Secrets
    from interlace.config.vars import Value

    M = TypeVar("M", bound=BaseModel)

__all__ = ["POLICY_KEYS", "ConnectionSpec", "LoadedConfig"]

POLICY_KEYS = ("access", "adhoc", "allowed_schemas", "fallback_connections", "retry", "shared")
"""Keys of a connection that are Interlace's own, whatever its type."""

_OWN_KEYS = {"connections": ("type", *POLICY_KEYS), "secrets": ("type", "ttl"), "state": ("type", "retention")}


def _open_policy() -> Policy:
    from interlace.config.schema import Policy

    return Policy()


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """One entry of ``connections:``.

    Attributes:
        type: the word that a connector offers.
        options: everything beside ``type`` and the policy, filled in, references to secrets as they were written; the
            connector validates it.
        isolated: ``{env}`` in its path, database, schema or url keeps environments apart.
        error: an unset variable: an error only for who uses the connection (ruling 23).
        schema_only: it is the schema alone that does: a model with a schema of its own is not kept apart.
        policy: what may be done through it.
    """

    name: str
    type: str
    options: Mapping[str, object]
    isolated: bool
    origin: Origin
    error: InvalidConfig | None = None
    schema_only: bool = False
    policy: Policy = field(default_factory=_open_policy)

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
        secret_errors: what could not be filled in of a store of secrets, by its name.
        environ: the variables that the project sees.
        deferring: the environments whose ``defer_to`` names this one; ``*`` where it stands for all others.
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
    secret_errors: Mapping[str, InvalidConfig] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    deferring: tuple[str, ...] = ()

    @cached_property
    def secrets(self) -> Secrets:
        """The secrets that the configuration refers to; none is fetched before something that needs it is opened."""
        from interlace.config.secrets import Secrets

        return Secrets(self)

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

    def written_beside(self, connection: str) -> bool:
        """Whether another connection, which may write, leads to the same place."""
        from interlace.config.environments import place

        def where(spec: ConnectionSpec) -> object:
            return place({"type": spec.type, **spec.options}, self.root).options or spec.name

        own = where(self.connection(connection))
        return any(
            spec.policy.access == "readwrite" and where(spec) == own
            for name, spec in self.connections.items()
            if name != connection
        )

    def prefix(self, connection: str | None = None) -> str:
        """What this environment puts before each schema in a connection: ``""`` or ``"<env>__"`` (ruling 30)."""
        if self.connection(connection).policy.shared:
            return ""
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

    def options(self, model: type[M], *path: str, secrets: bool = True) -> M:
        """Validate the options at a path by a plugin's own model, such as ``("connections", "default")``.

        Interlace's own keys, such as ``type``, are left out.

        Args:
            model: the plugin's.
            path: where the options stand.
            secrets: fetch the secrets that the options refer to; else those options are left out.

        Raises:
            InvalidConfig: one error, with file and line.
            InvalidProject: several.
            SecretUnavailable: a secret cannot be had.
        """
        from interlace.config.references import holds_secrets, without_secrets
        from interlace.config.validate import validated

        present = self._section(path)
        if holds_secrets(present):
            present = self.secrets.filled(present) if secrets else without_secrets(present)
        value, errors = validated(model, present, path, drop=_OWN_KEYS[path[0]])
        if value is None:
            raise errors[0] if len(errors) == 1 else InvalidProject(errors)
        return value

    def uses_secrets(self, *path: str) -> bool:
        """Whether the options at a path refer to secrets."""
        from interlace.config.references import holds_secrets

        return holds_secrets(find(self.tree, path)[0])

    def close(self) -> None:
        """Let go of the stores of secrets that were asked."""
        if "secrets" in self.__dict__:
            self.secrets.close()

    def option_errors(self, model: type[BaseModel], *path: str) -> Sequence[InvalidConfig]:
        """What `options` would find wrong, without fetching a secret: a value that is one is not looked at.

        Raises:
            InvalidConfig: a variable is not set.
        """
        from interlace.config.validate import validated

        return validated(model, self._section(path), path, drop=_OWN_KEYS[path[0]])[1]

    def _section(self, path: tuple[str, ...]) -> Entry:
        if path[:1] == ("connections",):
            self.connection(path[1]).require()
        entry, found = find(self.tree, path)
        return entry if found == path else Entry({}, DEFAULT, DEFAULT)
