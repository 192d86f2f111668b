"""Large tables between DuckDB and PostgreSQL, which DuckDB's extension moves: the same rows as by Arrow."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, InterlaceError
from interlace.run import transfer_direct, transfers
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection
from interlace_postgres.config import PostgresOptions
from interlace_postgres.connection import PostgresConnection

ROWS = """
SELECT g::bigint AS id, g::smallint AS small, g::int AS whole, (g * 0.37)::float8 AS f, (g * 0.5)::real AS r, 'é ' || g AS text,
  CASE WHEN g % 3 = 0 THEN NULL WHEN g % 3 = 1 THEN '' ELSE 'a' || chr(10) || '"b",''c' END AS odd, g % 2 = 0 AS truth,
  timestamp '1969-12-31 23:59:59.999999' + g * interval '1 hour' AS t, timestamptz '2024-03-31 00:30+00' + g * interval '1 hour' AS z,
  date '1582-10-15' + g::int AS d, ((g - 50) * 12345678901234567.89)::numeric(38,10) AS n, (g * 0.01 - 0.5)::numeric(4,2) AS cents,
  decode(md5(g::text), 'hex') AS b
FROM generate_series(1, 100) AS g
"""


@pytest.fixture
def sessions(postgres_url, tmp_path, monkeypatch):
    """A session of each engine; every table is worth the way that is tested here."""
    monkeypatch.setattr("interlace_duckdb.direct.WORTH", 1)
    monkeypatch.setattr("interlace_postgres.direct.WORTH", 1)
    server = PostgresConnection("server", PostgresOptions(url=postgres_url), root=tmp_path)
    local = DuckDBConnection("local", DuckDBOptions(path="w.duckdb"), root=tmp_path)
    with ExitStack() as stack:
        for connection in (server, local):
            stack.callback(connection.close)
        yield (stack.enter_context(closing(server.session())), stack.enter_context(closing(local.session())))


@pytest.fixture
def moved(monkeypatch):
    """What came of the attempts to move rows directly."""
    found = []
    original = transfer_direct.moved_directly

    def seen(*arguments):
        found.append(original(*arguments))
        return found[-1]

    monkeypatch.setattr(transfer_direct, "moved_directly", seen)
    return found


def copied(reading, writing, name, source, target):
    sql = f"SELECT * FROM {reading.name(source)}"
    return transfers.streamed(name, sql, reading.describe(sql), target, reading, writing, table=source)


def rows(session, relation):
    return session.fetch(f"SELECT * FROM {session.name(relation)} ORDER BY 1")


def test_a_table_goes_to_duckdb_and_back_as_by_arrow(sessions, moved):
    server, local = sessions
    source, there, back = Relation("wide", "public"), Relation("wide", "main"), Relation("back", "public")
    server.execute(f"CREATE TABLE wide AS {ROWS}")
    server.execute("ALTER TABLE wide ADD empty text")

    assert [100, 100] == [copied(server, local, "wide", source, there), copied(local, server, "wide", there, back)]
    assert [100, 100] == moved
    assert rows(server, source) == rows(server, back)
    assert server.columns(source) == server.columns(back)

    by_arrow = Relation("by_arrow", "main")
    reader = server.arrow("SELECT * FROM wide")
    local.load_arrow(by_arrow, iter(reader), reader.schema, temporary=False)
    assert rows(local, by_arrow) == rows(local, there)
    assert local.columns(by_arrow) == local.columns(there)
    assert [] == local.fetch("SELECT database_name FROM duckdb_databases() WHERE database_name LIKE '%door%'")
    assert [] == local.fetch("SELECT name FROM duckdb_secrets() WHERE name LIKE '%door%'")


def test_what_it_would_read_wrong_goes_by_arrow(sessions, moved):
    server, local = sessions
    server.execute("CREATE TABLE t AS SELECT 1 AS id, 1.25::numeric AS n")
    copied(server, local, "t", Relation("t", "public"), Relation("t", "main"))

    assert [None] == moved
    assert [(1, 1.25)] == [(i, float(n)) for i, n in rows(local, Relation("t", "main"))]


def test_a_nan_is_refused_and_nothing_is_left(sessions):
    server, local = sessions
    server.execute("CREATE TABLE t AS SELECT 1 AS id, 'NaN'::numeric(12,2) AS amount")

    with pytest.raises(InterlaceError, match="NaN in column 'amount'"):
        copied(server, local, "t", Relation("t", "public"), Relation("t", "main"))
    assert {} == local.catalogue(["main"])


def test_a_failure_in_the_middle_leaves_an_empty_table_at_most(sessions):
    server, local = sessions
    local.execute(
        "CREATE TABLE t AS SELECT range AS id, 'a' || chr(CASE WHEN range = 9999 THEN 0 ELSE 65 END) AS x FROM range(10000)"
    )

    with pytest.raises(InterlaceError, match="NULL-byte"):
        copied(local, server, "t", Relation("t", "main"), Relation("t", "public"))
    assert [] == rows(server, Relation("t", "public"))


def test_a_password_is_in_no_error(sessions, tmp_path):
    _, local = sessions
    options = PostgresOptions(host="127.0.0.1", port=1, user="me", password="hunter2", database="x")
    door = PostgresConnection("gone", options, root=tmp_path).door()

    with pytest.raises(ConnectionFailure) as caught, local.reaching(door, write=False):
        pass
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__}"
    assert [] == local.fetch("SELECT name FROM duckdb_secrets() WHERE name LIKE '%door%'")
