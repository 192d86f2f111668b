from __future__ import annotations

import pytest
import sqlglot

from interlace.migrate.touching import changes, is_understood


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(
    ("sql", "acts"),
    [
        ("CREATE TABLE a (x int REFERENCES b (x))", [("make", "a", None)]),
        ("CREATE OR REPLACE TABLE s.a AS SELECT * FROM b", [("remake", "s.a", None)]),
        ("CREATE OR REPLACE VIEW a AS SELECT * FROM b", [("make", "a", None)]),
        ("CREATE INDEX i ON a (x)", [("dress", "a", None)]),
        ("DROP TABLE IF EXISTS a", [("drop", "a", None)]),
        ("DROP VIEW a", [("drop_view", "a", None)]),
        ("DROP INDEX i", [("dress", "i", None)]),
        ("TRUNCATE TABLE a", [("empty", "a", None)]),
        ("DELETE FROM a", [("empty", "a", None)]),
        ("DELETE FROM a WHERE x = 1", [("write", "a", None)]),
        ("UPDATE a SET x = 1", [("write", "a", None)]),
        ("INSERT INTO a SELECT * FROM b", [("write", "a", None)]),
        ("WITH c AS (DELETE FROM a RETURNING *) INSERT INTO b SELECT * FROM c", [("write", "b", None), ("empty", "a", None)]),
        ("ALTER TABLE a ADD COLUMN x int", [("add_column", "a", "x")]),
        ("ALTER TABLE a DROP COLUMN x", [("drop_column", "a", "x")]),
        ("ALTER TABLE a RENAME COLUMN x TO y", [("rename_column", "a", "x")]),
        ("ALTER TABLE a RENAME x TO y", [("rename_column", "a", "x")]),
        ("ALTER TABLE a RENAME TO b", [("rename", "a", None)]),
        ("ALTER TABLE a ALTER COLUMN x TYPE INT", [("change_type", "a", "x")]),
        ("ALTER TABLE a ALTER COLUMN x SET NOT NULL", [("change", "a", None)]),
        ("COMMENT ON TABLE a IS 'b'", [("dress", "a", None)]),
        ("GRANT SELECT ON a TO b", [("dress", "a", None)]),
        ("COPY a FROM 'b.csv'", [("write", "a", None)]),
        ("COPY a TO 'b.csv'", []),
        ("SELECT * FROM a", []),
    ],
)  # fmt: skip
def test_a_statement_says_what_it_does_to_which_table(sql, acts, dialect):
    tree = sqlglot.parse_one(sql, dialect=dialect)

    assert is_understood(tree)
    found = [(a.change, ".".join(p.name for p in a.table.parts), a.column) for a in changes(tree, dialect)]
    assert acts == found


@pytest.mark.parametrize(
    "sql", ["CREATE SEQUENCE s", "CREATE FUNCTION f() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", "VACUUM a", "CREATE TYPE t AS ENUM ('a')"]
)  # fmt: skip
def test_what_cannot_be_told_is_not_understood(sql):
    assert not is_understood(sqlglot.parse_one(sql, dialect="postgres"))
