from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interlace.contracts.connection import Marker
from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import QueryFailed, UnsupportedCapability
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.session import DuckDBSession

Connect = Callable[..., DuckDBConnection]

# ibis 12 asks DuckDB 1.5 for Arrow by a name that is deprecated there.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


def test_statements_say_how_many_rows_they_changed(session: DuckDBSession):
    changed = [
        session.execute(sql)
        for sql in (
            "CREATE TABLE t AS SELECT range AS a FROM range(10)",
            "INSERT INTO t SELECT 11",
            "DELETE FROM t WHERE a < 3",
            "ALTER TABLE t ADD COLUMN b INTEGER",
            "SELECT 7 AS n",
        )
    ]

    assert [10, 1, 3, None, None] == changed


@pytest.mark.parametrize("verb", ["execute", "fetch"])
def test_a_query_that_fails_late_says_why(session: DuckDBSession, verb: str):
    with pytest.raises(QueryFailed, match="late"):
        getattr(session, verb)("SELECT CASE WHEN range = 5000000 THEN error('late') END FROM range(6000000)")


def test_a_message_is_duckdbs_own_with_its_line_and_caret(session: DuckDBSession):
    with pytest.raises(QueryFailed) as caught:
        session.apply(
            LoadPlan([Publish(Relation("t"), Query("SELECT 1 AS a,\n  nope\nFROM range(3)"))], idempotent=True)
        )

    assert caught.value.message.startswith('Binder Error: Referenced column "nope" not found in FROM clause!')
    assert "LINE 2:   nope\n          ^" in caught.value.message
    assert "\n\n" not in caught.value.message


def test_instants_come_with_their_zone(session: DuckDBSession):
    assert [(datetime(2024, 1, 1, tzinfo=UTC),)] == session.fetch("SELECT TIMESTAMPTZ '2024-01-01 01:00:00+01'")


def test_a_conflict_is_transient(connect: Connect):
    connection = connect()
    one, other = connection.session(), connection.session()
    one.execute("CREATE TABLE t AS SELECT 1 AS a")
    with one.transaction():
        one.execute("UPDATE t SET a = 2")
        with pytest.raises(QueryFailed) as caught, other.transaction():
            other.execute("UPDATE t SET a = 3")

    assert caught.value.transient
    assert [(2,)] == one.fetch("SELECT a FROM t")


def test_other_refusals_are_not_transient(session: DuckDBSession):
    with pytest.raises(QueryFailed) as caught:
        session.fetch("SELECT * FROM nope")

    assert not caught.value.transient


def test_too_little_memory_says_what_to_do(connect: Connect):
    session = connect(":memory:", memory_limit="20MB", settings={"max_temp_directory_size": "1MB"}).session()
    with pytest.raises(QueryFailed, match="memory_limit"):
        session.execute("CREATE TABLE t AS SELECT range AS a, md5(range::VARCHAR) AS b FROM range(3000000)")


def test_a_full_disk_says_so(connect: Connect, tmp_path: Path):
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    connection = connect("small/w.duckdb")
    try:
        session = connection.session()
        session.execute("CREATE TABLE kept AS SELECT 1 AS a")
        with pytest.raises(QueryFailed, match="disk is full"), session.transaction():
            session.execute("CREATE TABLE t AS SELECT md5(range::VARCHAR) AS b FROM range(1000000)")
        assert [(1,)] == session.fetch("SELECT a FROM kept")
    finally:
        with contextlib.suppress(Exception):
            connection.close()
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_failure_that_ibis_saw_kills_the_transaction_too(session: DuckDBSession):
    session.execute("CREATE TABLE t AS SELECT 1 AS a")

    def fail_in_silence() -> None:
        session.execute("INSERT INTO t SELECT 2")
        with contextlib.suppress(duckdb.Error):
            session.ibis().raw_sql("SELECT error('mine')").fetchall()

    with pytest.raises(QueryFailed), session.transaction():
        fail_in_silence()

    assert [(1,)] == session.fetch("SELECT a FROM t")


def test_what_ibis_registers_goes_with_the_session(connect: Connect):
    connection = connect()
    session = connection.session()
    session.ibis().to_pyarrow(ibis.memtable(pa.table({"a": [1, 2]})))
    session.close()

    assert {} == connection.session().catalogue([None])


def test_a_reader_that_another_statement_ended_is_an_error(session: DuckDBSession):
    reader = session.arrow("SELECT range AS a FROM range(1000000)", batch_size=10_000)
    reader.read_next_batch()
    session.execute("CREATE TABLE t AS SELECT 1 AS a")
    with pytest.raises(QueryFailed, match="ended by another statement"):
        reader.read_all()


def test_batches_of_ibis_that_another_statement_ended_are_an_error(session: DuckDBSession):
    session.execute("CREATE TABLE t AS SELECT range AS a FROM range(1000000)")
    batches = session.ibis().table("t").to_pyarrow_batches(chunk_size=10_000)
    batches.read_next_batch()
    session.fetch("SELECT 1")
    with pytest.raises(QueryFailed, match="ended by another statement"):
        batches.read_all()


def test_batches_of_ibis_are_complete(session: DuckDBSession):
    session.execute("CREATE TABLE t AS SELECT range AS a FROM range(250000)")
    table = session.ibis().table("t")

    assert 250_000 == sum(batch.num_rows for batch in table.filter(table.a >= 0).to_pyarrow_batches())


def test_a_reader_that_fails_in_the_middle_says_why(session: DuckDBSession):
    reader = session.arrow("SELECT CASE WHEN range = 5000000 THEN error('late')::INT END FROM range(6000000)")
    with pytest.raises(QueryFailed, match="late"):
        reader.read_all()


def test_a_reader_streams_in_bounded_memory(session: DuckDBSession):
    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    peak = rows = 0
    for batch in session.arrow("SELECT range AS a, range AS b FROM range(20000000)"):
        rows += batch.num_rows
        peak = max(peak, pool.bytes_allocated() - before)

    assert 20_000_000 == rows
    assert peak < 50_000_000


def test_the_query_ends_when_a_limit_is_reached(connect: Connect):
    connection = connect()
    session = connection.session()
    session.execute("CREATE TABLE t AS SELECT range AS a FROM range(1000000)")
    session.fetch("SELECT a FROM t", limit=1)
    connection.session().execute("DROP TABLE t")

    with pytest.raises(QueryFailed):
        session.fetch("SELECT a FROM t")


def test_the_catalogue_finds_schemas_without_case_and_keeps_the_spelling_asked_for(session: DuckDBSession):
    session.create_schema("staging")
    session.execute("CREATE TABLE staging.t (a INTEGER NOT NULL, b DECIMAL(18,3), c STRUCT(x INTEGER, y VARCHAR[]))")
    (info,) = session.catalogue(["Staging"]).values()

    assert Relation("t", "Staging") == info.relation
    assert session.columns(Relation("t", "staging")) == info.columns
    assert [("a", "INTEGER", False), ("b", "DECIMAL(18,3)", True), ("c", "STRUCT(x INTEGER, y VARCHAR[])", True)] == [
        (c.name, c.type, c.nullable) for c in info.columns
    ]


def test_the_catalogue_is_one_query_and_fast(session: DuckDBSession):
    with session.transaction():
        for n in range(1000):
            session.execute(f"CREATE TABLE t{n} (a BIGINT, b VARCHAR, c DOUBLE)")
    started = time.process_time()
    found = session.catalogue([None])

    assert 1000 == len(found)
    assert time.process_time() - started < 1


def test_schemas_are_made_by_several_threads_at_once(connect: Connect):
    connection = connect()
    failures: list[QueryFailed] = []

    def make() -> None:
        try:
            connection.session().create_schema("shared")
        except QueryFailed as error:
            failures.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert [] == failures


def test_first_markers_of_several_sessions_do_not_conflict(connect: Connect):
    connection = connect()
    one, other = connection.session(), connection.session()
    with one.transaction(), other.transaction():
        one.mark(Marker("a", "1", "run"))
        other.mark(Marker("b", "2", "run"))

    assert {"1", "2"} == {marker.attempt for marker in one.markers()}


def test_looking_makes_no_markers_table(connect: Connect):
    session = connect().session()

    assert [] == session.markers()
    assert {} == session.catalogue(["_interlace"])


def test_closing_a_connection_stops_what_runs(connect: Connect):
    connection = connect()
    session = connection.session()
    raised: list[QueryFailed] = []

    def run() -> None:
        try:
            session.fetch("SELECT count(*) FROM range(100000000) a, range(1000) b WHERE a.range + b.range = 7")
        except QueryFailed as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    time.sleep(0.3)
    connection.close()
    thread.join(20)

    assert 1 == len(raised)


def test_a_closed_session_says_so(session: DuckDBSession):
    session.close()
    with pytest.raises(QueryFailed, match="session is closed"):
        session.fetch("SELECT 1")


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, 'id,item\n1,"a, b"\n2,\n'),
        ({"header": False, "delimiter": ";", "nullstr": "NULL"}, "1;a, b\n2;NULL\n"),
        ({"quote": "'", "delimiter": ","}, "id,item\n1,'a, b'\n2,\n"),
    ],
)
def test_csv_takes_its_options(session: DuckDBSession, tmp_path: Path, options: dict[str, object], text: str):
    rows = session.copy_out(
        "SELECT * FROM (VALUES (1, 'a, b'), (2, NULL)) t(id, item)", tmp_path / "x.csv", "csv", options
    )

    assert (2, text) == (rows, (tmp_path / "x.csv").read_text())


def test_json_is_an_array_or_lines(session: DuckDBSession, tmp_path: Path):
    query = "SELECT i AS id FROM range(2) t(i) -- the last word"
    session.copy_out(query, tmp_path / "a.json", "json", {"array": True})
    session.copy_out(query, tmp_path / "l.json", "json", {})

    assert [{"id": 0}, {"id": 1}] == json.loads((tmp_path / "a.json").read_text())
    assert [{"id": 0}, {"id": 1}] == [json.loads(line) for line in (tmp_path / "l.json").read_text().splitlines()]


def test_parquet_takes_its_options(session: DuckDBSession, tmp_path: Path):
    options: dict[str, object] = {"compression": "zstd", "row_group_size": 2048}
    session.copy_out("SELECT range AS id FROM range(10000)", tmp_path / "x.parquet", "parquet", options)
    metadata = pq.ParquetFile(tmp_path / "x.parquet").metadata

    assert "ZSTD" == metadata.row_group(0).column(0).compression
    assert metadata.num_row_groups > 1


@pytest.mark.parametrize(
    ("form", "options", "said"),
    [
        ("parkuet", {}, "Did you mean 'parquet'"),
        ("csv", {"delimeter": ","}, "Did you mean 'delimiter'"),
        ("csv", {"header": "yes"}, "'header' for csv files does not take 'yes'"),
        ("parquet", {"compression": "rar"}, "does not take 'rar'"),
        ("parquet", {"row_group_size": 0}, "does not take 0"),
    ],
)
def test_unknown_formats_and_options_are_refused(
    session: DuckDBSession, tmp_path: Path, form: str, options: dict[str, object], said: str
):
    with pytest.raises(UnsupportedCapability, match=said):
        session.copy_out("SELECT 1", tmp_path / "x", form, options)


# --- crashes ----------------------------------------------------------------------------------------------------------

CRASH = """
import os, signal, sys
from pathlib import Path
import pyarrow as pa
from interlace.contracts.relation import Relation
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection

session = DuckDBConnection("w", DuckDBOptions(path="w.duckdb"), root=Path(sys.argv[1])).session()

def batches():
    yield pa.record_batch({"a": list(range(300000))})
    os.kill(os.getpid(), signal.SIGKILL)

with session.transaction():
    session.load_arrow(Relation("t", "main"), batches(), None, temporary=False)
"""


def test_a_load_that_was_killed_leaves_the_old_table(connect: Connect, tmp_path: Path):
    connection = connect()
    connection.session().execute("CREATE TABLE t AS SELECT 'old' AS a")
    connection.close()
    killed = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], timeout=60, check=False)

    assert -9 == killed.returncode
    assert [("old",)] == connect().session().fetch("SELECT a FROM t")


def test_a_real_table_without_a_transaction_is_loaded_in_one_of_its_own(connect: Connect):
    connection = connect()
    session = connection.session()
    session.execute("CREATE TABLE t AS SELECT 'old' AS a")

    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"a": [1]})
        raise LookupError

    with pytest.raises(LookupError):
        session.load_arrow(Relation("t", "main"), broken(), None, temporary=False)

    assert [("old",)] == connection.session().fetch("SELECT a FROM t")


ENDLESS = [
    "SELECT sum(a.range * b.range) FROM range(3000000) AS a, range(3000000) AS b",
    "SELECT a.range FROM range(3000000) AS a, range(3000000) AS b WHERE a.range * b.range = -1",  # it streams its rows
]


@pytest.mark.parametrize("endless", ENDLESS)
def test_ctrl_c_ends_a_query_as_it_ends_python(session, endless):
    began = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
    began.start()

    with pytest.raises(KeyboardInterrupt):
        session.fetch(endless)
    session.close()  # which does not wait for it


def test_what_the_handler_of_another_signal_raises_inside_a_query_is_raised(session):
    def ring(*_):
        raise LookupError("over")

    before = signal.signal(signal.SIGUSR1, ring)
    try:
        threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
        with pytest.raises(LookupError, match="over"):
            session.fetch(ENDLESS[0])
    finally:
        signal.signal(signal.SIGUSR1, before)
