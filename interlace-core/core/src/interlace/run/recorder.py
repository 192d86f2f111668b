"""What happened, passed on: to the state in groups, to the log, and to whoever watches.

Workers only put values into a queue; the thread that called `run` takes them out on each tick.  Whoever watches can
be slow without slowing a worker.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TextIO

from interlace.contracts.state import AttemptRecord, EventRecord
from interlace.telemetry.events import Event, as_data

if TYPE_CHECKING:
    from interlace.contracts.state import StateStore

__all__ = ["Recorder"]

# One encoder: `json.dumps` with options makes another for each line.
_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Recorder:
    """Takes attempts and events from any thread; `flush` passes them on, in order."""

    def __init__(
        self, store: StateStore, environment: str, log: Path | None, on_event: Callable[[Event], None] | None
    ) -> None:
        self._store = store
        self._environment = environment
        self._queue: SimpleQueue[Event | AttemptRecord] = SimpleQueue()
        self._acts: SimpleQueue[Callable[[StateStore], None]] = SimpleQueue()
        self._on_event = on_event
        self._recording = threading.Lock()
        self._attempts: list[AttemptRecord] = []
        self._events: list[tuple[Event, dict[str, object]]] = []
        self._log_path = log
        self._log: TextIO | None = None

    def event(self, event: Event) -> None:
        """Announce an event."""
        self._queue.put(event)

    def attempt(self, record: AttemptRecord) -> None:
        """Have an attempt recorded with the next group."""
        self._queue.put(record)

    def after(self, act: Callable[[StateStore], None]) -> None:
        """Have something done to the state once all that was put before is recorded."""
        self._acts.put(act)

    def flush(self) -> None:
        """Record and pass on all that was put so far: one transaction, one write to the log.

        What cannot be recorded waits for the next time: until then `settle` lets nothing commit that may have read it.
        """
        with self._recording:
            attempts, events = self._take()
            self._attempts += attempts
            self._events += events
            if self._attempts or self._events:
                self._store.record(self._environment, self._attempts, [_record(e, data) for e, data in self._events])
            events, self._attempts, self._events = self._events, [], []
            for act in [self._acts.get_nowait() for _ in range(self._acts.qsize())]:
                act(self._store)
            if not events:
                return
        self._write([data for _, data in events])
        if self._on_event is not None:
            for event, _ in events:
                self._on_event(event)

    def settle(self) -> None:
        """Record the attempts that were put so far, at once and from any thread; events wait for the next flush.

        A load that is not idempotent may not commit before what it read is recorded: killed after its commit, its
        parents would be built again, and it would load their rows a second time.
        """
        with self._recording:
            attempts, events = self._take()
            self._attempts += attempts
            self._events += events
            if self._attempts:
                self._store.record(self._environment, self._attempts)
                self._attempts = []

    def close(self) -> None:
        """Flush, and close the log."""
        try:
            self.flush()
        finally:
            if self._log is not None:
                self._log.close()
                self._log = None

    def _take(self) -> tuple[list[AttemptRecord], list[tuple[Event, dict[str, object]]]]:
        attempts: list[AttemptRecord] = []
        events: list[tuple[Event, dict[str, object]]] = []
        while True:
            try:
                item = self._queue.get_nowait()
            except Empty:
                return attempts, events
            if isinstance(item, AttemptRecord):
                attempts.append(item)
            else:
                events.append((item, as_data(item)))

    def _write(self, lines: list[dict[str, object]]) -> None:
        if self._log_path is None:
            return
        if self._log is None:
            self._log_path.parent.mkdir(parents=True, exist_ok=True)
            self._log = self._log_path.open("a", encoding="utf-8")
        self._log.write("".join(f"{_encode(line)}\n" for line in lines))
        self._log.flush()


def _record(event: Event, data: dict[str, object]) -> EventRecord:
    rest = {k: v for k, v in data.items() if k not in {"type", "run", "at", "model"}}
    at: datetime = event.at
    return EventRecord(event.run, at, str(data["type"]), getattr(event, "model", None), rest)
