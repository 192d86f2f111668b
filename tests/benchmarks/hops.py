"""From a model's end to its child's start: what a run adds between two models that share no transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from statistics import median, quantiles

from bench import Bench
from measure import interlace, spend
from table import Row

__all__ = ["hops"]


def hops(bench: Bench) -> Iterator[Row]:
    """A chain of models, each in a transaction of its own: the gaps between them, by the run's own events."""
    length = bench.size(200)
    root = bench.project("hops", {f"m{number:04}": _query(number) for number in range(length)})
    spend(interlace("run"), root)
    gaps = _gaps(root)
    yield Row(
        what=f"from a model's end to its child's start, {length} models in a chain, embedded: p50",
        measured=f"{median(gaps):.2f} ms (p99 {quantiles(gaps, n=100)[98]:.2f} ms)",
        judged=median(gaps),
        goal=5,
        unit=" ms",
        numbers={"p50": median(gaps), "p99": quantiles(gaps, n=100)[98], "gaps": len(gaps)},
    )


def _query(number: int) -> str:
    # A model with a timeout shares its transaction with nobody.
    return "-- @timeout: 60\n" + (f"SELECT id + 1 AS id FROM m{number - 1:04}" if number else "SELECT 1 AS id")


def _gaps(root: Path) -> list[float]:
    """Milliseconds between the end of each model and the start of the next."""
    (log,) = (root / ".interlace" / "logs").glob("run-*.jsonl")
    events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    ended: datetime | None = None
    gaps = []
    for event in events:
        if event["type"] == "model_finished":
            ended = datetime.fromisoformat(event["at"])
        elif event["type"] == "model_started" and ended is not None:
            gaps.append((datetime.fromisoformat(event["at"]) - ended).total_seconds() * 1000)
    return gaps
