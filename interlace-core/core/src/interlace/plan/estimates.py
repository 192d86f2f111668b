"""What a plan will take, judged by what its models took before.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interlace.contracts.state import BuildRecord
    from interlace.plan.steps import Step

__all__ = ["BUILDS", "Estimate", "Estimates", "estimated", "parents_among"]

BUILDS: Final = 5
"""How many of a model's last builds are looked at."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one step will take.

    Attributes:
        rows: that it writes; None where no build told.
        seconds: the median of its last builds, times the intervals that it loads; None where there was none.
        builds: how many were looked at.
    """

    rows: int | None = None
    seconds: float | None = None
    builds: int = 0


@dataclass(frozen=True, slots=True)
class Estimates:
    """What a plan will take.

    Attributes:
        models: of each step.
        threads: how many models run at once.
        work: the seconds of all steps; None where nothing is known of any of them.
        elapsed: the seconds until the last of them ends, each after its parents; None likewise.
        saved: the seconds that the models took last time which are up to date now.
    """

    models: Mapping[str, Estimate]
    threads: int
    work: float | None
    elapsed: float | None
    saved: float | None

    @property
    def rows(self) -> int | None:
        """The rows of all steps of which they are known; None where they are of none."""
        known = [e.rows for e in self.models.values() if e.rows is not None]
        return sum(known) if known else None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The models of whose time nothing is known."""
        return tuple(name for name, e in self.models.items() if e.seconds is None)


def estimated(
    steps: Sequence[Step],
    history: Mapping[str, Sequence[BuildRecord]],
    parents: Mapping[str, Iterable[str]],
    threads: int,
    saved: Iterable[float | None],
) -> Estimates:
    """Judge a plan.

    Args:
        steps: parents first.
        history: the last builds of models.
        parents: for each step the steps that end before it begins.
        threads: how many models run at once.
        saved: what the models took last that are up to date.
    """
    models = {step.model: _of(step, history.get(step.model, ())) for step in steps}
    seconds = {name: e.seconds for name, e in models.items() if e.seconds is not None}
    kept = [s for s in saved if s is not None]
    return Estimates(
        models=models,
        threads=threads,
        work=sum(seconds.values()) if seconds else None,
        elapsed=_elapsed(list(models), seconds, parents, threads) if seconds else None,
        saved=sum(kept) if kept else None,
    )


def _of(step: Step, builds: Sequence[BuildRecord]) -> Estimate:
    """Only builds tell about a build, and those of a part nothing about a table that is made anew."""
    if step.action != "build" or step.fresh or not builds:
        return Estimate()
    times = len(step.intervals) or 1
    rows = [b.rows for b in builds if b.rows is not None]
    return Estimate(
        rows=round(median(rows) * times) if rows else None,
        seconds=median(b.seconds for b in builds) * times,
        builds=len(builds),
    )


def _elapsed(
    names: Sequence[str], seconds: Mapping[str, float], parents: Mapping[str, Iterable[str]], threads: int
) -> float:
    """When the last ends: whoever is ready first begins first, in the plan's order; what is unknown takes no time."""
    waits = {name: set(parents.get(name, ())) for name in names}
    readers: dict[str, list[str]] = {}
    for name, above in waits.items():
        for parent in above:
            readers.setdefault(parent, []).append(name)
    place = {name: i for i, name in enumerate(names)}
    ready = [(place[n], n) for n in names if not waits[n]]
    running: list[tuple[float, int, str]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < threads:
            at, name = heappop(ready)
            heappush(running, (now + seconds.get(name, 0.0), at, name))
        now, _, done = heappop(running)
        for reader in readers.get(done, ()):
            waits[reader].discard(done)
            if not waits[reader]:
                heappush(ready, (place[reader], reader))
    return now


def parents_among(steps: Sequence[Step], parents: Callable[[str], Iterable[str]]) -> dict[str, set[str]]:
    """For each step the steps above it, through models that do not run; each node is looked at once."""
    planned = {step.model for step in steps}
    above: dict[str, set[str]] = {}
    for step in steps:
        pending = [step.model]
        while pending:
            name = pending[-1]
            missing = [p for p in parents(name) if p not in planned and p not in above]
            if missing:
                pending.extend(missing)
                continue
            pending.pop()
            if name not in above:
                above[name] = {q for p in parents(name) for q in ([p] if p in planned else above[p])}
    return {step.model: above[step.model] for step in steps}
