"""Other databases, read under names of their own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import psycopg
import pytest

from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, DatabaseLocked, QueryFailed
from interlace_duckdb import packages
from interlace_duckdb.connection import DuckDBConnection

Connect = Callable[..., DuckDBConnection]


def _needs(name: str) -> None:
    pytest.importorskip(f"duckdb_extension_{name}")


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    _needs("sqlite_scanner")
    file = tmp_path / "crm.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE customers (id INTEGER, name TEXT)")
    connection.execute("INSERT INTO customers VALUES (1, 'Ann'), (2, NULL)")
    connection.commit()
    connection.close()
    return file


@pytest.mark.usefixtures("crm")
def test_a_file_of_sqlite_is_read(connect: Connect):
    session = connect(":memory:", attach={"crm": {"type": "sqlite", "path": "crm.db"}}).session()

    assert [(1, "Ann"), (2, None)] == session.fetch("SELECT * FROM crm.customers ORDER BY id")
    assert ["id", "name"] == [c.name for c in session.columns(Relation("customers", "main", "crm"))]


@pytest.mark.usefixtures("crm")
def test_what_is_attached_is_not_written_to(connect: Connect):
    session = connect(":memory:", attach={"crm": {"type": "sqlite", "path": "crm.db"}}).session()
    with pytest.raises(QueryFailed, match="read-only"):
        session.execute("DELETE FROM crm.customers")


@pytest.mark.usefixtures("crm")
def test_each_session_sees_what_another_program_wrote(connect: Connect, crm: Path):
    connection = connect(":memory:", attach={"crm": {"type": "sqlite", "path": "crm.db"}})
    before = connection.session().fetch("SELECT count(*) FROM crm.customers")
    with sqlite3.connect(crm) as writer:
        writer.execute("INSERT INTO customers VALUES (3, 'Cy')")
    writer.close()

    assert [(2,)] == before
    assert [(3,)] == connection.session().fetch("SELECT count(*) FROM crm.customers")


def test_a_duckdb_file_is_read(connect: Connect, tmp_path: Path):
    with duckdb.connect(str(tmp_path / "old.duckdb")) as old:
        old.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT 7 AS a")
    session = connect(attach={"old": {"type": "duckdb", "path": "old.duckdb"}}).session()

    assert [(7,)] == session.fetch("SELECT a FROM old.s.t")


def test_a_duckdb_file_that_another_process_writes_to_says_who(connect: Connect, tmp_path: Path):
    file = tmp_path / "old.duckdb"
    code = f"import duckdb; c = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        try:
            assert other.stdout is not None
            assert b"open\n" == other.stdout.readline()
            with pytest.raises(DatabaseLocked, match=f"process {other.pid}"):
                connect(":memory:", attach={"old": {"type": "duckdb", "path": "old.duckdb"}}).open()
        finally:
            other.kill()


def test_a_duckdb_file_that_is_a_connection_too_is_refused(connect: Connect):
    connect("old.duckdb", name="old").open()
    with pytest.raises(ConnectionFailure, match=r"this process has .*old.duckdb open as a connection of its own"):
        connect(":memory:", attach={"old": {"type": "duckdb", "path": "old.duckdb"}}).open()


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_a_file_that_is_not_there_is_named(connect: Connect, kind: str):
    with pytest.raises(ConnectionFailure, match=r"'crm' cannot be attached: there is no file .*nosuch.db"):
        connect(":memory:", attach={"crm": {"type": kind, "path": "nosuch.db"}}).open()


def test_a_file_of_another_kind_is_named(connect: Connect, tmp_path: Path):
    _needs("sqlite_scanner")
    (tmp_path / "crm.db").write_bytes(b"id,name\n1,Ann\n")
    with pytest.raises(ConnectionFailure, match=r"crm.db is no SQLite database"):
        connect(":memory:", attach={"crm": {"type": "sqlite", "path": "crm.db"}}).open()


@pytest.mark.usefixtures("crm")
def test_an_extension_that_is_missing_says_what_to_install(connect: Connect, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "find_spec", lambda _: None)
    with pytest.raises(ConnectionFailure, match=r"pip install 'interlace\[duckdb-sqlite\]'"):
        connect(":memory:", attach={"crm": {"type": "sqlite", "path": "crm.db"}}).open()


def test_a_server_of_postgres_is_read(connect: Connect, postgres_url: str):
    _needs("postgres_scanner")
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute("CREATE SCHEMA shop; CREATE TABLE shop.orders AS SELECT 1 AS id, 2.50::numeric(9,2) AS amount")
    session = connect(":memory:", attach={"crm": {"type": "postgres", "url": postgres_url}}).session()

    assert ["INTEGER", "DECIMAL(9,2)"] == [c.type for c in session.columns(Relation("orders", "shop", "crm"))]
    assert [(1,)] == session.fetch("SELECT id FROM crm.shop.orders")


def test_a_server_that_is_not_there_is_named_without_its_password(connect: Connect, tmp_path: Path):
    _needs("postgres_scanner")
    url = f"postgresql://ann:geh%27eim@/shop?host={tmp_path}"
    with pytest.raises(ConnectionFailure, match="'crm'") as caught:
        connect(":memory:", attach={"crm": {"type": "postgres", "url": url}}).open()

    assert "geh" not in str(caught.value)
    assert caught.value.transient


def test_a_lake_is_read_as_it_was(connect: Connect, tmp_path: Path):
    _needs("ducklake")
    writer = connect(":memory:", extensions=["ducklake"], name="writer")
    writer.session().execute(f"ATTACH 'ducklake:{tmp_path / 'meta.ducklake'}' AS l (DATA_PATH '{tmp_path / 'data'}/')")
    writer.session().execute("CREATE TABLE l.t AS SELECT 1 AS a")
    writer.session().execute("INSERT INTO l.t VALUES (2)")
    writer.close()
    session = connect(":memory:", attach={"lake": {"type": "ducklake", "catalog": "meta.ducklake"}}).session()
    version = session.fetch("SELECT max(snapshot_id) - 1 FROM lake.snapshots()")[0][0]

    assert [(1,), (2,)] == session.fetch("SELECT a FROM lake.t ORDER BY a")
    assert [(1,)] == session.fetch(f"SELECT a FROM lake.t AT (VERSION => {version})")


def test_a_secret_is_made_and_its_values_are_not_said(connect: Connect):
    _needs("httpfs")
    facts = {"type": "s3", "key_id": "AKIA", "secret": "geheim", "region": "eu-west-1"}
    session = connect(":memory:", secrets={"lake": facts}).session()

    assert [("lake", "s3")] == session.fetch("SELECT name, type FROM duckdb_secrets()")
    assert "geheim" not in str(session.fetch("SELECT * FROM duckdb_secrets()"))


def test_a_secret_that_duckdb_refuses_is_named_without_its_values(connect: Connect):
    _needs("httpfs")
    facts = {"type": "s3", "key_id": "AKIA", "geheimnis": "geheim-wert"}
    with pytest.raises(ConnectionFailure, match="DuckDB refuses the secret 'lake'") as caught:
        connect(":memory:", secrets={"lake": facts}).open()

    assert "geheim-wert" not in str(caught.value)
