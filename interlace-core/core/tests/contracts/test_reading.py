from __future__ import annotations

import io
from contextlib import contextmanager

import pytest

from interlace.contracts.connection import Capabilities, Connection
from interlace.contracts.files import FileConnection, FileInfo
from interlace.contracts.options import Options
from interlace.contracts.reading import ReadSession, reading
from interlace.errors import UnsupportedCapability, WriteRefused


class Session:
    """Answers every query with one row, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def fetch(self, sql, limit=None):
        self.asked.append(sql)
        return [(1,)]


class Plain(Connection):
    """A connection whose database has no read-only mode."""

    dialect = "duckdb"
    capabilities = Capabilities()

    def open(self):
        """Nothing."""

    def close(self):
        """Nothing."""

    def session(self):
        return Session()


class Folder(FileConnection):
    """Files in a dictionary."""

    def __init__(self, *positional, **named):
        super().__init__(*positional, **named)
        self.files_there = {"a.csv": b"1"}

    def open(self):
        """Nothing."""

    def close(self):
        """Nothing."""

    def list(self, pattern):
        return (FileInfo(path, len(data)) for path, data in self.files_there.items())

    def exists(self, path):
        return path in self.files_there

    def read(self, path):
        return io.BytesIO(self.files_there[path])

    @contextmanager
    def write(self, path):
        yield io.BytesIO()
        self.files_there[path] = b""

    def upload(self, source, path):
        self.files_there[path] = source.read_bytes()

    def delete(self, path):
        del self.files_there[path]


@pytest.fixture
def plain(tmp_path):
    return reading(Plain)("crm", Options(), root=tmp_path)


@pytest.fixture
def folder(tmp_path):
    return reading(Folder)("drop", Options(), root=tmp_path)


def test_it_is_still_a_connection_of_its_type(plain, folder):
    assert isinstance(plain, Plain)
    assert isinstance(folder, Folder)
    assert ("read", "readwrite") == (plain.access, Plain.access)


def test_one_type_is_made_once():
    assert reading(Plain) is reading(Plain)


def test_its_sessions_hand_queries_on(plain):
    session = plain.session()

    assert isinstance(session, ReadSession)
    assert [(1,)] == session.fetch("SELECT 1")
    assert ["SELECT 1"] == session._session.asked


def test_what_is_refused_never_reaches_the_database(plain):
    session = plain.session()

    with pytest.raises(WriteRefused):
        session.fetch("DELETE FROM t")

    assert [] == session._session.asked


@pytest.mark.parametrize("act", [lambda s: s.transaction(), lambda s: s.ibis()])
def test_without_a_read_only_mode_there_is_no_way_past_the_parser(plain, act):
    with pytest.raises(UnsupportedCapability, match="has no read-only mode"):
        act(plain.session())


def test_files_are_listed_and_read(folder):
    assert ["a.csv"] == [one.path for one in folder.list("*")]
    assert b"1" == folder.read("a.csv").read()


@pytest.mark.parametrize(
    "act",
    [lambda f: f.write("b.csv"), lambda f: f.delete("a.csv"), lambda f: f.upload(f.root / "local", "b.csv")],
)
def test_files_are_neither_written_nor_deleted(folder, act):
    (folder.root / "local").write_text("2")

    with pytest.raises(WriteRefused, match=r"The connection 'drop' is 'access: read': the file '[ab]\.csv' is not"):
        act(folder)

    assert {"a.csv": b"1"} == folder.files_there


def test_a_place_with_files_has_no_sessions_either_way(folder):
    with pytest.raises(UnsupportedCapability, match="has files, no tables"):
        folder.session()
