"""Loading a part of history: the incremental models of a selection, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UsageError
from interlace.model.definition import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from interlace.plan.steps import Plan
    from interlace.run.project import Project
    from interlace.run.result import RunResult
    from interlace.telemetry.events import Event

__all__ = ["Backfill"]


class Backfill:
    """One backfill.

    What the state has is not loaded again, unless an older definition loaded it: cut off, it goes on where it stopped.

    Args:
        project: whose models.
        select: selectors; what they find that is not incremental by datetime is left out.
        exclude: selectors of what is left out.
        since: a date or time; None for where each model's history begins.
        until: likewise; None for the last interval that has ended.
        window: how much one transaction takes; None for the model's ``batch_size``, else one grain.
        force: load again what is loaded.

    Raises:
        UsageError: nothing that is selected is incremental by datetime; or a time is none.
    """

    def __init__(
        self,
        project: Project,
        select: Sequence[str],
        exclude: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        window: str | None = None,
        *,
        force: bool = False,
    ) -> None:
        from interlace.run.asking import asked_backfill

        self._project = project
        self.timezone = project.config.config.timezone
        self.models = _incremental(project, select, exclude)
        self._asked = asked_backfill(since, until, window, self.timezone, force=force)

    def plan(self) -> Plan:
        """What would be loaded; see `Step.intervals`."""
        return self._project.plan(self.models, asked=self._asked)

    def run(
        self,
        concurrency: int | None = None,
        command: str = "",
        on_event: Callable[[Event], None] | None = None,
    ) -> RunResult:
        """Load it.

        Args:
            concurrency: how many intervals at once, one model after the other.  A history, and a table of an embedded
                database, is loaded one interval after the other; without it that is so everywhere, and models run
                at once as in any run.
            command: what the user typed, for the record.
            on_event: called with each event, in this thread.
        """
        return self._project.run(
            self.models,
            asked=self._asked,
            threads=1 if concurrency is not None else None,
            lanes=concurrency or 1,
            command=command,
            on_event=on_event,
        )


def _incremental(project: Project, select: Sequence[str], exclude: Sequence[str]) -> list[str]:
    names = sorted(project.select(select, exclude))
    nodes = [project.graph.nodes[n] for n in names]
    found = [
        n.name for n in nodes if isinstance(n, Model) and n.incremental is not None and n.incremental.by == "datetime"
    ]
    if not found:
        said = ", ".join(names[:8])
        raise UsageError(
            f"There is nothing to backfill: no interval is kept of {said or 'what is selected'}.",
            hint="A backfill is for models that are incremental by datetime: -- @incremental: datetime(column)",
        )
    return found
