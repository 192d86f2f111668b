"""Promotion on PostgreSQL, of tables of few rows and of many: it must not grow with them.

What counts is the CPU of both sides, as in `loads_postgres`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench import Bench
from loads_postgres import server_of
from measure import Cost, interlace
from table import Row

__all__ = ["promote_on_postgres"]

TABLES = 100
FEW = 100


def promote_on_postgres(bench: Bench) -> Iterator[Row]:
    """A hundred tables of 100 rows, and of 100,000; a million each would fill the disk that a benchmark is given."""
    many = bench.size(100_000)
    with server_of() as server:
        server.make("base", ("CHECKPOINT",))
        few_cost, many_cost = bench.best(_measured(bench, server, FEW), _measured(bench, server, many))
    yield Row(
        what=f"PostgreSQL: promotion of {TABLES} tables of {many:,} rows, beside such of {FEW}; both sides",
        measured=f"{many_cost.cpu:.2f} s",
        bare=f"{few_cost.cpu:.2f} s",
        ratio=many_cost.cpu / few_cost.cpu,
        judged=many_cost.cpu / few_cost.cpu,
        goal=1.2,
        unit="×",
        numbers={"many": many_cost.cpu, "few": few_cost.cpu},
    )


def _measured(bench: Bench, server: object, rows: int) -> Callable[[], Cost]:
    tables = {f"t{number}": f"SELECT g AS id FROM generate_series(1, {rows}) AS g" for number in range(TABLES)}
    root = bench.project(f"promote-{rows}", tables)
    url = server.url("work")  # type: ignore[attr-defined]
    (root / "config.yaml").write_text(
        f"name: bench\nconnections:\n  default: {{type: postgres, url: '{url}'}}\nenvironments:\n  prod:\n  dev:\n",
        encoding="utf-8",
    )
    promote = interlace("promote", "--from", "dev", "--to", "prod", "--yes")
    return server.cost(root, promote, first=interlace("run", "--env", "dev"))  # type: ignore[attr-defined,no-any-return]
