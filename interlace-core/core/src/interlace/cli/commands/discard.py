"""``interlace discard``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption

__all__ = ["command"]

RunArg = Annotated[str, typer.Argument(metavar="RUN", help="The run, the beginning of its id, or 'latest'.")]


def command(
    run: RunArg,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> int:
    """Drop what a run with --hold staged."""
    from interlace.cli.held import models_text
    from interlace.cli.render import Output, joined, json_text

    out = Output(sys.stdout)
    with load_project(project, env, None) as loaded:
        dropped = loaded.discard(run)
    if json_:
        text = json_text({"run": dropped.run, "discarded": list(dropped.models)}, ascii_only=not out.unicode)
        out.write(f"{text}\n")
    else:
        out.write(joined([f"Dropped what run {dropped.run} staged: {models_text(dropped.models)}."]))
    return 0
