"""Queries that are all of a stored table: loads that compare read the table itself, not a copy of it."""

from __future__ import annotations

import pytest

from interlace.contracts.relation import Relation
from interlace.run.whole_table import whole_table

TABLE = Relation("raw", "main")


@pytest.fixture
def filled(session):
    session.execute("CREATE TABLE main.raw (id BIGINT, name VARCHAR)")
    session.execute("CREATE VIEW main.seen AS SELECT * FROM main.raw")
    return session


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM main.raw",
        'FROM "main"."raw"',
        "SELECT id, name FROM main.raw",
        "SELECT name, r.ID FROM main.raw AS r -- in another order",
    ],
)
def test_all_rows_and_columns_of_a_table_are_that_table(filled, query):
    assert TABLE == whole_table(query, filled)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM main.seen",
        "SELECT * FROM main.no_such",
        "SELECT * FROM raw",
        "SELECT * FROM temp.main.raw",
        "SELECT id FROM main.raw",
        "SELECT id, name, id FROM main.raw",
        "SELECT id, upper(name) AS name FROM main.raw",
        "SELECT name AS id, id AS name FROM main.raw",
        "SELECT * EXCLUDE (name) FROM main.raw",
        "SELECT * REPLACE (1 AS id) FROM main.raw",
        "SELECT DISTINCT * FROM main.raw",
        "SELECT * FROM main.raw WHERE id > 0",
        "SELECT * FROM main.raw LIMIT 1",
        "SELECT * FROM main.raw ORDER BY id",
        "SELECT * FROM main.raw USING SAMPLE 1 ROWS",
        "SELECT * FROM main.raw TABLESAMPLE 10%",
        "SELECT * FROM main.raw, main.raw AS other",
        "SELECT * FROM main.raw AS r(a, b)",
        "SELECT * FROM (SELECT * FROM main.raw)",
        "SELECT * FROM main.raw UNION ALL SELECT * FROM main.raw",
        "WITH main AS (SELECT 1) SELECT * FROM main.raw",
        "SELECT * FROM read_csv('raw.csv')",
        "SELECT * FROM main.raw AT (VERSION => 1)",
        "PIVOT main.raw ON name USING count(*)",
        "SELECT COLUMNS('i.*') FROM main.raw",
        "SELECT FROM WHERE",
    ],
)
def test_anything_else_is_computed_once(filled, query):
    assert whole_table(query, filled) is None
