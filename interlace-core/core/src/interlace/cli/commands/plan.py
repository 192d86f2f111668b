"""``interlace plan``."""

from __future__ import annotations

from interlace.cli.context import load_project
from interlace.cli.options import (
    EnvOption,
    ExcludeOption,
    ForceOption,
    JsonOption,
    ProjectOption,
    SelectArg,
    SelectOption,
    VarOption,
    VerboseOption,
)
from interlace.cli.planned import show_plan

__all__ = ["command"]


def command(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    force: ForceOption = False,
    var: VarOption = None,
    json_: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Say what a run would do, and why. Writes nothing."""
    selected = [*(models or ()), *(select or ())]
    with load_project(project, env, var) as loaded:
        show_plan(loaded.plan(selected, list(exclude or ()), force=force), as_json=json_, verbose=verbose)
