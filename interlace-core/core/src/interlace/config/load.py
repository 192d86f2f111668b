"""Loading a configuration: files, overlays and variables, merged, filled in and validated."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from interlace.config.environ import PREFIX, Variables
from interlace.config.environments import check_environment_name, choose
from interlace.config.expand import Expanded, expand
from interlace.config.files import FIRST_CONNECTION, ConfigFiles
from interlace.config.layers import file_layers, override_layers, without_nulls
from interlace.config.loaded import POLICY_KEYS, ConnectionSpec, LoadedConfig
from interlace.config.merge import merge
from interlace.config.origin import DEFAULT, Entry, Origin, find, plain
from interlace.config.root import find_root
from interlace.config.schema import Config, Policy
from interlace.config.separation import check_environments, deferring_environments
from interlace.config.validate import described, validated
from interlace.config.vars import check_variable_name
from interlace.errors import InterlaceError, InvalidConfig, InvalidProject, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["find_root", "load_config"]


def load_config(
    root: Path,
    environment: str | None = None,
    *,
    overrides: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadedConfig:
    """Load the configuration of a project for one environment.

    The layers, each over the one before: ``config.yaml``, ``environments.<env>`` in it, ``config.<env>.yaml``,
    ``INTERLACE_*``, the overrides.

    Args:
        root: the project's folder, as `find_root` gives it.
        environment: its name; else ``INTERLACE_ENV``, else the project's default.
        overrides: values by dotted keys, such as ``{"run.threads": 8}``.
        environ: the process's environment.

    Raises:
        InvalidProject: everything that is wrong with the files and variables.
        UsageError: an environment that the project does not have.
    """
    variables = Variables(os.environ if environ is None else environ)
    files = ConfigFiles(root)
    main = files.main()
    if main is None:
        raise InvalidProject(files.errors)
    files.dotenv(".env", variables)
    known = _known(main, files)
    _raise(files.errors)
    name = choose(environment, variables.get("INTERLACE_ENV"), known.default, known.names, declared=known.declared)
    files.dotenv(f".env.{name}", variables)
    layers = file_layers(main, files, name)
    merged = reduce(merge, layers)
    over, errors = _variables(variables, merged)
    over += override_layers(overrides or {})
    merged = reduce(merge, over, merged)
    _raise([*files.errors, *errors])
    expanded = expand(merged, name, variables.get)
    loaded = _loaded(
        root, name, known, expanded, files, variables, tuple(layer.origin.name for layer in [*layers, *over])
    )
    _raise(check_environments(loaded, main, files, variables))
    deferring = deferring_environments(loaded, main, files)
    return replace(loaded, observed=files.observed(variables, PREFIX), deferring=deferring)  # both read other overlays


@dataclass(frozen=True, slots=True)
class _Known:
    names: tuple[str, ...]
    declared: bool
    default: str


def _raise(errors: list[InvalidConfig]) -> None:
    if errors:
        raise InvalidProject(sorted(errors, key=_reading_order))


def _reading_order(error: InterlaceError) -> tuple[str, int, int]:
    where = error.where
    return (str(where.path), where.line or 0, where.column or 0) if where else ("", 0, 0)


def _variables(variables: Variables, merged: Entry) -> tuple[list[Entry], list[InvalidConfig]]:
    settings = variables.settings()
    if not settings:
        return [], []
    from interlace.config.settings import settings_layers

    return settings_layers(settings, merged)


# --- environments ---------------------------------------------------------------------------------------------------


def _known(main: Entry, files: ConfigFiles) -> _Known:
    section = main.mapping.get("environments")
    named = _section_names(section)
    overlays = files.overlays()
    default, base = _text(main, "default_environment", "dev"), _text(main, "base_environment", "prod")
    names = dict.fromkeys([*named, *overlays])
    for name in names:
        wrong = check_environment_name(name)
        if wrong:
            origin = named.get(name) or Origin("file", f"config.{name}.yaml", 1)
            files.errors.append(InvalidConfig(f"the environment's name {name!r} {wrong}.", where=origin.location()))
    files.errors += _same_names(names)
    if names:
        names |= dict.fromkeys([default, base])
    return _Known(tuple(names) or (default,), bool(names), default)


def _section_names(section: Entry | None) -> dict[str, Origin]:
    if section is None:
        return {}
    if isinstance(section.value, list):
        return {child.value: child.origin for child in section.value if isinstance(child.value, str)}
    return {name: child.key_origin for name, child in section.mapping.items()}


def _text(main: Entry, key: str, default: str) -> str:
    value = main.mapping[key].value if key in main.mapping else None
    return value if isinstance(value, str) and value else default


def _same_names(names: Mapping[str, None]) -> list[InvalidConfig]:
    seen: dict[str, str] = {}
    errors = []
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            errors.append(InvalidConfig(f"The environments {other!r} and {name!r} differ only by case: rename one."))
    return errors


# --- the value ------------------------------------------------------------------------------------------------------


def _loaded(
    root: Path,
    environment: str,
    known: _Known,
    expanded: Expanded,
    files: ConfigFiles,
    variables: Variables,
    layers: tuple[str, ...],
) -> LoadedConfig:
    tree = without_nulls(expanded.tree)
    config, errors = validated(Config, tree)
    errors = [*expanded.errors, *errors]
    if config is None:
        _raise(errors)
        raise AssertionError  # pragma: no cover  an invalid value has errors
    connections = _connections(expanded, tree, errors, reading=environment != config.base_environment)
    errors += _check_names(config, tree)
    default = _default_connection(config, tree, errors)
    _raise(errors)
    return LoadedConfig(
        config=config,
        name=config.name or root.resolve().name,
        environment=environment,
        environments=tuple(dict.fromkeys([*known.names, environment])),
        declared=known.declared,
        root=root,
        connections=connections,
        default_connection=default,
        tree=tree,
        observed=files.observed(variables, PREFIX),
        layers=layers,
        secret_errors=expanded.secret_errors,
        environ=variables.all(),
    )


def _connections(
    expanded: Expanded, tree: Entry, errors: list[InvalidConfig], *, reading: bool
) -> dict[str, ConnectionSpec]:
    """The connections; those that are shared are only read where `reading` says so."""
    found = {}
    section = tree.mapping.get("connections", Entry({}, DEFAULT, DEFAULT))
    for name, entry in section.mapping.items():
        kind = entry.mapping.get("type")
        path = ("connections", name, "type")
        if kind is None:
            errors.append(described(path, "is missing: say what it is, such as type: duckdb", entry.key_origin))
        elif not isinstance(kind.value, str):
            errors.append(described(path, "must be text, such as duckdb", kind.origin))
        else:
            options = {key: plain(child) for key, child in entry.mapping.items() if key not in ("type", *POLICY_KEYS)}
            isolated = name in expanded.isolated
            error = expanded.connection_errors.get(name)
            alone = expanded.isolated.get(name) == {"schema"}
            policy = _policy(name, entry, errors)
            if policy.shared:
                errors += _not_shared(expanded, name, entry)
                policy = policy.model_copy(update={"access": "read"}) if reading else policy
            found[name] = ConnectionSpec(name, kind.value, options, isolated, entry.key_origin, error, alone, policy)
    return found


def _policy(name: str, entry: Entry, errors: list[InvalidConfig]) -> Policy:
    """What may be done through a connection; wrong wherever it is used, hence an error at once."""
    own = {key: child for key, child in entry.mapping.items() if key in POLICY_KEYS}
    if not own:
        return Policy()
    policy, wrong = validated(Policy, Entry(own, entry.origin, entry.key_origin), ("connections", name))
    errors += wrong
    return policy or Policy()


def _not_shared(expanded: Expanded, name: str, entry: Entry) -> list[InvalidConfig]:
    own = sorted(expanded.isolated.get(name, ()))
    if not own:
        return []
    said = f"is true, but {{env}} in its {own[0]} gives each environment another place"
    hint = f"Leave out one of the two: 'shared', or {{env}} in '{own[0]}'."
    return [described(("connections", name, "shared"), said, entry.mapping["shared"].origin, hint)]


def _default_connection(config: Config, tree: Entry, errors: list[InvalidConfig]) -> str:
    names = list(config.connections)
    if not names:
        where = tree.origin.location(excerpt=False)
        errors.append(InvalidConfig("The project has no connections.", where=where, hint=FIRST_CONNECTION))
    elif config.default_connection is not None:
        if config.default_connection in names:
            return config.default_connection
        origin = find(tree, ("default_connection",))[0].origin
        hint = did_you_mean(config.default_connection, names, label="Connections")
        said = f"names {config.default_connection!r}, which is no connection"
        errors.append(described(("default_connection",), said, origin, hint or None))
    elif "default" in names or len(names) == 1:
        return "default" if "default" in names else names[0]
    else:
        said = f"There are several connections ({', '.join(names)}) and none is called 'default'."
        origin = tree.mapping["connections"].key_origin
        errors.append(
            InvalidConfig(said, where=origin.location(), hint="Say which one: default_connection: " + names[0])
        )
    return ""


def _check_fallbacks(config: Config, tree: Entry) -> list[InvalidConfig]:
    errors = []
    for name, options in config.connections.items():
        named = options.get("fallback_connections")
        for number, other in enumerate(named if isinstance(named, list) else ()):
            path = ("connections", name, "fallback_connections", number)
            others = [known for known in config.connections if known != name]
            if other == name or (isinstance(other, str) and other not in config.connections):
                said = "names the connection itself" if other == name else f"names {other!r}, which is no connection"
                hint = did_you_mean(str(other), others, label="Connections") or None
                errors.append(described(path, said, find(tree, path)[0].origin, hint))
    return errors


def _check_names(config: Config, tree: Entry) -> list[InvalidConfig]:
    errors = []
    for name in config.run.connections:
        if name not in config.connections:
            origin = find(tree, ("run", "connections", name))[0].key_origin
            hint = did_you_mean(name, config.connections, label="Connections")
            errors.append(described(("run", "connections", name), "limits no connection", origin, hint or None))
    errors += _check_fallbacks(config, tree)
    for name in config.vars:
        wrong = check_variable_name(name)
        if wrong:
            origin = find(tree, ("vars", name))[0].key_origin
            errors.append(InvalidConfig(f"The variable's name {name!r} {wrong}.", where=origin.location()))
    for key in ("base_environment", "default_environment"):
        wrong = check_environment_name(getattr(config, key))
        if wrong:
            errors.append(described((key,), wrong, find(tree, (key,))[0].origin))
    return errors
