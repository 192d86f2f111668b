"""Finding the run that a user means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from interlace.errors import UsageError

if TYPE_CHECKING:
    from interlace.contracts.state import RunRecord, StateStore

__all__ = ["find_run"]


def find_run(store: StateStore, id: str | None, environment: str) -> RunRecord:  # noqa: A002 - the contract's word
    """A run by its id or how that begins; without one, the environment's latest.

    Raises:
        UsageError: there is none, or several begin so.
    """
    if id is None:
        latest = store.runs(environment, limit=1)
        if not latest:
            raise UsageError(f"no runs are recorded in {environment}")
        return latest[0]
    found = store.run(id)
    if found is not None:
        return found
    alike = [run.id for run in store.runs(limit=1000) if run.id.startswith(id)]
    if alike:
        raise UsageError(f"{len(alike)} runs begin with {id!r}", hint=f"write more of it: {', '.join(alike[:5])}")
    raise UsageError(f"there is no run {id!r}", hint="`interlace runs list --all` lists them")
