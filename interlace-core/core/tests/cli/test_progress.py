"""Progress: batches of lines, and on a terminal what is under way."""

from __future__ import annotations

import io
import re
import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from inline_snapshot import snapshot

from interlace.cli.progress import Progress
from interlace.cli.render import Output
from interlace.telemetry.events import ExportFinished, IntervalLoaded, ModelFinished, ModelStarted, Notice, RunStarted

NOW = datetime(2024, 5, 1, tzinfo=UTC)


class Counting(io.StringIO):
    def __init__(self, *, terminal: bool = False) -> None:
        super().__init__()
        self.terminal = terminal
        self.writes = 0

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        self.writes += 1
        return super().write(text)


def _finished(name: str, **keys: object) -> ModelFinished:
    values = {"status": "succeeded", "action": "build", "seconds": 0.01, "rows": 10, **keys}
    return ModelFinished("r", NOW, name, "a", **values)  # type: ignore[arg-type]


def test_a_thousand_models_are_written_in_few_writes_and_cost_the_run_nothing():
    stream = Counting()
    events = [_finished(f"m{i}") for i in range(1000)]
    with Progress(Output(stream), name_width=5) as progress:
        before = time.thread_time()
        for event in events:
            progress.on_event(event)
        spent = time.thread_time() - before

    assert 1000 == stream.getvalue().count("\n")
    assert stream.writes <= 3
    assert spent < 0.05


def test_lines_are_in_the_order_of_events():
    stream = io.StringIO()
    with Progress(Output(stream)) as progress:
        for i in range(50):
            progress.on_event(_finished(f"m{i}"))

    assert [f"m{i}" for i in range(50)] == re.findall(r"m\d+", stream.getvalue())


def test_a_slow_reader_does_not_hold_up_the_run():
    class Slow(io.StringIO):
        def write(self, text: str) -> int:
            time.sleep(0.3)
            return super().write(text)

    with Progress(Output(Slow())) as progress:
        progress.on_event(_finished("a"))
        time.sleep(0.15)
        before = time.perf_counter()
        progress.on_event(_finished("b"))
        spent = time.perf_counter() - before

    assert spent < 0.1


def test_a_terminal_shows_what_is_under_way_and_erases_it(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    stream = Counting(terminal=True)
    with Progress(Output(stream)) as progress:
        progress.on_event(RunStarted("r", NOW, "dev", 2))
        progress.on_event(ModelStarted("r", NOW, "orders", "a", "new"))
        time.sleep(0.25)
        progress.on_event(_finished("orders"))

    text = stream.getvalue()
    assert re.search(r"0/2 orders 0\.\d s", text)
    assert "0/2" not in text.rpartition("\x1b[2K")[2]


def test_exports_notices_and_unusual_actions_have_their_lines():
    progress = Progress(Output(io.StringIO()), name_width=6)
    events = [
        _finished("a", action="check"),
        _finished("b", rows=None),
        ExportFinished("r", NOW, "a", "csv", "out/a.csv", 10),
        ExportFinished("r", NOW, "a", "csv", "out/b.csv", error="disk full\nmore"),
        Notice("r", NOW, "found what a killed run left"),
        Notice("r", NOW, "20 views deep", "warning", "v"),
    ]

    assert [line for event in events for line in progress.lines(event)] == snapshot(
        [
            "✓ a                checked     0.01 s",
            "✓ b                            0.01 s",
            "✗ a       export csv out/b.csv: disk full",
            "· found what a killed run left",
            "⚠ v: 20 views deep",
        ]
    )
    assert 1 == progress.exports


def test_intervals_are_shown_in_the_zone_of_the_project():
    progress = Progress(Output(io.StringIO()), verbose=True, zone=ZoneInfo("Europe/Amsterdam"))
    begin = datetime(2024, 1, 1, 23, tzinfo=UTC)

    (line,) = progress.lines(
        IntervalLoaded("r", NOW, "daily", "a", begin, begin + timedelta(days=1), 1, 2, 0.5, {"inserted": 3})
    )

    assert "1 of 2: 2024-01-02 00:00 … 2024-01-03 00:00" in line
