"""Writing the exports of a model, after its publication; each is recorded by itself (ruling 17)."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError
from interlace.run.result import Succeeded
from interlace.telemetry.events import ExportFinished, ModelFinished

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.run.recording import Done
    from interlace.run.task import Export, Task
    from interlace.telemetry.events import Event

__all__ = ["due_exports", "write_exports"]


def due_exports(done: Done) -> list[Export]:
    """The exports to write now: all of what was built, else those that changed, failed before or lost their file."""
    task = done.task
    if task.relation is None:
        return []
    if isinstance(done.outcome, Succeeded) and done.outcome.action == "build":
        return list(task.exports)
    written = done.record.state.exports
    return [e for e in task.exports if written.get(e.key) != e.fingerprint or e.key in task.lost]


def write_exports(
    done: Done, due: list[Export], session: Session, *, run: str
) -> tuple[dict[str, str | None], list[str], list[Event]]:
    """Write the exports that are due; a failed one leaves the model published.

    Returns:
        by export the fingerprint that is written now (None after a failure), what failed, and the events to announce.
    """
    written = dict(done.record.state.exports)
    errors: list[str] = []
    events: list[Event] = [e for e in done.events if not isinstance(e, ModelFinished)]
    for export in due:
        event = _write(done.task, export, session, run)
        written[export.key] = None if event.error else export.fingerprint
        errors += [event.error] if event.error else []
        events.append(event)
    return written, errors, events


def _write(task: Task, export: Export, session: Session, run: str) -> ExportFinished:
    from interlace.run.exports import run_export

    began = time.monotonic()
    rows = size = error = None
    try:
        written = run_export(task, export, session)
        rows, size = written.rows, written.bytes
    except InterlaceError as failed:
        error = failed.message
    return ExportFinished(
        run=run,
        at=datetime.now(UTC),
        model=task.name,
        format=export.format,
        path=export.shown,
        rows=rows,
        bytes=size,
        seconds=time.monotonic() - began,
        error=error,
    )
