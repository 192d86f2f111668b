"""Selectors, for commands that look and do not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from interlace.run.project import Project

__all__ = ["selected_names"]


def selected_names(project: Project, select: Sequence[str], exclude: Sequence[str]) -> list[str]:
    """The names that the selectors mean, parents first; without a selector all of them, sources included.

    The state is only asked when a ``state:`` selector occurs.

    Raises:
        UsageError: a selector matches nothing.
    """
    order = project.graph.order()
    if not select and not exclude:
        return list(order)
    chosen = _select(project, select, exclude)
    return [name for name in order if name in chosen]


def _select(project: Project, select: Sequence[str], exclude: Sequence[str]) -> frozenset[str]:
    from interlace.contracts.state import StateSnapshot
    from interlace.run.selection import selected_names as select_in

    asks_state = any("state:" in word for word in (*select, *exclude))
    nothing = StateSnapshot(project.environment, 0, {})
    snapshot = project.store.snapshot(project.environment) if asks_state else nothing
    return select_in(project._view, snapshot, select, exclude)  # noqa: SLF001  cli and run are one distribution
