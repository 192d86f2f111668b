"""Projects of many small tables: the first run, and what it costs by the model."""

from __future__ import annotations

from collections.abc import Iterator

from bench import Bench
from projects import DATABASE, small_tables
from table import Row

__all__ = ["first_run", "per_model"]

SMALL_BLOCKS = 65_536


def first_run(bench: Bench) -> Iterator[Row]:
    """The first run of 1,000 small tables, beside the loop with DuckDB's own block size.

    The loop with our block size is shown too, without a goal: it is what only the engine and the transactions gain.
    """
    count = bench.size(1_000)
    many, one = bench.project("first", small_tables(count)), bench.one()
    words = ("statements", "bare.sql", DATABASE)
    run, run_one, loop, loop_one, small, small_one = bench.best(
        bench.cold(many, "run"),
        bench.cold(one, "run"),
        bench.bare(many, *words),
        bench.bare(one, *words),
        bench.bare(many, *words, SMALL_BLOCKS),
        bench.bare(one, *words, SMALL_BLOCKS),
    )
    work = run.cpu - run_one.cpu
    for name, bare, bare_one in (("default blocks", loop, loop_one), ("64 KiB blocks", small, small_one)):
        bare_work = bare.cpu - bare_one.cpu
        yield Row(
            what=f"first run of {count:,} small tables; bare loop with {name}",
            measured=f"{work:.2f} s (whole {run.cpu:.2f})",
            bare=f"{bare_work:.2f} s (whole {bare.cpu:.2f})",
            ratio=work / bare_work,
            judged=work / bare_work if bare is loop else None,
            goal=1.0,
            stretch=0.85,
            unit="×",
            numbers={"whole": run.cpu, "fixed": run_one.cpu, "bare": bare.cpu, "bare_fixed": bare_one.cpu},
        )
    yield Row(
        what="fixed part: first run of one trivial model",
        measured=f"{run_one.cpu:.2f} s",
        bare=f"{loop_one.cpu:.2f} s",
        ratio=run_one.cpu / loop_one.cpu,
        numbers={"cpu": run_one.cpu, "peak": run_one.peak},
    )


def per_model(bench: Bench) -> Iterator[Row]:
    """What one model of a first run costs in projects of three sizes; flat means within a quarter from 1,000 to 10,000.

    A hundred models cost less than the fixed part varies: their row only informs.
    """
    one = bench.one()
    sizes = [bench.size(n) for n in (100, 1_000, 10_000)]
    roots = [bench.project(f"first_{n}", small_tables(n)) for n in sizes]
    words = ("statements", "bare.sql", DATABASE)
    run_one, loop_one, *costs = bench.best(
        bench.cold(one, "run"),
        bench.bare(one, *words),
        *(measured for root in roots for measured in (bench.cold(root, "run"), bench.bare(root, *words))),
    )
    runs, loops = costs[::2], costs[1::2]
    each = [(run.cpu - run_one.cpu) / count for run, count in zip(runs, sizes, strict=True)]
    for i, (count, run, loop) in enumerate(zip(sizes, runs, loops, strict=True)):
        bare = (loop.cpu - loop_one.cpu) / count
        yield Row(
            what=f"cost per model, first run of {count:,}",
            measured=f"{each[i] * 1e3:.2f} ms",
            bare=f"{bare * 1e3:.2f} ms",
            ratio=each[i] / bare,
            judged=each[2] / each[1] if i == len(sizes) - 1 else None,
            goal=1.25,
            unit=f"× that of {sizes[1]:,}",
            numbers={"whole": run.cpu, "bare": loop.cpu, "peak": run.peak},
        )
