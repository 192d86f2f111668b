"""``interlace check``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.context import load_project
from interlace.cli.options import (
    EnvOption,
    ExcludeOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    SelectArg,
    SelectOption,
    VarOption,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlace.run.project import Project
    from interlace.run.result import RunResult
    from interlace.telemetry.events import Event

    OnEvent = Callable[[Event], None]

__all__ = ["command"]

HistoryOption = Annotated[bool, typer.Option("--history", help="Show what each check found before, too.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", metavar="N", min=1, help="How far --history goes back.")]


def command(
    context: typer.Context,
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    history: HistoryOption = False,
    limit: LimitOption = 20,
    project: ProjectOption = None,
    env: EnvOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Run the checks of what is published, and build nothing. Exits with 1 when one of severity error fails."""
    words: tuple[str, ...] = context.find_root().obj
    chosen, left_out = [*(models or ()), *(select or ())], list(exclude or ())
    with load_project(project, env, var) as loaded:

        def perform(on_event: OnEvent | None) -> RunResult:
            from shlex import join

            from interlace.cli.interrupts import interruptible

            with interruptible(loaded.cancel):
                return loaded.check(chosen, left_out, command=join(["interlace", *words]), on_event=on_event)

        back = limit if history else 0
        return _as_json(perform, loaded, back) if json_ else _as_text(perform, loaded, back, quiet=quiet)


def _as_json(perform: Callable[[OnEvent | None], RunResult], project: Project, back: int) -> int:
    from interlace.cli.data import result_data
    from interlace.cli.render import print_json
    from interlace.cli.trend import trend_data, trends

    result = perform(None)
    found = {"history": [trend_data(t) for t in trends(project, result, back)]} if back else {}
    print_json({**result_data(result), **found})
    return result.exit_code


def _as_text(perform: Callable[[OnEvent | None], RunResult], project: Project, back: int, *, quiet: bool) -> int:
    from interlace.cli.progress import Progress
    from interlace.cli.render import Output, joined, name_column
    from interlace.cli.summary import summary_lines
    from interlace.cli.trend import trend_lines, trends

    out = Output(sys.stdout)
    with Progress(out, quiet=quiet, verbose=False, name_width=name_column(project.graph.nodes)) as progress:
        result = perform(progress.on_event)
    if result.status == "nothing":
        out.write(joined([*result.plan.notices, "No published model that is selected has checks."]))
        return result.exit_code
    if back:
        out.write(joined(["", *trend_lines(trends(project, result, back), out)]))
    out.write(joined(summary_lines(result, out, quiet=quiet)))
    return result.exit_code
