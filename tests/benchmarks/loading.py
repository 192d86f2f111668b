"""Loading a project: cold, and with one file edited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from bench import Bench, forget
from measure import Cost
from projects import small_tables
from table import Row

__all__ = ["load"]

COMMAND = ("list", "--format", "names")


def load(bench: Bench) -> Iterator[Row]:
    """``interlace list``, less the same in a project of one trivial model."""
    one = bench.one()
    sizes = [bench.size(n) for n in (1_000, 10_000)]
    roots = [bench.project(f"load_{n}", small_tables(n)) for n in sizes]
    base, cold, many = bench.best(bench.cold(one, *COMMAND), *(bench.cold(root, *COMMAND) for root in roots))
    warm_base, warm = bench.best(_edited(bench, one), _edited(bench, roots[0]))
    rows = [
        (f"load {sizes[0]:,} models cold", cold, base, 1.0, 0.8),
        (f"load {sizes[1]:,} models cold", many, base, 8.0, 6.0),
        (f"load with one file edited among {sizes[0]:,}", warm, warm_base, 0.25, 0.1),
    ]
    for what, cost, fixed, goal, stretch in rows:
        work = cost.cpu - fixed.cpu
        yield Row(
            what=what,
            measured=f"{work:.2f} s (whole {cost.cpu:.2f})",
            judged=work,
            goal=goal,
            stretch=stretch,
            unit=" s",
            numbers={"whole": cost.cpu, "fixed": fixed.cpu, "peak": cost.peak},
        )


def _edited(bench: Bench, root: Path) -> Callable[[], Cost]:
    """The command after one file of a project that was loaded before was edited."""
    forget(root)
    bench.age(root)
    bench.warm(root, *COMMAND)()
    file = max((root / "models").iterdir())
    numbers = iter(range(1, 1_000))

    def measured() -> Cost:
        file.write_text(f"SELECT {next(numbers)} AS id\n", encoding="utf-8")
        return bench.warm(root, *COMMAND)()

    return measured
