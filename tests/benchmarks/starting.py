"""What it costs to start: ``--version``, and one changed trivial model, as whole processes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

from bench import Bench
from measure import Cost, interlace, spend
from table import Row

__all__ = ["one_changed", "version"]


def version(bench: Bench) -> Iterator[Row]:
    """``interlace --version`` against ``python -c pass``."""
    folder = bench.one()
    # Milliseconds: thirty of each in one measurement.
    ours, bare = bench.best(
        lambda: _many(lambda: spend(interlace("--version"), folder)),
        lambda: _many(lambda: spend([sys.executable, "-c", "pass"], folder)),
    )
    yield Row(
        what="interlace --version; python -c pass",
        measured=f"{ours.cpu * 1e3:.1f} ms",
        bare=f"{bare.cpu * 1e3:.1f} ms",
        ratio=ours.cpu / bare.cpu,
        judged=ours.cpu / bare.cpu,
        goal=4,
        unit="×",
        numbers={"cpu": ours.cpu, "bare": bare.cpu},
    )


def one_changed(bench: Bench) -> Iterator[Row]:
    """One trivial model, run once, then edited: the whole process of the run that rebuilds it."""
    root = bench.one()
    numbers = iter(range(2, 1_000))
    bench.warm(root, "run")()

    def edited() -> Cost:
        (root / "models" / "one.sql").write_text(f"SELECT {next(numbers)} AS id\n", encoding="utf-8")
        cost = bench.warm(root, "run")()
        if "1 succeeded" not in cost.output:
            raise AssertionError(cost.output)
        return cost

    (run,) = bench.best(edited)
    yield Row(
        what="one changed trivial model, whole process",
        measured=f"{run.cpu:.2f} s",
        judged=run.cpu,
        goal=0.6,
        stretch=0.4,
        unit=" s",
        numbers={"cpu": run.cpu, "peak": run.peak},
    )


def _many(measure: Callable[[], Cost], times: int = 30) -> Cost:
    costs = [measure() for _ in range(times)]
    return Cost(sum(c.cpu for c in costs) / times, max(c.peak for c in costs))
