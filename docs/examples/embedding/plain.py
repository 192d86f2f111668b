"""An Interlace project inside a Python program: plan it, run it, watch it, read what it built."""

# ruff: noqa: T201  what it prints is the example

from __future__ import annotations

import asyncio
from pathlib import Path

from interlace import Project
from interlace.run.result import Failed, NotRun, Succeeded
from interlace.telemetry.events import ModelFinished

SHOP = Path(__file__).resolve().parents[1] / "shop"


def planned(project: Project) -> list[str]:
    """What a run would do, and why; nothing is written."""
    return [f"{step.model}: {'; '.join(r.text for r in step.reasons)}" for step in project.plan().steps]


def build(project: Project) -> list[str]:
    """Run it.  A failed model is a value in the result, and not an exception."""
    said = []
    for outcome in project.run().outcomes.values():
        match outcome:
            case Succeeded():
                said.append(f"{outcome.model}: {'a view' if outcome.rows is None else f'{outcome.rows} rows'}")
            case Failed():
                said.append(f"{outcome.model}: {outcome.error}")
            case NotRun():
                said.append(f"{outcome.model}: {outcome.status}, {outcome.reason}")
    return said


async def watch(project: Project) -> list[str]:
    """Run all of it again and follow its events, without blocking the event loop; leaving the loop cancels the run."""
    return [e.model async for e in project.stream(force=True) if isinstance(e, ModelFinished)]


def main() -> None:
    """Show each of them."""
    with Project.load(SHOP) as project:
        print(*planned(project), sep="\n")
        print(*build(project), sep="\n")
        print(*asyncio.run(watch(project)))
        columns, rows = project.query("SELECT country, customers, spent FROM countries ORDER BY spent DESC", limit=3)
        print(*(c.name for c in columns))
        print(*rows, sep="\n")


if __name__ == "__main__":
    main()
