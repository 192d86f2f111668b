"""``interlace config``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.config import LoadedConfig
    from interlace.errors import InterlaceError

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Show and validate the configuration, and where each value came from.")


@app.command()
def show(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show the merged configuration, secrets masked, with where each value came from."""
    from interlace.config.show import masked_values, settings

    loaded = _load(project, env)
    if json_:
        origins = {setting.key: str(setting.origin) for setting in settings(loaded)}
        print_json({**_head(loaded), "values": masked_values(loaded), "origins": origins})
        return
    echo(f"environment {loaded.environment} in {loaded.root}")
    print_table(("KEY", "VALUE", "FROM"), ((one.key, _text(one.value), str(one.origin)) for one in settings(loaded)))


@app.command()
def validate(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Say everything that is wrong with the configuration, connections that nothing uses included."""
    errors, loaded = _problems(project, env)
    if json_:
        head = _head(loaded) if loaded else {}
        print_json({**head, "valid": not errors, "errors": [_error(error) for error in errors]})
    for error in () if json_ else errors:
        echo(f"{error}\n", err=True)
    if errors:
        raise typer.Exit(2)
    if loaded and not json_:
        names = ", ".join(loaded.connections)
        echo(f"The configuration is valid: environment {loaded.environment}, connections {names}.")


@app.command()
def sources(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show the files and variables that take part, the weakest first, and those that were looked for in vain."""
    from interlace.config.show import layers

    loaded = _load(project, env)
    found = layers(loaded)
    if json_:
        parts = [{"name": one.name, "found": one.found, "values": one.values} for one in found]
        print_json({**_head(loaded), "layers": parts})
        return
    rows = ((one.name, "read" if one.found else "not there", one.values if one.found else "") for one in found)
    print_table(("SOURCE", "STATE", "VALUES IN EFFECT"), rows, align="<<>")


@app.command()
def schema(json_: JsonOption = False) -> None:  # noqa: ARG001  it is JSON in any case
    """Print the JSON schema of config.yaml, for editors."""
    from interlace.config.json_schema import json_schema

    print_json(json_schema())


def _load(project: Path | None, env: str | None) -> LoadedConfig:
    from pathlib import Path

    from interlace.config import find_root, load_config

    return load_config(find_root(project or Path()), env)


def _head(loaded: LoadedConfig) -> dict[str, object]:
    return {"environment": loaded.environment, "environments": loaded.environments, "root": str(loaded.root)}


def _problems(project: Path | None, env: str | None) -> tuple[list[InterlaceError], LoadedConfig | None]:
    from interlace.config.check import problems
    from interlace.contracts.connection import Connection
    from interlace.contracts.state import StateStore
    from interlace.errors import InvalidProject
    from interlace.plugins import PluginManager

    try:
        loaded = _load(project, env)
    except InvalidProject as error:
        return list(error.errors), None
    chosen = loaded.config.plugins
    plugins = PluginManager.discover(safe=chosen.safe, strict=chosen.strict, disabled=chosen.disabled)
    return problems(loaded, plugins.registry(Connection), plugins.registry(StateStore)), loaded


def _error(error: InterlaceError) -> dict[str, object]:
    where = error.where
    place = {"file": str(where.path), "line": where.line, "column": where.column} if where else {}
    return {"code": error.code, "message": error.message, **place, "hint": error.hint}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case _:
            return str(value)
