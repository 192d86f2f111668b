"""``interlace plan``."""

from __future__ import annotations

from typing import Annotated

import typer

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
from interlace.cli.planned import show_plan, show_plan_sql

__all__ = ["command"]

SqlOption = Annotated[bool, typer.Option("--sql", help="Show the statements that each load would perform.")]


def command(
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    force: ForceOption = False,
    var: VarOption = None,
    sql: SqlOption = False,
    json_: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Say what a run would do, and why. Writes nothing."""
    selected = [*(models or ()), *(select or ())]
    with load_project(project, env, var) as loaded:
        if sql:
            show_plan_sql(*loaded.planned_sql(selected, list(exclude or ()), force=force), as_json=json_)
            return
        show_plan(loaded.plan(selected, list(exclude or ()), force=force), as_json=json_, verbose=verbose)
