"""The 22 queries of TPC-H at scale 1 as models over tables that stand in the database."""

from __future__ import annotations

import json
from collections.abc import Iterator

from bench import BARE, Bench
from measure import python, spend
from projects import DATABASE
from table import Row

__all__ = ["TABLES", "queries", "tpch"]

TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
FIXED = {"q00": "SELECT count(*) AS n FROM region"}


def tpch(bench: Bench) -> Iterator[Row]:
    """All 22 as tables, less one count over the smallest table, on a copy of the same file."""
    scale = 0.1 if bench.quick else 1
    file = bench.data(f"tpch-{scale}.duckdb", "make_tpch", scale)
    more = "sources:\n" + "".join(f"  {name}: {{relation: main.{name}}}\n" for name in TABLES)
    many, one = bench.project("tpch", queries(bench), more), bench.project("tpch_fixed", FIXED, more)
    words = ("statements", "bare.sql", DATABASE)
    run, run_one, bare, bare_one = bench.best(
        bench.cold(many, "run", data=file),
        bench.cold(one, "run", data=file),
        bench.bare(many, *words, data=file),
        bench.bare(one, *words, data=file),
    )
    work, bare_work = run.cpu - run_one.cpu, bare.cpu - bare_one.cpu
    yield Row(
        what=f"22 TPC-H queries at scale {scale} as models",
        measured=f"{work:.2f} s (whole {run.cpu:.2f})",
        bare=f"{bare_work:.2f} s (whole {bare.cpu:.2f})",
        ratio=work / bare_work,
        judged=work / bare_work,
        goal=1.05,
        unit="×",
        numbers={"whole": run.cpu, "fixed": run_one.cpu, "bare": bare.cpu, "peak": run.peak, "bare_peak": bare.peak},
    )


def queries(bench: Bench) -> dict[str, str]:
    """The queries by the names of their models, as the extension has them."""
    said = spend(python(BARE, "tpch_queries"), bench.folder).output
    return {f"q{number:02d}": query for number, query in enumerate(json.loads(said), 1)}
