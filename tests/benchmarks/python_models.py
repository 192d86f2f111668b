"""Python models: a million dicts into a table, and five million rows through a function that takes and yields batches."""

from __future__ import annotations

from collections.abc import Iterator

from bench import Bench
from projects import DATABASE
from table import Row

__all__ = ["batches", "dicts"]

DICTS = """
import resource
from pathlib import Path

from interlace import model


@model(description="A list of dicts, and what the process held when it was made.")
def rows():
    made = [{{"id": i, "name": f"name {{i % 1000}}", "value": i * 0.5, "even": i % 2 == 0}} for i in range({count})]
    Path("held.txt").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    return made
"""

BATCHES = """
import pyarrow as pa
import pyarrow.compute as pc

from interlace import model


@model
def doubled(events: pa.RecordBatchReader):
    schema = events.schema.append(pa.field("double_value", pa.float64()))
    for batch in events:
        yield pa.RecordBatch.from_arrays([*batch.columns, pc.multiply(batch.column("value"), 2.0)], schema=schema)
"""

SOURCE = "sources:\n  events: {relation: main.events}\n"


def dicts(bench: Bench) -> Iterator[Row]:
    """The process less one of a trivial Python model's, and the memory above that of the rows themselves."""
    count = bench.size(1_000_000)
    many = bench.project("dicts", {})
    (many / "models" / "rows.py").write_text(DICTS.format(count=count), encoding="utf-8")
    one = bench.one()
    run, fixed, bare, made = bench.best(
        bench.cold(many, "run"),
        bench.cold(one, "run"),
        bench.bare(many, "dicts", count, DATABASE),
        bench.bare(many, "rows_only", count),
    )
    work = run.cpu - fixed.cpu
    numbers = {"whole": run.cpu, "fixed": fixed.cpu, "bare": bare.cpu, "rows_alone": made.cpu}
    yield Row(
        what=f"{count:,} dicts from a Python model to a table (making them: {made.cpu:.2f} s)",
        measured=f"{work:.2f} s (whole {run.cpu:.2f})",
        bare=f"{bare.cpu:.2f} s",
        ratio=work / bare.cpu,
        judged=work,
        goal=2.5,
        unit=" s",
        numbers=numbers,
    )
    held = int((many / "held.txt").read_text(encoding="utf-8")) / 1024
    yield Row(
        what="peak memory above the rows that the model holds",
        measured=f"{run.peak - held:.0f} MB (peak {run.peak:.0f})",
        bare=f"{bare.peak - made.peak:.0f} MB (peak {bare.peak:.0f})",
        judged=run.peak - held,
        goal=150,
        unit=" MB",
        numbers={"peak": run.peak, "held": held, "bare_peak": bare.peak},
    )


def batches(bench: Bench) -> Iterator[Row]:
    """A copy with one column more, against the same loop with bare Arrow, and the memory for twice as many rows."""
    count = bench.size(5_000_000)
    small, large = (bench.data(f"events-{n}.duckdb", "make_events", n) for n in (count, 2 * count))
    root = bench.project("batches", {}, SOURCE)
    (root / "models" / "doubled.py").write_text(BATCHES, encoding="utf-8")
    one = bench.one()
    run, fixed, bare, twice, bare_twice = bench.best(
        bench.cold(root, "run", data=small),
        bench.cold(one, "run"),
        bench.bare(root, "batches", DATABASE, data=small),
        bench.cold(root, "run", data=large),
        bench.bare(root, "batches", DATABASE, data=large),
    )
    work = run.cpu - fixed.cpu
    yield Row(
        what=f"{count:,} rows through a batch-wise Python model",
        measured=f"{work:.2f} s (whole {run.cpu:.2f})",
        bare=f"{bare.cpu:.2f} s",
        ratio=work / bare.cpu,
        judged=work / bare.cpu,
        goal=1.2,
        unit="×",
        numbers={"whole": run.cpu, "fixed": fixed.cpu, "bare": bare.cpu},
    )
    yield Row(
        what=f"its peak memory against the bare loop's; {2 * count:,} rows: {twice.peak:.0f} MB, bare {bare_twice.peak:.0f}",
        measured=f"{run.peak:.0f} MB",
        bare=f"{bare.peak:.0f} MB",
        ratio=run.peak / bare.peak,
        judged=max(run.peak - bare.peak, twice.peak - bare_twice.peak),
        goal=150,
        unit=" MB more",
        numbers={"peak": run.peak, "bare_peak": bare.peak, "twice": twice.peak, "bare_twice": bare_twice.peak},
    )
