"""What is known of a project before anything runs: columns that are followed, and plans of what was edited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from again import built
from bench import Bench
from measure import Cost, python, spend
from projects import deep_queries, small_tables
from table import Row

__all__ = ["lineage", "plan_changed"]

BARE: Final = Path(__file__).with_name("bare_lineage.py")


def lineage(bench: Bench) -> Iterator[Row]:
    """The columns of all of 1,000 models, cold and warm; then one column among 10,000 models, warm."""
    one = bench.one()
    count, many = bench.size(1_000), bench.size(10_000)
    root, large = bench.project("lineage", deep_queries(count)), bench.project("lineage_10", deep_queries(many))
    bench.age(root)
    bench.age(large)
    cold, cold_one, bare = bench.best(
        bench.cold(root, "lineage", "list"),
        bench.cold(one, "lineage", "list"),
        lambda: spend(python(BARE, "models"), root),
    )
    yield _row(f"columns of {count:,} models, cold", cold, cold_one, goal=3.0, bare=bare)
    asked = f"{list(deep_queries(many))[-1]}.v"
    words = ("lineage", "show", asked, "--depth", "1")
    bench.warm(large, *words)()
    warm, warm_one, column, column_one = bench.best(
        bench.warm(root, "lineage", "list"),
        bench.warm(one, "lineage", "list"),
        bench.warm(large, *words),
        bench.warm(one, "lineage", "show", "one.id", "--depth", "1"),
    )
    yield _row(f"columns of {count:,} models, warm", warm, warm_one, goal=0.1)
    yield _row(f"one column in {many:,} models, warm", column, column_one, goal=0.2)


def _row(what: str, run: Cost, one: Cost, *, goal: float, bare: Cost | None = None) -> Row:
    work = run.cpu - one.cpu
    return Row(
        what=what,
        measured=f"{work:.2f} s (whole {run.cpu:.2f})",
        bare="" if bare is None else f"{bare.cpu:.2f} s (parse and qualify)",
        ratio=None if bare is None else work / bare.cpu,
        judged=work,
        goal=goal,
        unit=" s",
        numbers={"whole": run.cpu, "fixed": one.cpu, "peak": run.peak},
    )


def plan_changed(bench: Bench) -> Iterator[Row]:
    """One file of 10,000 models that ran is edited: the whole process of the plan."""
    count = bench.size(10_000)
    root = built(bench, f"again_{count}", count)
    leaf = list(small_tables(count))[-2]
    query = small_tables(count)[leaf]
    numbers = iter(range(1, 1_000))

    def edited() -> Cost:
        (root / "models" / f"{leaf}.sql").write_text(f"{query} WHERE a.id >= -{next(numbers)}\n", encoding="utf-8")
        cost = bench.warm(root, "plan")()
        if "1 model to run" not in cost.output:
            raise AssertionError(cost.output)
        return cost

    (plan,) = bench.best(edited)
    (root / "models" / f"{leaf}.sql").write_text(f"{query}\n", encoding="utf-8")
    yield Row(
        what=f"plan, one of {count:,} changed, whole process",
        measured=f"{plan.cpu:.2f} s",
        judged=plan.cpu,
        goal=1.5,
        unit=" s",
        numbers={"cpu": plan.cpu, "peak": plan.peak},
    )
