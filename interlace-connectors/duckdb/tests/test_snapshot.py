"""Copies of a database file, and files that are read beside one."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, DatabaseLocked, UnsupportedCapability
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection

FACTS = """
CREATE TABLE t AS SELECT range AS a FROM range(1000);
CREATE VIEW v AS SELECT max(a) AS top FROM "main"."t";
CREATE SCHEMA s;
CREATE TABLE s.u AS SELECT 'x' AS b;
"""


@pytest.fixture
def connect(tmp_path):
    opened = []

    def made(path: str) -> DuckDBConnection:
        opened.append(DuckDBConnection("c", DuckDBOptions(path=path), root=tmp_path))
        return opened[-1]

    yield made
    for connection in opened:
        connection.close()


@pytest.fixture
def filled(tmp_path, connect):
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(FACTS)
    return connect("a.duckdb")


def look(path, query):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_closed_file_is_copied_byte_by_byte(filled, tmp_path):
    filled.copy_to(tmp_path / "b.duckdb")

    assert (tmp_path / "a.duckdb").read_bytes() == (tmp_path / "b.duckdb").read_bytes()


def test_a_file_that_this_process_has_open_is_copied_as_a_transaction_sees_it(filled, tmp_path):
    session, other = filled.session(), filled.session()
    with other.transaction():
        other.execute("INSERT INTO t VALUES (5000)")
        filled.copy_to(tmp_path / "b.duckdb")
    session.execute("INSERT INTO t VALUES (9000)")  # it can still be written to

    assert [(999, "x")] == look(tmp_path / "b.duckdb", "SELECT top, b FROM v, s.u")


def test_what_a_killed_process_left_beside_the_file_is_in_the_copy(filled, tmp_path):
    script = (
        "import duckdb, os; c = duckdb.connect('a.duckdb');"
        "c.execute('PRAGMA disable_checkpoint_on_shutdown'); c.execute('INSERT INTO t VALUES (7000)'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False)
    assert (tmp_path / "a.duckdb.wal").exists()
    filled.copy_to(tmp_path / "b.duckdb")

    assert [(7000,)] == look(tmp_path / "b.duckdb", "FROM v")


def test_a_file_that_another_process_writes_to_is_not_copied(filled, tmp_path):
    script = "import duckdb, sys; c = duckdb.connect('a.duckdb'); print(1, flush=True); sys.stdin.read()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(DatabaseLocked, match=f"is in use by process {other.pid}"):
            filled.copy_to(tmp_path / "b.duckdb")
        other.communicate()

    assert not (tmp_path / "b.duckdb").exists()


def test_a_copy_replaces_nothing(filled, tmp_path):
    (tmp_path / "b.duckdb").write_text("mine")
    with pytest.raises(ConnectionFailure, match="cannot be copied to"):
        filled.copy_to(tmp_path / "b.duckdb")

    assert "mine" == (tmp_path / "b.duckdb").read_text()


def test_a_file_that_is_not_there_is_not_copied(connect, tmp_path):
    with pytest.raises(ConnectionFailure, match="No such file"):
        connect("none.duckdb").copy_to(tmp_path / "b.duckdb")


def test_what_is_in_memory_has_no_file(connect, tmp_path):
    memory = connect(":memory:")

    assert not memory.capabilities.beside
    with pytest.raises(UnsupportedCapability):
        memory.copy_to(tmp_path / "b.duckdb")
    with pytest.raises(UnsupportedCapability):
        memory.read_beside({"x": tmp_path / "a.duckdb"})


def test_a_file_is_read_beside_another_and_its_views_read_their_own_tables(filled, connect, tmp_path):
    connection = connect("own.duckdb")
    connection.session().execute("CREATE TABLE t AS SELECT -1 AS a")
    connection.read_beside({"__interlace_prod": tmp_path / "a.duckdb"})
    session = connection.session()

    assert [(999,)] == session.fetch("FROM __interlace_prod.main.v")
    assert ["a"] == [c.name for c in session.columns(Relation("t", "main", "__interlace_prod"))]
    assert [Relation("t", "main")] == list(session.catalogue(["main"]))


def test_it_is_attached_again_when_the_connection_is_opened_again(filled, connect, tmp_path):
    connection = connect("own.duckdb")
    connection.read_beside({"other": tmp_path / "a.duckdb"})
    for _ in range(2):
        assert [(999,)] == connection.session().fetch("FROM other.main.v")
        connection.close()


def test_it_is_let_go_once_nobody_names_it(filled, connect, tmp_path):
    one, two = connect("own.duckdb"), connect("own.duckdb")
    for connection in (one, two):
        connection.read_beside({"other": tmp_path / "a.duckdb"})
        connection.open()
    one.read_beside({})
    assert [(999,)] == two.session().fetch("FROM other.main.v")
    two.read_beside({})

    filled.session().execute("INSERT INTO t VALUES (1)")  # which opens it for writing


def test_nothing_is_written_beside(filled, connect, tmp_path):
    connection = connect("own.duckdb")
    connection.read_beside({"other": tmp_path / "a.duckdb"})

    with pytest.raises(Exception, match="read-only"):
        connection.session().execute("INSERT INTO other.main.t VALUES (1)")


def test_a_file_that_is_gone_is_named(connect, tmp_path):
    connection = connect("own.duckdb")
    connection.read_beside({"other": tmp_path / "gone.duckdb"})

    with pytest.raises(ConnectionFailure, match=r"There is no file .*gone\.duckdb"):
        connection.session()
