"""The projects that are measured: written anew for each benchmark, the same on every machine."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping
from pathlib import Path

__all__ = ["LAYERS", "Tables", "deep_queries", "small_tables", "trivial", "write_project"]

LAYERS = 20
CONFIG = "name: {name}\nconnections:\n  default: {{type: duckdb, path: {database}}}\n"
DATABASE = "bench.duckdb"

Tables = Mapping[str, str]
"""Queries by the names of their models, parents first."""


def small_tables(count: int) -> dict[str, str]:
    """`count` queries of ten rows each in 20 layers; each but those of the first reads two of the layer above."""
    # The same graph each time.
    choose = random.Random(1)
    width = max(1, count // LAYERS)
    found: dict[str, str] = {}
    for layer in range(LAYERS):
        for i in range(width):
            found[f"m_{layer:02d}_{i:05d}"] = _query(layer, i, width, choose)
    return found


def _query(layer: int, i: int, width: int, choose: random.Random) -> str:
    if layer == 0:
        return f"SELECT range AS id, range * {i + 1} AS v FROM range(10)"
    first, second = choose.randrange(width), choose.randrange(width)
    if first == second:
        second = (second + 1) % width
    a, b = (f"m_{layer - 1:02d}_{parent:05d}" for parent in (first, second))
    return f"SELECT a.id, a.v + b.v AS v FROM {a} AS a JOIN {b} AS b ON a.id = b.id"


def deep_queries(count: int) -> dict[str, str]:
    """`count` queries in 20 layers, each but those of the first with two CTEs, a join, an aggregate and a window."""
    choose = random.Random(1)
    width = max(1, count // LAYERS)
    found: dict[str, str] = {}
    for layer in range(LAYERS):
        for i in range(width):
            parents = [f"m_{layer - 1:02d}_{choose.randrange(width):05d}" for _ in range(2)]
            found[f"m_{layer:02d}_{i:05d}"] = _deep(i, *parents) if layer else _deep_root(i)
    return found


def _deep_root(i: int) -> str:
    return f"SELECT range AS id, range % 3 AS kind, range * {i + 1} AS v, range + 1 AS w FROM range(10)"


def _deep(i: int, first: str, second: str) -> str:
    return f"""WITH kept AS (
    SELECT id, kind, v, w FROM {first} WHERE v >= {i % 7}
),
summed AS (
    SELECT id, sum(v) AS v, max(w) AS w FROM {second} GROUP BY id
)
SELECT
    kept.id,
    kept.kind,
    kept.v + summed.v AS v,
    row_number() OVER (PARTITION BY kept.kind ORDER BY summed.w, kept.id) AS w
FROM kept
JOIN summed ON kept.id = summed.id"""


def trivial() -> dict[str, str]:
    """One query of one row."""
    return {"one": "SELECT 1 AS id"}


def write_project(root: Path, tables: Tables, more: str = "", database: str = DATABASE) -> Path:
    """A project of SQL models in an empty folder, and beside it ``bare.sql`` with the same statements.

    Args:
        root: the folder; what is in it is deleted.
        tables: the models.
        more: of ``config.yaml``.
        database: the path of the DuckDB file.
    """
    shutil.rmtree(root, ignore_errors=True)
    (root / "models").mkdir(parents=True)
    (root / "config.yaml").write_text(CONFIG.format(name="bench", database=database) + more, encoding="utf-8")
    for name, query in tables.items():
        (root / "models" / f"{name}.sql").write_text(query + "\n", encoding="utf-8")
    lines = "".join(f"CREATE OR REPLACE TABLE {name} AS {' '.join(q.split())}\n" for name, q in tables.items())
    (root / "bare.sql").write_text(lines, encoding="utf-8")
    return root
