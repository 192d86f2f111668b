"""``interlace plugins``."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from interlace.cli.context import project_plugins
from interlace.cli.options import EnvOption, JsonOption, ProjectOption
from interlace.cli.render import echo, plural, print_json, print_table
from interlace.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from interlace.plugins import PluginFailure, PluginInfo, PluginManager

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True)


class Kind(StrEnum):
    """What a new plugin offers."""

    connection = "connection"


NameArg = Annotated[str, typer.Argument(metavar="NAME", help="A plugin, or a word that one offers.")]

KindArg = Annotated[Kind, typer.Argument(metavar="KIND", help="What it offers: connection.")]
NewNameArg = Annotated[
    str, typer.Argument(metavar="NAME", help="The word that projects write; the package is interlace-NAME.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="The folder to make. Default: interlace-NAME.", show_default=False),
]


@app.command("list")
def list_plugins(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """List what is installed and what it offers. Imports nothing that is offered."""
    manager = project_plugins(project, env, lenient=True)
    infos = manager.plugins()
    if json_:
        print_json({"plugins": [_info_data(i) for i in infos], "failures": _failures_data(manager.failures)})
        return
    rows = [(i.name, i.distribution, i.version, i.origin, _offers(i)) for i in infos]
    print_table(["plugin", "distribution", "version", "from", "offers"], rows)
    for failure in manager.failures:
        echo(f"✗ {failure}")


@app.command("show")
def show_plugin(name: NameArg, project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None:
    """Show one plugin, or who offers a word such as postgres."""
    manager = project_plugins(project, env, lenient=True)
    found = [i for i in manager.plugins() if name in {i.name, i.distribution} or name in _words(i)]
    failures = [f for f in manager.failures if name in {f.plugin, f.distribution}]
    if not found and not failures:
        raise _unknown(manager, name)
    if json_:
        print_json({"plugins": [_info_data(i) for i in found], "failures": _failures_data(failures)})
        return
    for info in found:
        _print_info(info)
    for failure in failures:
        echo(f"✗ {failure}")


@app.command("doctor")
def doctor(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> int:
    """Import everything that plugins offer, and report what is broken. Exits with 1 when anything is."""
    manager = project_plugins(project, env, lenient=True)
    failures = manager.doctor()
    infos = manager.plugins()
    offered = sum(len(i.providers) for i in infos)
    if json_:
        print_json({"ok": not failures, "plugins": len(infos), "offers": offered, "failures": _failures_data(failures)})
    else:
        for failure in failures:
            echo(f"✗ {failure}")
        verdict = f"{plural(len(failures), 'failure')}." if failures else "all work."
        echo(f"{plural(len(infos), 'plugin')} with {plural(offered, 'offer')}: {verdict}")
    return 1 if failures else 0


@app.command("new")
def new(kind: KindArg, name: NewNameArg, folder: FolderOption = None, json_: JsonOption = False) -> None:
    """Make a package of a plugin, which passes the conformance suite as it stands."""
    from interlace.config.plugin_starter import create_plugin, plugin_name
    from interlace.contracts.connection import Connection

    registry = project_plugins(None, None, lenient=True).registry(Connection)
    named = plugin_name(name, {word for p in registry.providers() for word in (p.name, *p.aliases)})
    directory = folder or Path(named.distribution)
    files = create_plugin(directory, kind.value, named)
    if json_:
        print_json({"folder": str(directory), "package": named.distribution, "files": [str(file) for file in files]})
        return
    echo(f"Made {directory} with {len(files)} files: {named.distribution}, which offers the {kind.value} {name!r}.")
    echo("Next:")
    for line in (f"cd {shlex.quote(str(directory))}", 'pip install --editable ".[test]"', "pytest", "grep -rn YOURS ."):
        echo(f"  {line}")


def _unknown(manager: PluginManager, name: str) -> UsageError:
    infos = manager.plugins()
    known = {i.name for i in infos} | {word for i in infos for word in _words(i)}
    return UsageError(
        f"No plugin is called {name!r} and none offers it. {did_you_mean(name, known)}".rstrip(),
        hint="'interlace plugins list' shows what is installed.",
    )


def _words(info: PluginInfo) -> set[str]:
    return {word for _, p in info.providers for word in (p.name, *p.aliases)}


def _offers(info: PluginInfo) -> str:
    by_kind: dict[str, list[str]] = {}
    for kind, provider in info.providers:
        by_kind.setdefault(kind, []).append(provider.name)
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in by_kind.items())


def _print_info(info: PluginInfo) -> None:
    echo(f"{info.name}: {info.distribution} {info.version} ({info.origin}), {info.module}")
    rows = [
        (kind, p.name, ", ".join(p.aliases), f"{p.summary}{' (experimental)' if p.experimental else ''}", p.target)
        for kind, p in info.providers
    ]
    if rows:
        print_table(["kind", "word", "aliases", "what it is", "target"], rows)


def _info_data(info: PluginInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "distribution": info.distribution,
        "version": info.version,
        "module": info.module,
        "origin": info.origin,
        "offers": [
            {
                "kind": kind,
                "name": p.name,
                "aliases": list(p.aliases),
                "summary": p.summary,
                "target": p.target,
                "extra": p.extra,
                "experimental": p.experimental,
            }
            for kind, p in info.providers
        ],
    }


def _failures_data(failures: tuple[PluginFailure, ...] | list[PluginFailure]) -> list[dict[str, Any]]:
    return [
        {
            "plugin": f.plugin,
            "stage": f.stage,
            "message": f.message,
            "distribution": f.distribution,
            "version": f.version,
            "subject": f.subject,
        }
        for f in failures
    ]
