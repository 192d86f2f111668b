"""The options that say which part of time incremental models load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from interlace.errors import UsageError

if TYPE_CHECKING:
    from interlace.plan.incremental import Asked
    from interlace.run.project import Project

__all__ = ["FullRefreshOption", "SinceOption", "UntilOption", "WindowOption", "asked_by_run"]

SinceOption = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Load incremental models from here on, whatever was loaded."),
]
UntilOption = Annotated[str | None, typer.Option("--until", metavar="TIME", help="… up to here; not part of it.")]
WindowOption = Annotated[
    str | None, typer.Option("--window", metavar="1d", help="How much of it one transaction takes: 6h, 1d, 2w, 1mo.")
]
FullRefreshOption = Annotated[
    bool, typer.Option("--full-refresh", help="Make the tables anew that keep rows; never those with a history.")
]


def asked_by_run(
    project: Project, since: str | None, until: str | None, window: str | None, *, full_refresh: bool
) -> Asked | None:
    """What ``run`` and ``plan`` ask of incremental models.

    Raises:
        UsageError: what was given does not go together, or is no time.
    """
    if full_refresh and (since or until):
        raise UsageError(
            "--full-refresh makes all anew: it has no --since and no --until.",
            hint="'interlace backfill MODEL --since … --until … --force' loads a range again.",
        )
    return project.asked_range(since, until, window)
