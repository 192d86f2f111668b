from __future__ import annotations

from dataclasses import replace

import pytest

from interlace.contracts.files import FileConnection, ObjectStore
from interlace.contracts.options import Options
from interlace.errors import ConnectionFailure
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.remote_files import secret_of

STORE = ObjectStore(
    "s3://lake/raw", "AKIA", "geheim", None, "eu-west-1", "127.0.0.1:9000", tls=False, addressing="path"
)


class Lake(FileConnection):
    """A place whose store is given."""

    def __init__(self, name, store):
        super().__init__(name, Options(), root=None)
        self.store = store

    def object_store(self):
        return self.store

    open = close = list = exists = read = write = delete = None


Lake.__abstractmethods__ = frozenset()


@pytest.fixture
def database(tmp_path):
    made = []

    def make(*lakes, **options):
        config = DuckDBConnection.Config.model_validate({"path": "w.duckdb", **options})
        made.append(DuckDBConnection("db", config, root=tmp_path))
        made[-1].use_files(lakes)
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def test_it_asks_for_the_connections_that_its_options_name(database):
    assert ("lake", "pond") == database(files=["lake", "pond"]).reads_files_of()


def test_what_is_not_known_is_left_to_duckdb():
    bare = ObjectStore("s3://lake")

    assert {"type": "s3", "scope": "s3://lake", "use_ssl": True} == secret_of(bare)
    assert "vhost" == secret_of(replace(STORE, addressing="virtual"))["url_style"]


def test_each_store_becomes_a_secret_in_memory(database):
    connection = database(Lake("lake", STORE), Lake("pond", replace(STORE, scope="s3://pond")))
    session = connection.session()
    found = session.fetch("SELECT name, type, persistent, scope FROM duckdb_secrets() ORDER BY name")

    assert [
        ("interlace_files_lake", "s3", False, ["s3://lake/raw"]),
        ("interlace_files_pond", "s3", False, ["s3://pond"]),
    ] == found
    assert "geheim" not in str(session.fetch("SELECT secret_string FROM duckdb_secrets()"))


def test_what_duckdb_cannot_read_is_named_and_the_file_is_closed(database, tmp_path):
    connection = database(Lake("drop", None))
    with pytest.raises(ConnectionFailure, match="DuckDB cannot read the files of the connection 'drop' by itself"):
        connection.open()
    connection.use_files(())

    assert [(1,)] == connection.session().fetch("SELECT 1")


def test_without_the_extension_its_package_is_named(database, monkeypatch, tmp_path):
    monkeypatch.setattr("interlace_duckdb.extensions.packaged", lambda name: None)
    folder = str(tmp_path / "extensions")
    with pytest.raises(ConnectionFailure, match="'httpfs' cannot be loaded") as raised:
        database(Lake("lake", STORE), settings={"extension_directory": folder}).open()

    assert "pip install" in raised.value.hint
    assert "geheim" not in str(raised.value)
