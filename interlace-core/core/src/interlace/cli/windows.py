"""The windows of a backfill on the screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from interlace.cli.progress import where_line
from interlace.cli.render import Output, joined, plural, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from interlace.plan.steps import Plan
    from interlace.plan.windows import Batch

__all__ = ["show_windows", "span_text"]

_WHY = {
    "new": "never loaded",
    "gap": "missing",
    "partial": "was not over",
    "older": "from an older definition",
    "again": "loaded already",
    "lookback": "open to late rows",
}


def show_windows(plan: Plan, timezone: str, *, as_json: bool) -> None:
    """Print what a backfill would load: a line for each transaction."""
    if as_json:
        from interlace.cli.data import plan_data

        print_json(plan_data(plan))
        return
    out = Output(sys.stdout)
    zone = ZoneInfo(timezone)
    lines = [where_line(plan.environment, plan.where)]
    for step in plan.steps:
        lines.append(out.style(f"{step.model}: {plural(len(step.intervals), 'window')}", "bold"))
        lines += [f"  {_line(batch, zone)}" for batch in step.intervals]
    lines += [f"{up.model}: {'; '.join(r.text for r in up.reasons)}" for up in plan.up_to_date]
    total = sum(len(step.intervals) for step in plan.steps)
    lines.append(f"{plural(total, 'window')} to load." if total else "Nothing to load.")
    out.write(joined(lines))


def _line(batch: Batch, zone: ZoneInfo) -> str:
    return f"{span_text(batch.start, batch.end, zone)}  {', '.join(_WHY[w] for w in batch.why)}"


def span_text(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """``2024-01-01 … 2024-01-02``, as the clocks there show it; ``… 2024-01-02`` for all history."""
    from interlace.plan.windows import BEGINNING

    begins = "" if start == BEGINNING else f"{_shown(start.astimezone(zone))} "
    return f"{begins}… {_shown(end.astimezone(zone))}"


def _shown(local: datetime) -> str:
    return local.strftime("%Y-%m-%d" if (local.hour, local.minute) == (0, 0) else "%Y-%m-%d %H:%M")
