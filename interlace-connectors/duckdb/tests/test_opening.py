from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from interlace.errors import ConnectionFailure
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.failures import open_failed

Connect = Callable[..., DuckDBConnection]


def test_a_new_file_is_made_with_its_folders_and_small_blocks(connect: Connect, tmp_path: Path):
    connection = connect("deep/er/w.duckdb")
    size = connection.session().fetch("SELECT block_size FROM pragma_database_size()")

    assert [(65536,)] == size
    assert (tmp_path / "deep/er/w.duckdb").is_file()
    assert str(tmp_path / "deep/er/w.duckdb") == connection.where()


def test_a_file_of_other_blocks_is_opened_as_it_is(connect: Connect, tmp_path: Path):
    duckdb.connect(str(tmp_path / "w.duckdb")).close()

    assert [(262144,)] == connect().session().fetch("SELECT block_size FROM pragma_database_size()")


def test_a_model_may_open_the_same_file_by_itself(connect: Connect, tmp_path: Path):
    connect(threads=1).session().execute("CREATE TABLE t AS SELECT 1 AS a")
    with duckdb.connect(str(tmp_path / "w.duckdb")) as theirs:
        assert [(1,)] == theirs.execute("SELECT a FROM t").fetchall()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"hello, I am a text file of some length", "is damaged, or no DuckDB database"),
        (b"SQLite format 3\x00" + b"\x00" * 100, "is a SQLite database"),
    ],
)
def test_a_file_of_another_kind_is_refused(connect: Connect, tmp_path: Path, content: bytes, said: str):
    (tmp_path / "w.duckdb").write_bytes(content)
    with pytest.raises(ConnectionFailure, match=said) as caught:
        connect().open()

    assert not caught.value.transient
    assert content == (tmp_path / "w.duckdb").read_bytes()


def test_a_real_sqlite_file_is_refused(connect: Connect, tmp_path: Path):
    database = sqlite3.connect(tmp_path / "w.duckdb")
    database.execute("CREATE TABLE t (a)")
    database.commit()
    database.close()
    with pytest.raises(ConnectionFailure, match="is a SQLite database"):
        connect().open()


def test_a_folder_is_refused(connect: Connect, tmp_path: Path):
    (tmp_path / "w.duckdb").mkdir()
    with pytest.raises(ConnectionFailure, match="is a folder"):
        connect().open()


def test_a_folder_that_cannot_be_made_is_refused(connect: Connect, tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConnectionFailure, match=r"cannot be (made|read)"):
        connect("file/w.duckdb").open()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_refused(connect: Connect, tmp_path: Path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ConnectionFailure, match="may not be written"):
        connect("closed/w.duckdb").open()


def test_missing_rights_are_said_in_words(tmp_path: Path):
    error = duckdb.IOException('IO Error: Cannot open file "w.duckdb": Permission denied')

    assert "may not be written" in str(open_failed(error, tmp_path / "w.duckdb"))


def test_a_damaged_file_is_refused(connect: Connect, tmp_path: Path):
    connect().open()
    file = tmp_path / "w.duckdb"
    connect("other.duckdb").open()
    damaged = bytearray((tmp_path / "other.duckdb").read_bytes())
    damaged[4096:12288] = os.urandom(8192)
    (tmp_path / "damaged.duckdb").write_bytes(damaged)
    with pytest.raises(ConnectionFailure, match="is damaged"):
        connect("damaged.duckdb").open()
    assert file.exists()


def _checksum(block: bytes) -> int:
    """DuckDB's checksum of a block, over words of eight bytes (src/common/checksum.cpp)."""
    found = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        found ^= word * 0xBF58476D1CE4E5B9 & (2**64 - 1)
    return found


def test_a_file_of_a_newer_version_is_refused(connect: Connect, tmp_path: Path):
    connect("other.duckdb").open()
    content = bytearray((tmp_path / "other.duckdb").read_bytes())
    assert struct.unpack_from("<Q", content)[0] == _checksum(bytes(content[8:4096]))
    struct.pack_into("<Q", content, 12, 999)
    struct.pack_into("<Q", content, 0, _checksum(bytes(content[8:4096])))
    (tmp_path / "newer.duckdb").write_bytes(content)
    with pytest.raises(ConnectionFailure, match="newer DuckDB") as caught:
        connect("newer.duckdb").open()

    assert duckdb.__version__ in str(caught.value)


def test_reading_only_makes_no_file(connect: Connect, tmp_path: Path):
    with pytest.raises(ConnectionFailure, match="does not exist"):
        connect(read_only=True).open()

    assert not (tmp_path / "w.duckdb").exists()


def test_reading_only_does_not_write(connect: Connect, tmp_path: Path):
    writer = connect()
    writer.session().execute("CREATE TABLE t AS SELECT 1 AS a")
    writer.close()
    before = (tmp_path / "w.duckdb").stat().st_mtime_ns
    reader = connect(read_only=True)
    session = reader.session()
    with session.transaction():
        rows = session.fetch("SELECT a FROM t")
    reader.close()

    assert [(1,)] == rows
    assert before == (tmp_path / "w.duckdb").stat().st_mtime_ns


def test_options_are_set(connect: Connect, tmp_path: Path):
    session = connect(
        threads=1,
        memory_limit="200MB",
        temp_directory="spill",
        settings={"default_null_order": "nulls_first", "enable_progress_bar": False, "schema": "main"},
    ).session()
    settings = dict(session.fetch("SELECT name, value FROM duckdb_settings()"))

    assert ("1", "190.7 MiB") == (settings["threads"], settings["memory_limit"])
    assert str(tmp_path / "spill") == settings["temp_directory"]
    assert "NULLS_FIRST" == settings["default_null_order"].upper()


def test_the_session_is_in_utc_and_sees_no_variables_of_python(connect: Connect):
    session = connect(":memory:").session()
    settings = dict(session.fetch("SELECT name, value FROM duckdb_settings()"))

    assert ("UTC", "false") == (settings["TimeZone"], settings["python_enable_replacements"])


def test_a_time_zone_of_the_settings_stays_when_ibis_is_used(connect: Connect):
    session = connect(":memory:", settings={"TimeZone": "Europe/Berlin"}).session()
    session.ibis()

    assert [("Europe/Berlin",)] == session.fetch("SELECT current_setting('TimeZone')")


@pytest.mark.parametrize("settings", [{"no_such_setting": 1}, {"threads_per_node": "x"}, {"max_memory": "lots"}])
def test_a_setting_that_duckdb_refuses_is_named(connect: Connect, settings: dict[str, object]):
    with pytest.raises(ConnectionFailure, match=f"setting '{next(iter(settings))}'"):
        connect(":memory:", settings=settings).open()


def test_an_extension_comes_from_its_package(connect: Connect):
    pytest.importorskip("duckdb_extension_tpch")
    session = connect(":memory:", extensions=["tpch", "json"]).session()
    session.execute("CALL dbgen(sf = 0)")

    assert session.columns(next(r for r in session.catalogue([None]) if r.name == "nation"))


def test_an_extension_that_is_missing_says_what_to_install(connect: Connect):
    with pytest.raises(ConnectionFailure, match=f"pip install duckdb-extension-nosuch=={duckdb.__version__}"):
        connect(":memory:", extensions=["nosuch"]).open()


def test_nothing_is_downloaded(connect: Connect):
    session = connect(":memory:").session()
    with pytest.raises(Exception, match="extensions"):
        session.fetch("SELECT * FROM delta_scan('x')")


def test_two_connections_of_one_file_share_it(connect: Connect, tmp_path: Path):
    (tmp_path / "link.duckdb").symlink_to(tmp_path / "w.duckdb")
    one, other = connect(), connect("link.duckdb", name="other")
    one.session().execute("CREATE TABLE t AS SELECT 1 AS a")
    session = other.session()
    one.close()

    assert [(1,)] == session.fetch("SELECT a FROM t")


def test_two_connections_of_one_file_with_other_options_are_refused(connect: Connect):
    connect(threads=1).open()
    with pytest.raises(ConnectionFailure, match=r"'warehouse' and 'other' open .* threads \(1 and 2\)"):
        connect(name="other", threads=2).open()


def test_the_file_is_free_once_all_connections_are_closed(connect: Connect, tmp_path: Path):
    one, other = connect(), connect(name="other")
    one.session().execute("CREATE TABLE t AS SELECT 1 AS a")
    other.session()
    one.close()
    other.close()
    code = f"import duckdb; print(duckdb.connect({str(tmp_path / 'w.duckdb')!r}).execute('FROM t').fetchall())"

    assert "[(1,)]" == subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip()
    assert not (tmp_path / "w.duckdb.wal").exists()


def test_databases_in_memory_are_apart(connect: Connect):
    one, other = connect(":memory:"), connect(":memory:", name="other")
    one.session().execute("CREATE TABLE t AS SELECT 1 AS a")

    assert {} == other.session().catalogue([None])
    assert () == one.files()
