"""``interlace run``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.context import load_project
from interlace.cli.options import (
    DeferOption,
    EnvOption,
    ExcludeOption,
    ForceOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    SelectArg,
    SelectOption,
    VarOption,
    VerboseOption,
)
from interlace.cli.ranges import FullRefreshOption, SinceOption, UntilOption, WindowOption, asked_by_run
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from interlace.run.project import Project
    from interlace.run.result import RunResult
    from interlace.run.waiting import Waiting
    from interlace.telemetry.events import Event

    OnEvent: TypeAlias = Callable[[Event], None]
    Perform: TypeAlias = Callable[[OnEvent | None], RunResult]

__all__ = [
    "FailFastOption",
    "ThreadsOption",
    "WaitForOption",
    "WaitOption",
    "as_json",
    "as_text",
    "command",
    "waiting_of",
]

ThreadsOption = Annotated[int | None, typer.Option("--threads", "-t", metavar="N", help="How many models at once.")]
FailFastOption = Annotated[bool, typer.Option("--fail-fast", help="Stop at the first failure.")]
HoldOption = Annotated[
    bool, typer.Option("--hold", help="Stage and check, show the difference, publish nothing until 'release'.")
]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait for another run, or for who holds the database, instead of giving up.")
]
WaitForOption = Annotated[
    str | None, typer.Option("--wait-for", metavar="10m", help="The same, for so long at most: 30 (seconds), 10m, 1h.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the plan, run nothing.")]


def command(
    context: typer.Context,
    models: SelectArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    force: ForceOption = False,
    threads: ThreadsOption = None,
    fail_fast: FailFastOption = False,
    dry_run: DryRunOption = False,
    hold: HoldOption = False,
    wait: WaitOption = False,
    wait_for: WaitForOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    window: WindowOption = None,
    full_refresh: FullRefreshOption = False,
    defer_to: DeferOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Build what is new or changed, check it and publish it."""
    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other.")
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: at least 1.")
    waiting = waiting_of(wait=wait, limit=wait_for)
    selected, excluded = [*(models or ()), *(select or ())], list(exclude or ())
    words: tuple[str, ...] = context.find_root().obj
    with load_project(project, env, var) as loaded:
        asked = asked_by_run(loaded, since, until, window, full_refresh=full_refresh)
        if dry_run:
            from interlace.cli.planned import keep_plan, show_plan

            plan = loaded.plan(
                selected,
                excluded,
                force=force,
                asked=asked,
                full_refresh=full_refresh,
                defer_to=defer_to,
                threads=threads,
            )
            show_plan(plan, as_json=json_, verbose=verbose)
            broken = any(b.stops for b in plan.breaks)
            keep_plan(plan, loaded.root)
            return int(broken)

        def perform(on_event: OnEvent | None) -> RunResult:
            from shlex import join

            from interlace.cli.interrupts import interruptible

            with interruptible(loaded.cancel):
                return loaded.run(
                    selected,
                    excluded,
                    force=force,
                    threads=threads,
                    fail_fast=fail_fast or None,
                    command=join(["interlace", *words]),
                    on_event=on_event,
                    hold=hold,
                    asked=asked,
                    full_refresh=full_refresh,
                    waiting=waiting,
                    defer_to=defer_to,
                )

        if json_:
            result, again = as_json(perform)
        else:
            result, again = as_text(perform, loaded, quiet=quiet, verbose=verbose)
        if again is not None and not (force or hold or full_refresh):
            loaded.nothing_to_do(words, again)
        return result.exit_code


def waiting_of(*, wait: bool, limit: str | None) -> Waiting | None:
    """How to wait, as ``--wait`` and ``--wait-for`` say it; None for not at all.

    Raises:
        UsageError: the time is none.
    """
    if limit is None and not wait:
        return None
    from interlace.config.durations import FORM, duration
    from interlace.run.waiting import Waiting

    try:
        longest = None if limit is None else duration(limit)
    except ValueError:
        raise UsageError(f"--wait-for {limit}: must be {FORM}.") from None
    return Waiting(longest, _say)


def _say(text: str) -> None:
    from interlace.cli.render import Output

    Output(sys.stderr).write(f"{text}\n")


def as_json(perform: Perform) -> tuple[RunResult, str | None]:
    """Run, and print one document.

    Returns:
        the result, and what the same command prints while there is nothing to do, where that is known.
    """
    from interlace.cli.data import result_data
    from interlace.cli.render import Output, json_text

    result = perform(None)
    out = Output(sys.stdout)
    text = json_text(result_data(result), ascii_only=not out.unicode) + "\n"
    out.write(text)
    return result, text if result.status == "nothing" else None


def as_text(perform: Perform, project: Project, *, quiet: bool, verbose: bool) -> tuple[RunResult, str | None]:
    """Run, with progress and a summary; returns as `as_json` does."""
    from zoneinfo import ZoneInfo

    from interlace.cli.progress import Progress
    from interlace.cli.render import Output, joined, name_column
    from interlace.cli.summary import nothing_lines, summary_lines

    out = Output(sys.stdout)
    names = name_column(project.graph.nodes)
    zone = ZoneInfo(project.config.config.timezone)
    with Progress(out, quiet=quiet, verbose=verbose, name_width=names, zone=zone) as progress:
        result = perform(progress.on_event)
    out.write(joined(summary_lines(result, out, quiet=quiet, verbose=verbose, exports=progress.exports)))
    if result.exit_code != 0:
        return result, None
    up_to_date = len(result.plan.steps) + len(result.plan.up_to_date)
    return result, out.encodable(joined(nothing_lines(result.plan, up_to_date, quiet=quiet)))
