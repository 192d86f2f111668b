"""Ruling 20: two environments never write to one relation."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

from interlace.config.environments import Target, conflicts, namespace, place
from interlace.config.expand import expand
from interlace.config.layers import file_layers
from interlace.config.merge import merge
from interlace.config.origin import plain
from interlace.errors import InvalidConfig, UsageError

if TYPE_CHECKING:
    from interlace.config.environ import Variables
    from interlace.config.files import ConfigFiles
    from interlace.config.loaded import LoadedConfig
    from interlace.config.origin import Entry

__all__ = ["check_environments", "deferring_environments"]


def check_environments(
    loaded: LoadedConfig, main: Entry, files: ConfigFiles, variables: Variables
) -> list[InvalidConfig]:
    """Environments that would write to the same relations.

    Args:
        main: ``config.yaml`` as it is written; the overlays of the other environments are read from `files`.

    Raises:
        UsageError: an environment beside the only one of a project that declares none and cannot tell two apart.
    """
    if not loaded.declared:
        _check_single(loaded)
        return []
    targets = []
    for environment in loaded.environments:
        targets += _targets(loaded, environment, main, files, variables)
    errors = list(files.errors)
    for one, other in conflicts(targets):
        schema = f", schema {other.schema!r}" if other.schema else ""
        origin = loaded.origin("connections", other.connection)
        errors.append(
            InvalidConfig(
                f"The environments {one.environment!r} and {other.environment!r} would write to the same place: "
                f"connection {other.connection!r}{schema}.",
                where=origin.location(),
                hint="Put {env} into its path, database or schema, or give each environment a place of its own.",
            )
        )
    return errors


def deferring_environments(loaded: LoadedConfig, main: Entry, files: ConfigFiles) -> tuple[str, ...]:
    """The environments that read from this one what they need not build; ``*`` for any where none is declared."""
    if not loaded.declared:
        return ("*",) if loaded.config.defer_to == loaded.environment else ()
    found = []
    for environment in loaded.environments:
        if environment == loaded.environment:
            continue
        layers = [layer.mapping for layer in file_layers(main, files, environment)]
        wanted = [layer["defer_to"].value for layer in layers if "defer_to" in layer]
        if wanted and wanted[-1] == loaded.environment:
            found.append(environment)
    return tuple(found)


def _check_single(loaded: LoadedConfig) -> None:
    """A project that declares no environments has one, unless every place has ``{env}`` in it."""
    default = loaded.config.default_environment
    if loaded.environment == default:
        return
    for name, spec in loaded.connections.items():
        if (
            not spec.isolated
            and not spec.policy.shared
            and place({"type": spec.type, **spec.options}, loaded.root).options
        ):
            raise UsageError(
                f"The project declares no environments, and connection {name!r} has no {{env}}: it has one environment, "
                f"{default!r}, and {loaded.environment!r} would write to the same tables.",
                hint=f"Declare them in config.yaml (environments: [{default}, {loaded.environment}]), or put {{env}} "
                "into the connection's path, database or schema.",
            )


def _is_only_read(loaded: LoadedConfig, environment: str, entry: Entry) -> bool:
    """Whether a connection is shared, and another environment's to write to."""
    shared = entry.mapping.get("shared")
    return shared is not None and shared.value is True and environment != loaded.config.base_environment


def _targets(
    loaded: LoadedConfig, environment: str, main: Entry, files: ConfigFiles, variables: Variables
) -> list[Target]:
    if environment == loaded.environment:
        tree, isolated = loaded.tree, {name for name, spec in loaded.connections.items() if spec.isolated}
        broken = {name for name, spec in loaded.connections.items() if spec.error}
    else:
        merged = reduce(merge, file_layers(main, files, environment))
        expanded = expand(merged, environment, variables.get)
        tree, isolated, broken = expanded.tree, set(expanded.isolated), set(expanded.connection_errors)
    found = []
    project_schema = tree.mapping["schema"].value if "schema" in tree.mapping else None
    section = tree.mapping.get("connections")
    for name, entry in section.mapping.items() if section else ():
        if name in broken or not entry.mapping or _is_only_read(loaded, environment, entry):
            continue
        options = {key: plain(child) for key, child in entry.mapping.items()}
        prefix = namespace(
            declared=True,
            base=loaded.config.base_environment,
            environment=environment,
            isolated=name in isolated,
        )
        schema = f"{prefix}{options.get('schema') or project_schema or ''}"
        found.append(Target(environment, name, place(options, loaded.root).options, schema))
    return found
