"""Loads and checks in bare DuckDB, and the data they work on: a child process of the benchmarks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import duckdb

FIRST_DAY: Final = date(2020, 1, 1)

CUSTOMERS: Final = (
    "range AS id, 'customer ' || range AS name, 'city ' || (range % 997) AS city, CAST((range % 10007) * 0.5 AS DOUBLE) AS amount, "
    "TIMESTAMP '2024-01-01' + INTERVAL (range % 86400) SECOND AS changed_at"
)

CHECKED: Final = """
SELECT count(*),
  count(*) FILTER (WHERE id IS NULL),
  count(*) FILTER (WHERE kind IS NULL),
  count(*) FILTER (WHERE happened_at IS NULL),
  count(*) FILTER (WHERE amount < 0 OR amount > 1000000),
  count(*) FILTER (WHERE id < 0),
  count(*) FILTER (WHERE kind NOT IN ('a', 'b', 'c', 'd')),
  count(*) FILTER (WHERE NOT regexp_full_match(code, '[A-Z]-[0-9]+')),
  count(*) FILTER (WHERE NOT (amount >= 0 OR kind = 'd')),
  count(*) FILTER (WHERE NOT (happened_at >= TIMESTAMP '2020-01-01'))
FROM events
"""


def make_merge(rows: str, batch: str, database: str) -> None:
    """`customers`, and `changes`: half of them of rows that are there, half new."""
    half = int(batch) // 2
    step = int(rows) // half
    with duckdb.connect(database) as connection:
        connection.execute(f"CREATE TABLE customers AS SELECT {CUSTOMERS} FROM range({rows})")
        connection.execute(
            f"CREATE TABLE changes AS SELECT * REPLACE (amount + 1 AS amount) FROM customers WHERE id % {step} = 0 LIMIT {half}"
        )
        connection.execute(f"INSERT INTO changes SELECT {CUSTOMERS} FROM range({rows}, {rows} + {half})")


def merge(database: str) -> None:
    """Delete and insert by key."""
    with duckdb.connect(database) as connection:
        connection.execute("BEGIN")
        connection.execute("DELETE FROM customers WHERE id IN (SELECT id FROM changes)")
        connection.execute("INSERT INTO customers SELECT * FROM changes")
        connection.execute("COMMIT")


def merge_compared(database: str) -> None:
    """As `merge`, but what did not change is not written, as `loading.md` 13 demands of every load."""
    columns = ("name", "city", "amount", "changed_at")
    differs = " OR ".join(f"s.{c} IS DISTINCT FROM t.{c}" for c in columns)
    with duckdb.connect(database) as connection:
        connection.execute("BEGIN")
        connection.execute(
            "CREATE TEMP TABLE written AS SELECT s.*, t.id IS NOT NULL AS known FROM changes AS s "
            f"LEFT JOIN customers AS t ON t.id = s.id WHERE t.id IS NULL OR {differs}"
        )
        connection.execute("DELETE FROM customers AS t USING written AS w WHERE w.id = t.id AND w.known")
        connection.execute("INSERT INTO customers SELECT * EXCLUDE (known) FROM written")
        connection.execute("COMMIT")


def make_history(rows: str, changed: str, database: str) -> None:
    """`customers_history` with one open row for each, and `extract` in which some changed."""
    step = int(rows) // int(changed)
    with duckdb.connect(database) as connection:
        connection.execute(
            f"CREATE TABLE customers_history AS SELECT {CUSTOMERS}, TIMESTAMPTZ '2024-01-02 00:00:00+00' AS valid_from, "
            f"CAST(NULL AS TIMESTAMPTZ) AS valid_to FROM range({rows})"
        )
        connection.execute(
            f"CREATE TABLE extract AS SELECT id, name, city, CASE WHEN id % {step} = 0 THEN amount + 1 ELSE amount END AS amount, "
            "changed_at FROM customers_history"
        )


def history(database: str) -> None:
    """Close and open what changed, by delete and insert."""
    tracked = ("name", "city", "amount", "changed_at")
    differs = " OR ".join(f"e.{c} IS DISTINCT FROM h.{c}" for c in tracked)
    at = "TIMESTAMPTZ '2024-06-01 00:00:00+00'"
    with duckdb.connect(database) as connection:
        connection.execute("BEGIN")
        connection.execute(
            "CREATE TEMP TABLE changed AS SELECT e.*, h.id IS NOT NULL AS known FROM extract e "
            f"LEFT JOIN customers_history h ON h.id = e.id AND h.valid_to IS NULL WHERE h.id IS NULL OR {differs}"
        )
        connection.execute(
            f"CREATE TEMP TABLE closed AS SELECT * REPLACE ({at} AS valid_to) FROM customers_history "
            "WHERE valid_to IS NULL AND id IN (SELECT id FROM changed WHERE known)"
        )
        connection.execute(
            "DELETE FROM customers_history WHERE valid_to IS NULL AND id IN (SELECT id FROM changed WHERE known)"
        )
        connection.execute("INSERT INTO customers_history SELECT * FROM closed")
        connection.execute(
            f"INSERT INTO customers_history SELECT * EXCLUDE (known), {at}, CAST(NULL AS TIMESTAMPTZ) FROM changed"
        )
        connection.execute("COMMIT")


def make_days(rows: str, days: str, database: str) -> None:
    """`events`, in the order of their time, over so many days."""
    each = int(rows) // int(days)
    with duckdb.connect(database) as connection:
        connection.execute(
            "CREATE TABLE events AS SELECT range AS id, ['a', 'b', 'c', 'd'][1 + range % 4] AS kind, "
            "(range % 10007) * 0.5 AS amount, 'X-' || (range % 1000) AS code, "
            f"TIMESTAMP '{FIRST_DAY}' + INTERVAL (range * {86_400_000_000 // each}) MICROSECOND AS happened_at "
            f"FROM range({rows})"
        )


def backfill(days: str, database: str) -> None:
    """One statement for each day."""
    with duckdb.connect(database) as connection:
        connection.execute("CREATE TABLE daily AS SELECT * FROM events LIMIT 0")
        for number in range(int(days)):
            day = FIRST_DAY + timedelta(days=number)
            connection.execute(
                f"INSERT INTO daily SELECT * FROM events WHERE happened_at >= TIMESTAMP '{day}' "
                f"AND happened_at < TIMESTAMP '{day + timedelta(days=1)}'"
            )


def check(database: str) -> None:
    """Ten checks in one query."""
    with duckdb.connect(database) as connection:
        connection.execute(CHECKED).fetchall()


def nothing(database: str) -> None:
    """Open, one trivial table, close."""
    with duckdb.connect(database) as connection:
        connection.execute("CREATE OR REPLACE TABLE one AS SELECT 1 AS id")


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    command.__name__: command
    for command in (make_merge, merge, merge_compared, make_history, history, make_days, backfill, check, nothing)
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
