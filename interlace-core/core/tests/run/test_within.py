from __future__ import annotations

import pytest

from interlace.model.definition import SqlBody
from interlace.model.sql_text import find_variables
from interlace.run.within import stays_within

PART = "at >= $start AND at < $end"


def shows(text: str, dialect: str = "duckdb") -> bool:
    return stays_within(SqlBody(text, 1, variables=find_variables(text, dialect)), "at", dialect)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * FROM events WHERE {PART}",
        f"SELECT id, at FROM events WHERE {PART}",
        f"SELECT id, at FROM events WHERE ({PART}) AND (id > 1 OR id < 0)",
        f"SELECT *, id + 1 AS next FROM events WHERE {PART} ORDER BY at LIMIT 3",
        "SELECT id, happened AS at FROM events WHERE happened >= $start AND happened < $end",
        "SELECT e.at, d.name FROM events e LEFT JOIN days d ON d.day = e.day WHERE e.at >= $start AND $end > e.at",
        "SELECT id, at FROM events WHERE $start <= at AND at < $end AND kind = 'a'",
        f"SELECT at, count(*) AS n FROM events WHERE {PART} GROUP BY at",
        f"WITH e AS (SELECT * FROM events) SELECT * FROM e WHERE {PART}",
        f"SELECT * FROM (SELECT * FROM a UNION ALL SELECT * FROM b) AS e WHERE {PART} -- the end",
    ],
)
def test_a_plain_column_between_the_bounds_is_shown_to_be_within(text, dialect):
    assert shows(text, dialect)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM events",
        "SELECT * FROM events WHERE at >= $start",
        "SELECT * FROM events WHERE at >= $start AND at <= $end",
        "SELECT * FROM events WHERE at >= $start OR at < $end",
        "SELECT * FROM events WHERE NOT (at >= $start AND at < $end)",
        "SELECT * FROM events WHERE at BETWEEN $start AND $end",
        "SELECT * FROM events WHERE at >= $start - INTERVAL 1 DAY AND at < $end",
        "SELECT * FROM events WHERE other >= $start AND other < $end",
        "SELECT at + INTERVAL 1 DAY AS at FROM events WHERE at >= $start AND at < $end",
        "SELECT happened AS at FROM events WHERE at >= $start AND at < $end",
        "SELECT date_trunc('day', happened) AS at FROM events WHERE happened >= $start AND happened < $end",
        "SELECT other AS happened, happened AS at FROM events WHERE happened >= $start AND happened < $end",
        "SELECT * REPLACE (now() AS at) FROM events WHERE at >= $start AND at < $end",
        "SELECT * EXCLUDE (at) FROM events WHERE at >= $start AND at < $end",
        "SELECT *, other AS at FROM events WHERE at >= $start AND at < $end",
        "SELECT * FROM events JOIN days USING (day) WHERE at >= $start AND at < $end",
        "SELECT e.at FROM events e JOIN days d ON d.day = e.day WHERE d.at >= $start AND d.at < $end",
        "SELECT * FROM events WHERE at >= $start AND at < $end UNION ALL SELECT * FROM more",
        "SELECT * FROM (SELECT * FROM events WHERE at >= $start AND at < $end) AS e",
        "SELECT at, count(*) AS n FROM events WHERE at >= $start AND at < $end GROUP BY ROLLUP (at)",
        "SELECT at FROM events WHERE at >= $start AND at < $end GROUP BY GROUPING SETS ((at), ())",
        "SELECT * FROM events PIVOT (sum(v) FOR k IN (1, 2)) WHERE at >= $start AND at < $end",
        'SELECT at FROM events WHERE "At" >= $start AND "At" < $end',
        "SELECT is no SQL at all ( $start $end",
    ],
)
def test_anything_else_is_not(text):
    assert not shows(text)
