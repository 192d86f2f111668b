"""All benchmarks, as one table: ``python tests/benchmarks/run.py [--only NAME …] [--quick] [--json FILE]``.

Figures are CPU seconds, user and system, of whole processes as a user starts them, the best of some repeats that are
taken in turns with those of bare DuckDB.  Ratios are of work: the process less the same command on a project of one
trivial model, on both sides.
"""

from __future__ import annotations

import argparse
import compileall
import os
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from again import nothing_changed, one_leaf
from bench import Bench
from hops import hops
from loading import load
from loads import backfill, checks, history, merge
from loads_postgres import history_on_postgres, merge_on_postgres
from measure import Refused
from objects_s3 import objects_s3
from promote_postgres import promote_on_postgres
from python_models import batches, dicts
from small import first_run, per_model
from starting import one_changed, version
from table import Row, printed, save
from tpch import tpch
from transfer_postgres import small_on_postgres, transfer_postgres
from understanding import lineage, plan_changed

__all__ = ["BENCHMARKS", "cache", "compile_everything", "main"]

Benchmark = Callable[[Bench], Iterable[Row]]

BENCHMARKS: dict[str, Benchmark] = {
    "version": version,
    "one": one_changed,
    "first": first_run,
    "per-model": per_model,
    "again": nothing_changed,
    "leaf": one_leaf,
    "plan-changed": plan_changed,
    "lineage": lineage,
    "load": load,
    "tpch": tpch,
    "dicts": dicts,
    "batches": batches,
    "merge": merge,
    "history": history,
    "merge-pg": merge_on_postgres,
    "history-pg": history_on_postgres,
    "small-pg": small_on_postgres,
    "pg-transfer": transfer_postgres,
    "promote-pg": promote_on_postgres,
    "s3": objects_s3,
    "backfill": backfill,
    "checks": checks,
    "hops": hops,
}


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the table, and say by the exit code whether every goal was reached."""
    asked = _parser().parse_args(words)
    compile_everything()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="interlace-bench-") as folder:
        bench = Bench(Path(folder), cache(), asked.repeats, asked.quick)
        for name in asked.only or BENCHMARKS:
            print(f"{name} …", file=sys.stderr, flush=True)
            rows.extend(_measured(name, BENCHMARKS[name], bench))
    print(f"CPU seconds, the best of {asked.repeats}; Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    print(printed(rows))
    if asked.json:
        save(rows, asked.json)
    return 1 if any(row.held == "NO" for row in rows) else 0


def cache() -> Path:
    """Where generated data is kept between runs; outside the repository."""
    return Path(os.environ.get("INTERLACE_BENCH_CACHE") or Path(tempfile.gettempdir()) / "interlace-bench-cache")


def _measured(name: str, benchmark: Benchmark, bench: Bench) -> list[Row]:
    try:
        return list(benchmark(bench))
    except Refused as error:
        print(error, file=sys.stderr)
        return [Row(what=name, measured="failed", judged=1, goal=0)]


def compile_everything() -> None:
    """Write the byte code that an installer would have written, so that no child pays for it."""
    folders = {sysconfig.get_path("purelib"), *(p for p in sys.path if "site-packages" not in p and p.endswith("/src"))}
    for folder in sorted(folders):
        compileall.compile_dir(folder, quiet=2, workers=0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Measure Interlace beside bare DuckDB.")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--repeats", type=int, default=5, help="the best of so many (5)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the numbers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
