"""The options that commands share, so that they read and behave alike on all of them.

A command takes them as parameters::

    def command(project: ProjectOption = None, env: EnvOption = None, json_: JsonOption = False) -> None: ...

``--project``, ``--env`` and ``--json`` are also accepted before the command's name and handed down (see ``app``), so
the parameters must be called ``project``, ``env`` and ``json_``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "DeferOption",
    "EnvOption",
    "ExcludeOption",
    "ForceOption",
    "JsonOption",
    "ProjectOption",
    "QuietOption",
    "SelectArg",
    "SelectOption",
    "VarOption",
    "VerboseOption",
]

ProjectOption = Annotated[
    Path | None,
    typer.Option("--project", "-p", metavar="DIR", help="The project's folder, or one inside it. Default: here."),
]
EnvOption = Annotated[
    str | None,
    typer.Option("--env", "-e", metavar="NAME", help="The environment. Default: INTERLACE_ENV, then dev."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
SelectArg = Annotated[
    list[str] | None,
    typer.Argument(metavar="MODEL", help="Models or selectors, the same as --select.", show_default=False),
]
SelectOption = Annotated[
    list[str] | None,
    typer.Option(
        "--select", "-s", metavar="SELECTOR", help="What to take: name, glob, +m, m+, tag:x, path:x, state:x."
    ),
]
ExcludeOption = Annotated[
    list[str] | None, typer.Option("--exclude", "-x", metavar="SELECTOR", help="What to leave out.")
]
VarOption = Annotated[
    list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Set a variable of the project. Repeatable.")
]
DeferOption = Annotated[
    str | None,
    typer.Option(
        "--defer-to", metavar="ENV", help="Read from ENV what is defined there as it is here, in place of building it."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", "-f", help="Run what is selected although it is up to date.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show only failures and the summary.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Show reasons and counts of rows.")]
