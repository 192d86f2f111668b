"""``interlace release``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.context import load_project
from interlace.cli.options import EnvOption, JsonOption, ProjectOption

if TYPE_CHECKING:
    from interlace.run.project import Project

__all__ = ["command"]

RunArg = Annotated[str | None, typer.Argument(metavar="[RUN]", help="The run, the beginning of its id, or 'latest'.")]


def command(
    run: RunArg = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    json_: JsonOption = False,
) -> int:
    """Publish exactly what a run with --hold staged; without a run, list what waits."""
    from interlace.cli.held import models_text
    from interlace.cli.render import Output, joined, json_text

    out = Output(sys.stdout)
    with load_project(project, env, None) as loaded:
        if run is None:
            return _list(loaded, as_json=json_)
        released = loaded.release(run)
    if json_:
        found = {"run": released.run, "published": list(released.models), "notices": list(released.notices)}
        out.write(f"{json_text(found, ascii_only=not out.unicode)}\n")
    else:
        said = f"Published {models_text(released.models)}, as run {released.run} staged it."
        out.write(joined([*released.notices, said]))
    return 0


def _list(project: Project, *, as_json: bool) -> int:
    from interlace.cli.held import held_data, held_lines
    from interlace.cli.render import Output, joined, json_text

    out = Output(sys.stdout)
    held = project.held()
    if as_json:
        out.write(json_text([held_data(h) for h in held], ascii_only=not out.unicode) + "\n")
    elif held:
        out.write(joined(held_lines(held)))
    else:
        out.write(joined(["Nothing is held back."]))
    return 0
