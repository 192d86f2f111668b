"""``interlace plan``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from interlace.cli.context import load_project
from interlace.cli.options import (
    DeferOption,
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
from interlace.cli.ranges import FullRefreshOption, SinceOption, UntilOption, WindowOption, asked_by_run

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
    since: SinceOption = None,
    until: UntilOption = None,
    window: WindowOption = None,
    full_refresh: FullRefreshOption = False,
    defer_to: DeferOption = None,
    json_: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Say what a run would do, and why. Writes nothing."""
    selected = [*(models or ()), *(select or ())]
    with load_project(project, env, var) as loaded:
        asked = asked_by_run(loaded, since, until, window, full_refresh=full_refresh)
        left_out = list(exclude or ())
        options: dict[str, Any] = {
            "force": force, "asked": asked, "full_refresh": full_refresh, "defer_to": defer_to,
        }  # fmt: skip
        if sql:
            show_plan_sql(*loaded.planned_sql(selected, left_out, **options), as_json=json_)
            return
        plan = loaded.plan(selected, left_out, **options)
        show_plan(plan, as_json=json_, verbose=verbose)
