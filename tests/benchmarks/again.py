"""Projects that ran before: nothing changed, one leaf changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import Bench
from measure import Cost
from projects import small_tables
from table import Row

__all__ = ["built", "nothing_changed", "one_leaf"]


def nothing_changed(bench: Bench) -> Iterator[Row]:
    """The same command again, as a whole process."""
    for full, goal, stretch in ((1_000, 0.1, 0.03), (10_000, 0.2, 0.06)):
        count = bench.size(full)
        root = built(bench, f"again_{count}", count)
        (run,) = bench.best(bench.warm(root, "run"))
        if "othing to do" not in run.output:
            raise AssertionError(run.output)
        yield Row(
            what=f"again, nothing changed, {count:,} models, whole process",
            measured=f"{run.cpu * 1e3:.0f} ms",
            judged=run.cpu,
            goal=goal,
            stretch=stretch,
            unit=" s",
            numbers={"cpu": run.cpu, "peak": run.peak},
        )


def one_leaf(bench: Bench) -> Iterator[Row]:
    """A model that nobody reads is edited: the whole process of the run that rebuilds it and nothing else."""
    count = bench.size(1_000)
    root = built(bench, f"again_{count}", count)
    leaf = list(small_tables(count))[-1]
    file = root / "models" / f"{leaf}.sql"
    query = small_tables(count)[leaf]
    numbers = iter(range(1, 1_000))

    def edited() -> Cost:
        file.write_text(f"{query} WHERE a.id >= -{next(numbers)}\n", encoding="utf-8")
        cost = bench.warm(root, "run")()
        if "1 succeeded" not in cost.output:
            raise AssertionError(cost.output)
        return cost

    (run,) = bench.best(edited)
    yield Row(
        what=f"one leaf of {count:,} changed, whole process",
        measured=f"{run.cpu:.2f} s",
        judged=run.cpu,
        goal=0.8,
        stretch=0.5,
        unit=" s",
        numbers={"cpu": run.cpu, "peak": run.peak},
    )


def built(bench: Bench, name: str, count: int) -> Path:
    """A project whose files are old, that ran, and that was told "nothing to do" once."""
    root = bench.folder / name
    if not (root / ".interlace").exists():
        bench.project(name, small_tables(count))
        bench.age(root)
        bench.warm(root, "run")()
    bench.warm(root, "run")()
    return root
