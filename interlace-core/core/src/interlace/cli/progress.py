"""The progress of a run, as it happens.

`Progress.on_event` only appends: a thread of its own turns events into lines and writes them in batches, so that a
slow reader, or none, never slows the run.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Final, Self, assert_never

from interlace.cli.render import Output, Style, duration, rows_text, shortened, width
from interlace.telemetry.events import (
    ChecksFinished,
    ExportFinished,
    IntervalLoaded,
    Logged,
    ModelFinished,
    ModelRetrying,
    ModelStarted,
    Notice,
    RunFinished,
    RunStarted,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from interlace.telemetry.events import Event

__all__ = ["Progress", "where_line"]

TICK: Final = 0.1
"""Seconds between two writes."""

_DONE: Final = {"build": "", "check": "checked", "attach": "attached", "export": "exported", "none": ""}


def where_line(environment: str, where: Mapping[str, str]) -> str:
    """``Environment dev: default at data/dev.duckdb``."""
    places = ", ".join(f"{name} at {place}" for name, place in where.items())
    return f"Environment {environment}: {places}" if places else f"Environment {environment}"


class Progress:
    """Writes one line per model as it ends, and on a terminal a last line with what is under way.

    Args:
        out: where to.
        quiet: only failures.
        verbose: reasons, counts, and each model that did not run.
        name_width: the width of the column of names.
        zone: the time zone that intervals are shown in, as the plan shows them.

    Attributes:
        exports: how many were written.
    """

    def __init__(
        self, out: Output, *, quiet: bool = False, verbose: bool = False, name_width: int = 0, zone: tzinfo = UTC
    ) -> None:
        self.out = out
        self.zone = zone
        self.quiet = quiet
        self.verbose = verbose
        self.name_width = name_width
        self.exports = 0
        self._events: deque[Event] = deque()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write_until_stopped, name="interlace-progress", daemon=True)
        self._running: dict[str, float] = {}
        self._reasons: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._total = 0
        self._ended = 0
        self._status_shown = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def on_event(self, event: Event) -> None:
        """Take an event, from any thread; returns at once."""
        self._events.append(event)

    def _write_until_stopped(self) -> None:
        stopped = False
        while not stopped:
            stopped = self._stop.wait(TICK)
            self._tick(last=stopped)

    def _tick(self, *, last: bool) -> None:
        text = "".join(f"{line}\n" for line in self._new_lines())
        status = "" if last else self._status()
        if not (text or status or self._status_shown):
            return
        erase = "\r\x1b[2K" if self._status_shown else ""
        self._status_shown = bool(status)
        self.out.write(f"{erase}{text}{status}")

    def _new_lines(self) -> list[str]:
        lines: list[str] = []
        while self._events:
            lines.extend(self.lines(self._events.popleft()))
        return lines

    def lines(self, event: Event) -> list[str]:
        """What one event adds to the screen."""
        match event:
            case RunStarted():
                self._total = event.models
                return [] if self.quiet else [where_line(event.environment, event.where)]
            case ModelStarted():
                self._running.setdefault(event.model, time.monotonic())
                self._reasons[event.model] = event.reason
                return []
            case ModelFinished():
                self._running.pop(event.model, None)
                self._parts.pop(event.model, None)
                self._ended += 1
                return self._ended_lines(event)
            case IntervalLoaded():
                self._parts[event.model] = f" {event.number:,} of {event.total:,}"
                return [self._interval(event)] if self.verbose else []
            case ModelRetrying():
                return [] if self.quiet else [self._retrying(event)]
            case ExportFinished():
                return self._export_lines(event)
            case Notice():
                return self._notice_lines(event)
            case Logged():
                return self._logged_lines(event)
            case ChecksFinished() | RunFinished():
                return []
            case _:
                assert_never(event)

    # --- one line each ----------------------------------------------------------------------------------------

    def _ended_lines(self, event: ModelFinished) -> list[str]:
        match event.status:
            case "succeeded":
                warnings = [self._warning(event.model, text) for text in event.warnings]
                return warnings if self.quiet else [self._success(event), *warnings]
            case "failed":
                return [self._row("✗", "red", event.model, _first_line(event.message))]
            case "skipped" | "blocked" | "cancelled":
                if not self.verbose:
                    return []
                return [self._row("·", "dim", event.model, f"{event.status}: {_first_line(event.message)}")]

    def _success(self, event: ModelFinished) -> str:
        done = _DONE[event.action] or rows_text(event.rows)
        text = f"{done:>16}  {duration(event.seconds):>9}"
        if self.verbose or event.counts.keys() - {"inserted"}:
            text += "".join(f"  {said}" for said in (_counts(event.counts), self._reason(event.model)) if said)
        return self._row("✓", "green", event.model, text)

    def _interval(self, event: IntervalLoaded) -> str:
        start, end = (f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}" for at in (event.start, event.end))
        part = f"{event.number:,} of {event.total:,}: {start} … {end}"
        return self._row(
            "·", "dim", event.model, f"{part}  {duration(event.seconds)}  {_counts(event.counts)}".rstrip()
        )

    def _retrying(self, event: ModelRetrying) -> str:
        said = f"attempt {event.number} of {event.attempts} failed, again in {duration(event.delay)}"
        return self._row("↷", "yellow", event.model, f"{said}: {_first_line(event.message)}")

    def _reason(self, model: str) -> str | None:
        return self._reasons.get(model) if self.verbose else None

    def _export_lines(self, event: ExportFinished) -> list[str]:
        what = f"{event.format} {event.path}"
        if event.error is not None:
            return [self._row("✗", "red", event.model, f"export {what}: {_first_line(event.error)}")]
        self.exports += 1
        if not self.verbose or self.quiet:
            return []
        done = _counts(event.counts) or (rows_text(event.rows) if not event.counts else "nothing changed")
        return [self._row("→", "dim", event.model, f"{what}  {done}".rstrip())]

    def _notice_lines(self, event: Notice) -> list[str]:
        text = f"{event.model}: {event.message}" if event.model else event.message
        if event.level == "warning":
            return [f"{self.out.style('⚠', 'yellow')} {text}"]
        return [] if self.quiet else [f"{self.out.style('·', 'dim')} {text}"]

    def _logged_lines(self, event: Logged) -> list[str]:
        """Lines of models from ``warning`` on, with ``--verbose`` all that are logged."""
        if event.level in {"debug", "info"} and not self.verbose:
            return []
        return [f"{self.out.style('·', 'dim')} {event.model}: {event.message}"]

    def _warning(self, model: str, text: str) -> str:
        return self._row("⚠", "yellow", model, _first_line(text))

    def _row(self, mark: str, style: Style, model: str, text: str) -> str:
        space = " " * max(0, self.name_width - width(model))
        return f"{self.out.style(mark, style)} {model}{space}  {text}".rstrip()

    # --- what is under way ------------------------------------------------------------------------------------

    def _status(self) -> str:
        if not self.out.live or self.quiet or not self._total:
            return ""
        now = time.monotonic()
        running = [
            f"{name}{self._parts.get(name, '')} {now - since:.1f} s" for name, since in list(self._running.items())[:4]
        ]
        more = len(self._running) - len(running)
        text = f"{self._ended:,}/{self._total:,} {', '.join(running)}" + (f" and {more} more" if more > 0 else "")
        return self.out.style(shortened(text, shutil.get_terminal_size().columns - 1), "dim")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{n:,} {what}" for what, n in counts.items() if n)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]
