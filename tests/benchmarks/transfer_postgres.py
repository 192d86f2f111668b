"""PostgreSQL to DuckDB and back, beside the fastest of ADBC, COPY and ATTACH.

What counts is the CPU of both sides, as in `loads_postgres`: the client's process, and the server's backends while it runs.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from bench import Bench
from loads_postgres import server_of
from measure import Cost, python
from table import Row

__all__ = ["small_on_postgres", "transfer_postgres"]

CHILD: Final = Path(__file__).with_name("bare_transfer.py")
BARE: Final = ("adbc", "copy", "attach")

WIDE: Final = (
    "CREATE TABLE wide AS SELECT g::bigint AS id, (g % 1000)::int AS a, (g * 0.37)::float8 AS b, 'customer ' || g AS c, "
    "'city ' || (g % 997) AS d, g % 7 = 0 AS e, timestamp '2024-01-01' + (g % 86400) * interval '1 s' AS f, "
    "date '2024-01-01' + (g % 365)::int AS h, ((g % 100000) * 0.01)::numeric(12,2) AS i, CASE WHEN g % 5 = 0 THEN NULL ELSE "
    "timestamptz '2024-01-01 00:00+00' + g * interval '1 ms' END AS j FROM generate_series(1, {rows}) AS g"
)


def transfer_postgres(bench: Bench) -> Iterator[Row]:
    """Five million rows of ten columns, each way."""
    rows = bench.size(5_000_000)
    folder = bench.folder / "transfer"
    folder.mkdir(exist_ok=True)
    with server_of() as server:
        one = "CREATE TABLE one AS SELECT * FROM wide LIMIT 1"
        server.make("base", (WIDE.format(rows=rows), one, "VACUUM ANALYZE", "CHECKPOINT"))
        for table in ("wide", "one"):
            server.cost(folder, python(CHILD, "copy", "in", server.url("work"), folder / f"{table}.duckdb", table))()
        for direction, what in (("in", "PostgreSQL to DuckDB"), ("back", "DuckDB to PostgreSQL")):
            ways = ("interlace", *BARE)
            wholes = [_measured(server, folder, way, direction, table) for way in ways for table in ("wide", "one")]
            costs = bench.best(*wholes)
            work = {way: costs[2 * n].cpu - costs[2 * n + 1].cpu for n, way in enumerate(ways)}
            ours = work.pop("interlace")
            best = min(work, key=lambda way: work[way])
            yield Row(
                what=f"{what}, {rows:,} rows of 10 columns, both sides",
                measured=f"{ours:.2f} s (whole {costs[0].cpu:.2f})",
                bare=f"{work[best]:.2f} s ({best})",
                ratio=ours / work[best],
                judged=ours / work[best],
                goal=1.2,
                unit="×",
                numbers={"interlace": ours, "peak": costs[0].peak, **work},
            )


def _measured(server: object, folder: Path, way: str, direction: str, table: str) -> Callable[[], Cost]:
    file = folder / "work.duckdb"
    cost = server.cost(folder, python(CHILD, way, direction, server.url("work"), file, table))  # type: ignore[attr-defined]

    def measured() -> Cost:
        file.unlink(missing_ok=True)
        if direction == "back":
            shutil.copyfile(folder / f"{table}.duckdb", file)
        return cost()

    return measured


def small_on_postgres(bench: Bench) -> Iterator[Row]:
    """A thousand small tables, beside the same statements through one psycopg connection; then all of them anew."""
    from loads_postgres import BARE as STATEMENTS
    from measure import interlace
    from projects import small_tables

    count = bench.size(1_000)
    many = {n: q.replace("range(10)", "generate_series(0, 9) AS range") for n, q in small_tables(count).items()}
    with server_of() as server:
        server.make("base", ("CHECKPOINT",))
        measured = []
        for name, tables in (("small-pg", many), ("small-pg-one", {"one": "SELECT 1 AS id"})):
            root = bench.project(name, tables)
            config = f"name: bench\nconnections:\n  default: {{type: postgres, url: '{server.url('work')}'}}\n"
            (root / "config.yaml").write_text(config, encoding="utf-8")
            made = [f"CREATE TABLE {table} AS {' '.join(sql.split())}" for table, sql in tables.items()]
            anew = [f"DROP TABLE {table}; {statement}" for table, statement in zip(tables, made, strict=True)]
            first, again = (_statements(root / f"{n}.sql", said) for n, said in (("made", made), ("anew", anew)))
            by_hand = python(STATEMENTS, server.url("work"), first)
            measured += [
                server.cost(root, interlace("run")),
                server.cost(root, by_hand),
                server.cost(root, interlace("run", "--force"), first=interlace("run")),
                server.cost(root, python(STATEMENTS, server.url("work"), again), first=by_hand),
            ]
        costs = bench.best(*measured)
    for number, what in ((0, f"first run of {count:,} small tables"), (2, f"{count:,} small tables, all made anew")):
        (run, hand), (run_one, hand_one) = costs[number : number + 2], costs[number + 4 : number + 6]
        work, bare = run.cpu - run_one.cpu, hand.cpu - hand_one.cpu
        yield Row(
            what=f"PostgreSQL: {what}",
            measured=f"{work:.2f} s (whole {run.cpu:.2f})",
            bare=f"{bare:.2f} s (whole {hand.cpu:.2f})",
            ratio=work / bare,
            judged=work / bare,
            goal=1.3,
            unit="×",
            numbers={"whole": run.cpu, "fixed": run_one.cpu, "bare": hand.cpu, "bare_fixed": hand_one.cpu},
        )


def _statements(file: Path, said: list[str]) -> Path:
    file.write_text("\n".join(said), encoding="utf-8")
    return file
