"""``interlace backfill``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interlace.cli.commands.run import as_json, as_text
from interlace.cli.context import load_project
from interlace.cli.options import (
    EnvOption,
    ExcludeOption,
    JsonOption,
    ProjectOption,
    QuietOption,
    SelectOption,
    VarOption,
    VerboseOption,
)
from interlace.cli.ranges import WindowOption
from interlace.errors import UsageError

if TYPE_CHECKING:
    from interlace.cli.commands.run import OnEvent
    from interlace.run.result import RunResult

__all__ = ["command"]

ModelsArg = Annotated[
    list[str] | None,
    typer.Argument(metavar="MODEL", help="Incremental models or selectors, the same as --select.", show_default=False),
]
FromOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="The beginning. Default: where the model's history begins."),
]
ToOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="The end, not part of it. Default: now.")]
AgainOption = Annotated[bool, typer.Option("--force", "-f", help="Load again what the present definition loaded, too.")]
ListOption = Annotated[bool, typer.Option("--dry-run", help="List the windows, run nothing.")]
ConcurrencyOption = Annotated[
    int | None,
    typer.Option("--concurrency", metavar="N", help="How many windows at once; a history, and DuckDB, take one."),
]


def command(
    context: typer.Context,
    models: ModelsArg = None,
    select: SelectOption = None,
    exclude: ExcludeOption = None,
    project: ProjectOption = None,
    env: EnvOption = None,
    since: FromOption = None,
    until: ToOption = None,
    window: WindowOption = None,
    force: AgainOption = False,
    concurrency: ConcurrencyOption = None,
    dry_run: ListOption = False,
    var: VarOption = None,
    json_: JsonOption = False,
    quiet: QuietOption = False,
    verbose: VerboseOption = False,
) -> int:
    """Load a part of history: what is missing, or comes from an older definition.

    What was loaded is not loaded again, so that a backfill that was cut off goes on where it stopped.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other.")
    if concurrency is not None and concurrency < 1:
        raise UsageError(f"--concurrency {concurrency}: at least 1.")
    selected = [*(models or ()), *(select or ())]
    if not selected:
        raise UsageError("Say which models: interlace backfill MODEL --since … --until …")
    words: tuple[str, ...] = context.find_root().obj
    with load_project(project, env, var) as loaded:
        from interlace.run.backfill import Backfill

        job = Backfill(loaded, selected, list(exclude or ()), since, until, window, force=force)
        if dry_run:
            from interlace.cli.windows import show_windows

            show_windows(job.plan(), job.timezone, as_json=json_)
            return 0

        def perform(on_event: OnEvent | None) -> RunResult:
            from shlex import join

            from interlace.cli.interrupts import interruptible

            with interruptible(loaded.cancel):
                return job.run(concurrency, join(["interlace", *words]), on_event)

        if json_:
            return as_json(perform)[0].exit_code
        return as_text(perform, loaded, quiet=quiet, verbose=verbose)[0].exit_code
