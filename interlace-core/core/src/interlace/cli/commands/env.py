"""``interlace env``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.confirm import confirm
from interlace.cli.context import load_project, start
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import Output, joined, print_json, print_table, when

if TYPE_CHECKING:
    from interlace.run.environment_drop import Doomed
    from interlace.run.environment_status import ModelRow

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

NameArg = Annotated[str, typer.Argument(metavar="NAME", help="The environment.")]
StatusArg = Annotated[str | None, typer.Argument(metavar="[NAME]", help="The environment; the same as --env.")]
DeferOption = Annotated[str | None, typer.Option("--defer-to", metavar="ENV", help="What 'defer_to' is to say there.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command("list")
def list_environments(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """List environments: what each built, when, and how it stands against the base."""
    from dataclasses import asdict

    from interlace.cli.context import unopened_store
    from interlace.run.environment_status import environment_rows

    store, config = unopened_store(project, env)
    store.open()
    try:
        rows = environment_rows(store, config)
    finally:
        store.close()
    if json_:
        print_json([asdict(row) for row in rows])
        return
    table = [(r.name, "base" if r.base else "", r.models, when(r.built_at), r.ahead, r.behind) for r in rows]
    print_table(["environment", "", "models", "built", "ahead", "behind"], table, align="<<><>>")


@app.command("create")
def create(
    name: NameArg, defer_to: DeferOption = None, project: ProjectOption = None, json_: JsonOption = False
) -> None:
    """Declare an environment: write config.NAME.yaml, with what differs there. Its schemas are made by its first run."""
    from interlace.config import find_root, load_config
    from interlace.config.declaring import declare

    root = find_root(start(project))
    path = declare(load_config(root), name, defer_to)
    if json_:
        print_json({"environment": name, "file": path.name, "defer_to": defer_to})
    else:
        Output(sys.stdout).line(f"Wrote {path.name}. Build it: interlace run --env {name}")


@app.command("drop")
def drop(name: NameArg, yes: YesOption = False, project: ProjectOption = None, json_: JsonOption = False) -> int:
    """Drop an environment's own relations and state; never the base's. Its configuration stays."""
    with load_project(project, name) as loaded:
        going = loaded.drop_environment(dry_run=True)
        if not json_:
            Output(sys.stdout).write(joined(_doomed_lines(going)))
        if not confirm(f"Drop what environment {name} has?", yes=yes):
            return 1
        loaded.drop_environment()
    if json_:
        print_json({"environment": name, "dropped": _doomed_data(going)})
    else:
        Output(sys.stdout).line(f"Dropped what environment {name} had.")
    return 0


@app.command("status")
def status(
    name: StatusArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False
) -> None:
    """Show each model: where it is read from, how its definition stands against the base, and what is due."""
    from dataclasses import asdict

    from interlace.run.environment_status import model_rows

    with load_project(project, name or env) as loaded:
        rows = model_rows(loaded)
        environment = loaded.environment
    if json_:
        print_json({"environment": environment, "models": [asdict(row) for row in rows]})
        return
    print_table(["model", "read", "definition", "published", "rows", "due"], map(_cells, rows), align="<<<<><")


def _cells(row: ModelRow) -> tuple[object, ...]:
    read = row.place if row.place in {"here", "not built"} else f"from {row.place}"
    built = when(row.built_at) if row.built_at is not None else None
    return row.model, read, row.definition, built, row.rows, row.due


def _doomed_lines(going: list[Doomed]) -> list[str]:
    lines = [f"{one.connection.name}: {file}" for one in going for file in one.files]
    lines += [f"{one.connection.name}: {kind} {relation}" for one in going for relation, kind in one.relations]
    return lines or ["It has nothing in any database."]


def _doomed_data(going: list[Doomed]) -> list[dict[str, Any]]:
    return [
        {
            "connection": one.connection.name,
            "relations": [{"relation": str(relation), "kind": kind} for relation, kind in one.relations],
            "files": [str(file) for file in one.files],
        }
        for one in going
    ]
