"""``interlace plan``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from interlace.cli.planned import keep_plan, show_plan, show_plan_sql, show_written
from interlace.cli.ranges import FullRefreshOption, SinceOption, UntilOption, WindowOption, asked_by_run
from interlace.errors import UsageError

if TYPE_CHECKING:
    from interlace.plan.saved import SavedPlan

__all__ = ["CHANGES", "command"]

CHANGES = 3
"""What ``--exit-code`` ends with where there is something to do."""

SqlOption = Annotated[bool, typer.Option("--sql", help="Show the statements that each load would perform.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the plan to a file, for 'interlace apply'.")
]
MarkdownOption = Annotated[bool, typer.Option("--markdown", help="Print the plan for a pull request.")]
ExitCodeOption = Annotated[
    bool, typer.Option("--exit-code", help="Exit with 3 where there is something to do, with 0 where there is not.")
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", "-t", metavar="N", help="How many models run at once, for the estimate.")
]


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
    threads: ThreadsOption = None,
    out: OutOption = None,
    markdown: MarkdownOption = False,
    exit_code: ExitCodeOption = False,
    json_: JsonOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Say what a run would do, and why. Writes nothing to the warehouse; 'interlace apply' does what it says."""
    _refuse(json_=json_, markdown=markdown, sql=sql, verbose=verbose, threads=threads)
    file = _file(out)
    selected = [*(models or ()), *(select or ())]
    with load_project(project, env, var, observed=False) as loaded:
        asked = asked_by_run(loaded, since, until, window, full_refresh=full_refresh)
        left_out = list(exclude or ())
        options: dict[str, Any] = {
            "force": force, "asked": asked, "full_refresh": full_refresh, "defer_to": defer_to, "threads": threads,
        }  # fmt: skip
        if sql:
            plan, statements = loaded.planned_sql(selected, left_out, **options)
            show_plan_sql(plan, statements, as_json=json_)
        else:
            plan = loaded.plan(selected, left_out, **options)
            show_plan(plan, as_json=json_, as_markdown=markdown, verbose=verbose)
        keep_plan(plan, loaded.root)
    if file is not None and plan.saved is not None:
        _write(plan.saved, file)
    if any(b.stops for b in plan.breaks):
        return 1
    return CHANGES if exit_code and not plan.empty else 0


def _write(saved: SavedPlan, file: Path) -> None:
    try:
        saved.write(file)
    except OSError as error:
        raise UsageError(f"--out {file}: no file can be written there ({error.strerror}).") from error
    show_written(file)


def _refuse(*, json_: bool, markdown: bool, sql: bool, verbose: bool, threads: int | None) -> None:
    """Refuse what does not go together."""
    for other, given in (("--json", json_), ("--sql", sql), ("--verbose", verbose)):
        if markdown and given:
            raise UsageError(f"{other} and --markdown exclude each other.")
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: at least 1.")


def _file(out: Path | None) -> Path | None:
    """Where the plan goes, whichever folder the project is in.

    Raises:
        UsageError: it cannot be written.
    """
    if out is None:
        return None
    file = out.absolute()
    if file.is_dir() or not file.parent.is_dir():
        raise UsageError(f"--out {out}: no file can be written there.")
    return file
