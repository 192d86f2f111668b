"""Writing the exports of a model, after its publication; each is recorded by itself (ruling 17)."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from interlace.errors import InterlaceError
from interlace.run.result import Succeeded
from interlace.run.task import Sent
from interlace.telemetry.events import ExportFinished, ModelFinished

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.run.recording import Done
    from interlace.run.task import Sending, Task
    from interlace.telemetry.events import Event

__all__ = ["Retried", "due_exports", "write_exports"]

Retried = Callable[[Callable[[], Sent]], Sent]
"""Does something as often as it is worth."""


def due_exports(done: Done) -> list[Sending]:
    """The exports to write now: all of what was built, else those that changed, failed before or lost their file."""
    task = done.task
    if task.relation is None:
        return []
    if isinstance(done.outcome, Succeeded) and done.outcome.action == "build":
        return list(task.exports)
    written = done.record.state.exports
    return [e for e in task.exports if written.get(e.key) != e.fingerprint or e.key in task.lost]


def write_exports(
    done: Done, due: list[Sending], session: Session, *, run: str, retried: Retried
) -> tuple[dict[str, str | None], list[str], list[Event]]:
    """Write the exports that are due; a failed one leaves the model published.

    Args:
        retried: does one as often as the model's ``retry`` says.

    Returns:
        by export the fingerprint that is written now (None after a failure), what failed, and the events to announce.
    """
    written = dict(done.record.state.exports)
    errors: list[str] = []
    events: list[Event] = [e for e in done.events if not isinstance(e, ModelFinished)]
    for export in due:
        event = _write(done.task, export, session, run, retried)
        written[export.key] = None if event.error else export.fingerprint
        errors += [event.error] if event.error else []
        events.append(event)
    return written, errors, events


def _write(task: Task, export: Sending, session: Session, run: str, retried: Retried) -> ExportFinished:
    began = time.monotonic()
    sent, error = Sent(), None
    try:
        sent = retried(lambda: export.send(task, session))
    except InterlaceError as failed:
        error = failed.message
    return ExportFinished(
        run=run,
        at=datetime.now(UTC),
        model=task.name,
        format=export.format,
        path=export.shown,
        rows=sent.rows,
        bytes=sent.bytes,
        seconds=time.monotonic() - began,
        error=error,
        counts=sent.counts,
    )
