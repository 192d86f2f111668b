"""``interlace apply``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.commands.run import (
    FailFastOption,
    ThreadsOption,
    WaitForOption,
    WaitOption,
    as_json,
    as_text,
    waiting_of,
)
from interlace.cli.context import load_project, parse_vars, start
from interlace.cli.options import JsonOption, ProjectOption, QuietOption, VarOption, VerboseOption
from interlace.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.cli.commands.run import OnEvent
    from interlace.plan.saved import SavedPlan
    from interlace.run.result import RunResult

__all__ = ["command"]

PlanArg = Annotated[
    str,
    typer.Argument(
        metavar="PLAN", help="The id that 'interlace plan' printed, its beginning, or a file.", show_default=False
    ),
]

PlanEnvOption = Annotated[
    str | None, typer.Option("--env", "-e", metavar="NAME", help="The environment, which has to be the plan's.")
]


def command(
    context: typer.Context,
    plan: PlanArg,
    project: ProjectOption = None,
    env: PlanEnvOption = None,
    threads: ThreadsOption = None,
    fail_fast: FailFastOption = False,
    wait: WaitOption = False,
    wait_for: WaitForOption = None,
    var: VarOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Run a plan exactly as it was approved; refuse it, and say why, where anything moved since.

    The plan is that of its own environment and its own variables.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other.")
    if threads is not None and threads < 1:
        raise UsageError(f"--threads {threads}: at least 1.")
    waiting = waiting_of(wait=wait, limit=wait_for)
    saved = _find(plan, project)
    _require_hidden(saved, var)
    words: tuple[str, ...] = context.find_root().obj
    wanted = env or os.environ.get("INTERLACE_ENV") or saved.environment
    with load_project(project, wanted, var, given=saved.arguments.vars) as loaded:

        def perform(on_event: OnEvent | None) -> RunResult:
            from shlex import join

            from interlace.cli.interrupts import interruptible

            with interruptible(loaded.cancel):
                return loaded.apply(
                    saved,
                    threads=threads,
                    fail_fast=fail_fast or None,
                    command=join(["interlace", *words]),
                    on_event=on_event,
                    waiting=waiting,
                )

        if json_:
            return as_json(perform)[0].exit_code
        return as_text(perform, loaded, quiet=quiet, verbose=verbose)[0].exit_code


def _find(word: str, project: Path | None) -> SavedPlan:
    from interlace.config import find_root
    from interlace.plan.saved import find_plan

    return find_plan(word, find_root(start(project)), Path.cwd())


def _require_hidden(saved: SavedPlan, var: Sequence[str] | None) -> None:
    """Ask for the values that look like secrets, which no file holds."""
    missing = [name for name in saved.arguments.hidden if name not in parse_vars(var)]
    if missing:
        raise UsageError(
            f"the plan was made with a value of {', '.join(missing)} that is not written to it, for it looks like a secret",
            hint=f"Give it again: {' '.join(f'--var {name}=…' for name in missing)}",
        )
