"""``interlace info``."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, print_json, print_table, when

if TYPE_CHECKING:
    from interlace.contracts.state import CircuitRecord
    from interlace.run.project import Project

__all__ = ["command"]

STATE_KEYS: Final = ("status", "attempted_at", "run", "error", "published_at", "rows", "seconds", "checks_failed")
"""What the text says of a model's state; JSON has all of it."""

ModelArg = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", help="A model, seed or source; the project without.", show_default=False),
]


def command(
    model: ModelArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False
) -> None:
    """Show the facts of the project, or of one model."""
    with load_project(project, env) as loaded:
        data = _project_data(loaded) if model is None else _node_data(loaded, model)
        if json_:
            print_json(data)
        else:
            _print(data)


def _project_data(project: Project) -> dict[str, Any]:
    nodes = project.graph.nodes.values()
    runs = project.store.runs(project.environment, limit=1)
    state_file = project.store.file()
    return {
        "project": project.name,
        "folder": str(project.root),
        "environment": project.environment,
        "nodes": dict(sorted(Counter(n.kind for n in nodes).items())),
        "connections": _connections(project),
        "circuits": {c.connection: _circuit(c) for c in project.store.circuits()},
        "state": None if state_file is None else str(state_file),
        "last_run": None
        if not runs
        else {"run": runs[0].id, "status": runs[0].status, "started_at": runs[0].started_at},
    }


def _connections(project: Project) -> dict[str, str]:
    """Where each connection writes; one that cannot be used says why."""
    from interlace.errors import InterlaceError

    places: dict[str, str] = {}
    for name in project.config.config.connections:
        if project.config.uses_secrets("connections", name):
            places[name] = f"a {project.config.connection(name).type}, whose secrets are fetched when it is opened"
            continue
        try:
            places[name] = project.connection(name).where()
        except InterlaceError as error:
            places[name] = f"unusable: {error.message.splitlines()[0]}"
    return places


def _circuit(circuit: CircuitRecord) -> str:
    """What the circuit breaker of a connection was when a run last saw it."""
    if circuit.state == "closed":
        return "closed"
    first = (circuit.last_error or "").partition("\n")[0]
    return f"{circuit.state} since {when(circuit.at)}, {circuit.failures} failures: {first}"


def _node_data(project: Project, word: str) -> dict[str, Any]:
    from interlace.cli.facts import node_data, state_data
    from interlace.cli.lookup import node_named

    node = node_named(project, word)
    state = project.store.snapshot(project.environment).models.get(node.name)
    return {**node_data(project, node), "environment": project.environment, "state": state_data(state)}


def _print(data: dict[str, Any]) -> None:
    state = data.get("state")
    facts = {key: value for key, value in data.items() if key not in {"state", "line"}}
    if "line" in data:
        facts["file"] = f"{data['file']}:{data['line']}"
    facts |= {key: state[key] for key in STATE_KEYS} if isinstance(state, dict) else {"state": state}
    said = [(key.replace("_", " "), text) for key, value in facts.items() if (text := _text(value))]
    wide = max(len(key) for key, _ in said)
    for key, text in said:
        echo(f"{key:<{wide}}  {text}")
    if isinstance(state, dict) and state["columns"]:
        echo()
        print_table(["column", "type"], [(c["name"], c["type"]) for c in state["columns"]])


def _text(value: object) -> str:
    match value:
        case None | False:
            return ""
        case {"run": run, "status": status, "started_at": at}:
            return f"{run} {status}, {when(at)}"
        case dict():
            return ", ".join(f"{k} {_text(v)}" if isinstance(v, int) else f"{k} → {v}" for k, v in value.items())
        case list():
            return ", ".join(_item(v) for v in value)
        case datetime():
            return when(value)
        case int():
            return f"{value:,}" if value is not True else "yes"
        case float():
            return f"{value:.2f}"
    return str(value).strip()


def _item(value: object) -> str:
    match value:
        case {"type": str(kind), "options": dict(options)}:
            return f"{kind}({', '.join(f'{k}={v!r}' for k, v in options.items())})"
        case {"format": str(kind), "options": dict(options)}:
            return f"{kind} → {options.get('path', '')}"
    return str(value)
