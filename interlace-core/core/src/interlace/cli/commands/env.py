"""``interlace env``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.confirm import confirm
from interlace.cli.context import load_project, start
from interlace.cli.options import EnvOption, JsonOption, ProjectOption, SelectOption
from interlace.cli.render import Output, joined, plural, print_json, print_table, when
from interlace.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from interlace.config import LoadedConfig
    from interlace.run.copy_sources import Copied
    from interlace.run.environment_drop import Doomed
    from interlace.run.environment_status import ModelRow

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)

NameArg = Annotated[str, typer.Argument(metavar="NAME", help="The environment.")]
StatusArg = Annotated[str | None, typer.Argument(metavar="[NAME]", help="The environment; the same as --env.")]
DeferOption = Annotated[str | None, typer.Option("--defer-to", metavar="ENV", help="What 'defer_to' is to say there.")]
SourcesOption = Annotated[
    bool, typer.Option("--sources-only", help="Copy the sources of the base environment into it; build no model.")
]
SampleOption = Annotated[
    str | None, typer.Option("--sample", metavar="SIZE", help="Copy only a part of each: 5%, or a number of rows.")
]
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
    context: typer.Context,
    name: NameArg,
    defer_to: DeferOption = None,
    sources_only: SourcesOption = False,
    sample: SampleOption = None,
    select: SelectOption = None,
    project: ProjectOption = None,
    json_: JsonOption = False,
) -> None:
    """Declare an environment: write config.NAME.yaml, with what differs there. Its schemas are made by its first run.

    With --sources-only it gets copies of the base environment's sources, which its models then read; one that is declared
    already gets them anew.
    """
    from shlex import join

    from interlace.config import find_root, load_config
    from interlace.run.asking import asked_sample

    asked_sample(sample)  # what is wrong is said before anything is written
    if not sources_only and (sample is not None or select):
        raise UsageError(
            f"{'--sample' if sample is not None else '--select'} is about sources: say --sources-only too."
        )
    root = find_root(start(project))
    path = _declared(load_config(root), name, defer_to, again=sources_only)
    copied: tuple[Copied, ...] = ()
    if sources_only:
        with load_project(project, name) as loaded:
            words = join(["interlace", *context.find_root().obj])
            copied = loaded.copy_sources(select or (), sample=sample, command=words)
    if json_:
        print_json(_created_data(name, path, defer_to, copied))
        return
    lines = [f"{c.source} → {c.relation}: {_extent(c)}" for c in copied]
    wrote = f"Wrote {path.name}. " if path is not None else ""
    Output(sys.stdout).write(joined([*lines, f"{wrote}Build it: interlace run --env {name}"]))


def _declared(config: LoadedConfig, name: str, defer_to: str | None, *, again: bool) -> Path | None:
    """The file that declares the environment; None where it was declared before, and may be."""
    from interlace.config.declaring import declare

    if again and defer_to is None and config.declared and name in config.environments:
        return None
    return declare(config, name, defer_to)


def _extent(copied: Copied) -> str:
    rows = plural(copied.rows, "row")
    if copied.sample is None:
        return rows
    return f"{rows}, a sample of {copied.sample} by {', '.join(copied.by) or 'all columns'}"


def _created_data(name: str, path: Path | None, defer_to: str | None, copied: tuple[Copied, ...]) -> dict[str, Any]:
    from dataclasses import asdict

    file = path.name if path is not None else None
    return {"environment": name, "file": file, "defer_to": defer_to, "copied": [asdict(c) for c in copied]}


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


@app.command("snapshot")
def snapshot(
    name: StatusArg = None, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False
) -> None:
    """Copy an environment's DuckDB files, as they stand, for the environments that defer to it.

    Its successful runs do so by themselves, where 'defer_to' of another environment names it.
    """
    with load_project(project, name or env) as loaded:
        made = loaded.make_snapshots()
        environment, root = loaded.environment, loaded.root
    if json_:
        found = [{"connection": m.connection, "file": str(m.file), "bytes": m.bytes} for m in made]
        print_json({"environment": environment, "snapshots": found})
        return
    lines = [f"{m.connection}: {_below(m.file, root)}, {m.bytes:,} bytes" for m in made]
    Output(sys.stdout).write(joined(lines))


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


def _below(file: Path, root: Path) -> str:
    """A path below the project's folder is shown relative to it."""
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)


def _cells(row: ModelRow) -> tuple[object, ...]:
    read = row.place if row.place in {"here", "not built"} else f"from {row.place}"
    if row.sampled:
        read += f", of {', '.join(dict.fromkeys(row.sampled.values()))}"
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
