from __future__ import annotations

import pytest

from interlace.contracts.read_only_sql import require_reading
from interlace.errors import WriteRefused

READS = [
    ("duckdb", "SELECT 1"),
    ("duckdb", "FROM t"),
    ("duckdb", "VALUES (1)"),
    ("duckdb", "WITH a AS (SELECT 1) SELECT * FROM a UNION ALL SELECT 2"),
    ("duckdb", "(SELECT 1)"),
    ("duckdb", "DESCRIBE t"),
    ("duckdb", "SUMMARIZE t"),
    ("duckdb", "PIVOT t ON a USING sum(b)"),
    ("duckdb", "SELECT 'INSERT INTO t VALUES (1)' AS text -- DROP TABLE t"),
    ("duckdb", "SELECT 1;"),
    ("postgres", "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a"),
    ("postgres", "SELECT currval('s')"),
]
WRITES = [
    ("duckdb", "INSERT INTO t VALUES (1)"),
    ("duckdb", "UPDATE t SET a = 1"),
    ("duckdb", "DELETE FROM t"),
    ("duckdb", "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE"),
    ("duckdb", "CREATE TABLE u AS SELECT 1"),
    ("duckdb", "CREATE TEMP TABLE u AS SELECT 1"),
    ("duckdb", "/* only reads */ DROP TABLE t"),
    ("duckdb", "ALTER TABLE t ADD COLUMN b INT"),
    ("duckdb", "TRUNCATE t"),
    ("duckdb", "COPY t TO 'x.csv'"),
    ("duckdb", "ATTACH 'x.duckdb' AS x"),
    ("duckdb", "CALL f()"),
    ("duckdb", "PRAGMA x"),
    ("duckdb", "SET threads = 1"),
    ("duckdb", "CHECKPOINT"),
    ("duckdb", "VACUUM"),
    ("duckdb", "EXPORT DATABASE 'x'"),
    ("duckdb", "BEGIN"),
    ("duckdb", "COMMIT"),
    ("duckdb", "EXPLAIN ANALYZE INSERT INTO t VALUES (1)"),
    ("duckdb", "SELECT nextval('s')"),
    ("duckdb", "SELECT NEXTVAL('s')"),
    ("duckdb", "FROM postgres_execute('a', 'DROP TABLE t')"),
    ("duckdb", "SELECT 1; DROP TABLE t"),
    ("duckdb", "SELEC 1"),
    ("duckdb", ""),
    ("duckdb", "-- nothing"),
    ("postgres", "SELECT * INTO u FROM t"),
    ("postgres", "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone"),
    ("postgres", "SELECT * FROM (WITH made AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM made) AS x"),
    ("postgres", "SELECT * FROM t FOR UPDATE"),
    ("postgres", "SELECT set_config('default_transaction_read_only', 'off', false)"),
    ("postgres", "SELECT pg_terminate_backend(1)"),
    ("postgres", "SELECT pg_catalog.set_config('default_transaction_read_only', 'off', false)"),
    ("postgres", "SET default_transaction_read_only = off"),
    ("postgres", "DO $$ BEGIN DELETE FROM t; END $$"),
    ("postgres", "NOTIFY x"),
    ("postgres", "LOCK TABLE t"),
    ("postgres", "GRANT SELECT ON t TO u"),
    ("postgres", "REFRESH MATERIALIZED VIEW v"),
    ("postgres", "COPY t FROM STDIN"),
    ("mysql", "REPLACE INTO t VALUES (1)"),
    ("bigquery", "EXPORT DATA OPTIONS(uri='x') AS SELECT 1"),
]


@pytest.mark.parametrize(("dialect", "sql"), READS)
def test_what_only_reads_is_let_through(dialect, sql):
    require_reading(sql, dialect, "crm")


@pytest.mark.parametrize(("dialect", "sql"), WRITES)
def test_what_writes_or_may_write_is_refused(dialect, sql):
    with pytest.raises(WriteRefused, match="The connection 'crm' is 'access: read': "):
        require_reading(sql, dialect, "crm")


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("insert into t values (1)", "INSERT is no query"),
        ("-- note\ndrop table t", "DROP is no query"),
        ("SELEC 1", "cannot be parsed"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("SELECT nextval('s')", "the function nextval does more than read"),
    ],
)
def test_the_refusal_says_why(sql, said):
    with pytest.raises(WriteRefused, match=said):
        require_reading(sql, "duckdb", "crm")
