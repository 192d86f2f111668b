"""``interlace connections``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import plugin_manager, start
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, print_json, print_table
from interlace.errors import InterlaceError

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.config import ConnectionSpec, LoadedConfig
    from interlace.contracts.connection import Connection
    from interlace.run.connections import Connections

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List connections, and try whether they open.")

NamesArg = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="Connections; all of them without.", show_default=False)
]


@app.command("list")
def list_(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """List the connections of the configuration. Opens none, and fetches no secret."""
    loaded = _load(project, env)
    found = [_data(loaded, spec) for spec in loaded.connections.values()]
    if json_:
        print_json({"environment": loaded.environment, "connections": found})
        return
    rows = [(one["name"], one["type"], one["access"], "yes" if one["default"] else "", one["origin"]) for one in found]
    print_table(("NAME", "TYPE", "ACCESS", "DEFAULT", "FROM"), rows)


@app.command("test")
def try_(
    names: NamesArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False
) -> None:
    """Open each connection and ask it something. Exit code 1 when one fails."""
    from interlace.run.connections import Connections

    loaded = _load(project, env)
    wanted = [loaded.connection(name).name for name in names or loaded.connections]
    connections = Connections(loaded, plugin_manager(loaded))
    try:
        found = [_tried(connections, name) for name in dict.fromkeys(wanted)]
    finally:
        connections.close()
    if json_:
        print_json({"environment": loaded.environment, "connections": found})
    else:
        for one in found:
            _print(one)
    if not all(one["ok"] for one in found):
        raise typer.Exit(1)


def _load(project: Path | None, env: str | None) -> LoadedConfig:
    from interlace.config import find_root, load_config

    return load_config(find_root(start(project)), env)


def _data(loaded: LoadedConfig, spec: ConnectionSpec) -> dict[str, Any]:
    policy = spec.policy
    return {
        "name": spec.name,
        "type": spec.type,
        "default": spec.name == loaded.default_connection,
        "access": policy.access,
        "allowed_schemas": None if policy.allowed_schemas is None else list(policy.allowed_schemas),
        "secrets": loaded.uses_secrets("connections", spec.name),
        "origin": str(spec.origin),
    }


def _tried(connections: Connections, name: str) -> dict[str, Any]:
    """What became of opening one connection."""
    from interlace.cli.failure import error_data
    from interlace.redaction import redacted

    try:
        connection = connections.get(name)
        said = _asked(connection)
    except InterlaceError as error:
        return {"name": name, "ok": False, "where": None, "said": None, "error": error_data(error), "text": str(error)}
    return {"name": name, "ok": True, "where": redacted(connection.where()), "said": said, "error": None, "text": None}


def _asked(connection: Connection) -> str:
    """Open it and ask it the least that there is; a database file that is not there is not made for that."""
    files = connection.files()
    if files and not any(file.exists() for file in files):
        return "not there yet, the first run makes it"
    connection.open()
    if connection.has_tables:
        with closing(connection.session()) as session:
            session.fetch("SELECT 1")
    return "opened"


def _print(one: dict[str, Any]) -> None:
    if one["ok"]:
        echo(f"{one['name']}: ok, {one['where']} ({one['said']})")
    else:
        echo(f"{one['name']}: failed\n{one['text']}\n")
