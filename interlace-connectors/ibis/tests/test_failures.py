"""What a user is told when a system cannot be reached, and what becomes of values that it does not have."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.util import find_spec

import pyarrow as pa
import pytest

import interlace_ibis.connection as connections
from interlace.contracts.load import Derive, LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, ModelFailed, QueryFailed, UnsupportedCapability
from interlace_ibis.config import ServerOptions, SQLiteOptions
from interlace_ibis.connection import SQLiteConnection

pytestmark = pytest.mark.slow  # together they are


@pytest.fixture
def sqlite(tmp_path):
    connection = SQLiteConnection("shop", SQLiteOptions(path="shop.sqlite", timeout=0.2), root=tmp_path)
    yield connection
    connection.close()


@pytest.fixture
def mariadb(mariadb_url, tmp_path):
    connection = connections.mysql("shop", ServerOptions(url=mariadb_url), root=tmp_path)
    yield connection
    connection.close()


def test_a_dead_server_is_named_and_worth_another_try(tmp_path, need):
    need(*([] if find_spec("MySQLdb") else ["mysqlclient"]))
    connection = connections.mysql("shop", ServerOptions(url="mysql://root:pw@127.0.0.1:9/shop"), root=tmp_path)
    with pytest.raises(ConnectionFailure, match="MySQL and MariaDB \\(shop\\)") as caught:
        connection.open()

    assert caught.value.transient
    assert "Is the server up" in (caught.value.hint or "")


def test_wrong_credentials_are_said_without_the_password(mariadb_url, tmp_path):
    url = mariadb_url.replace("root:@", "root:hidden@")
    with pytest.raises(ConnectionFailure, match="Access denied") as caught:
        connections.mysql("shop", ServerOptions(url=url), root=tmp_path).open()

    assert not caught.value.transient
    assert "hidden" not in str(caught.value)


def test_a_server_that_ends_the_session_is_a_lost_connection(mariadb):
    session, other = mariadb.session(), mariadb.session()
    ((number,),) = session.fetch("SELECT CONNECTION_ID()")
    other.execute(f"KILL CONNECTION {number}")

    with pytest.raises(ConnectionFailure, match="was lost") as caught:
        session.fetch("SELECT 1")
    assert caught.value.transient
    session.close()
    assert [(1,)] == mariadb.session().fetch("SELECT 1")


def test_a_connection_lost_while_it_commits_is_in_doubt(mariadb):
    session, other = mariadb.session(), mariadb.session()
    ((number,),) = session.fetch("SELECT CONNECTION_ID()")
    with pytest.raises(ConnectionFailure) as caught, session.transaction():
        other.execute(f"KILL CONNECTION {number}")

    assert caught.value.in_doubt
    assert not caught.value.transient


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "shop.sqlite").write_text("no database" * 100)
    connection = SQLiteConnection("shop", SQLiteOptions(path="shop.sqlite"), root=tmp_path)

    with pytest.raises(ConnectionFailure, match="not a database"):
        connection.open()


def test_a_file_that_another_writes_to_is_worth_another_try(sqlite):
    one, other = sqlite.session(), sqlite.session()
    with one.transaction():
        with pytest.raises(QueryFailed, match="locked") as caught, other.transaction():
            pass

        assert caught.value.transient


def test_days_moments_and_short_decimals_come_back_from_sqlite_as_arrow(sqlite):
    session = sqlite.session()
    given = {
        "day": pa.array([date(2024, 2, 29), None]),
        "moment": pa.array([datetime(2024, 3, 31, 2, 30, 0, 123456), None]),  # noqa: DTZ001  a naive one is meant
        "instant": pa.array([datetime(2024, 3, 31, 2, 30, tzinfo=UTC), None], pa.timestamp("us", tz="UTC")),
        "money": pa.array([Decimal("12345678901.23"), None], pa.decimal128(13, 2)),
        "truth": pa.array([True, None]),
    }
    session.load_arrow(Relation("given"), iter([pa.RecordBatch.from_pydict(given)]), None)
    read = session.arrow("SELECT * FROM given").read_all()

    assert {name: values.to_pylist() for name, values in given.items()} == read.to_pydict()
    assert [values.type.id for values in given.values()] == [kind.id for kind in read.schema.types]


def test_long_decimals_are_refused_by_sqlite_before_they_lose_digits(sqlite):
    batch = pa.RecordBatch.from_pydict({"money": pa.array([Decimal("1234567890123456.78")])})

    with pytest.raises(ModelFailed, match="keeps 15"):
        sqlite.session().load_arrow(Relation("given"), iter([batch]), None)


def test_moments_with_a_zone_come_back_from_mariadb_as_arrow(mariadb):
    session = mariadb.session()
    at = datetime(2024, 3, 31, 2, 30, 0, 123456, tzinfo=UTC)
    batch = pa.RecordBatch.from_pydict({"at": pa.array([at, None], pa.timestamp("us", tz="UTC"))})
    session.load_arrow(Relation("given"), iter([batch]), None)

    assert {"at": [at, None]} == session.arrow("SELECT * FROM given").read_all().to_pydict()


@pytest.mark.parametrize("make", ["sqlite", "mariadb"])
def test_a_load_that_computes_with_moments_is_refused(make, request):
    from sqlglot import exp

    session = request.getfixturevalue(make).session()
    query = exp.select(exp.cast("'2024-01-01 00:00:00+00:00'", "TIMESTAMPTZ").as_("at"))

    with pytest.raises(UnsupportedCapability, match="no type for moments"), session.transaction():
        session.apply(LoadPlan([Derive(Relation("made"), query)], idempotent=True))


def test_readers_of_mariadb_never_miss_a_table_that_is_replaced(mariadb):
    session, reader = mariadb.session(), mariadb.session()
    target = Relation("prices", mariadb.default_schema())
    session.execute(f"CREATE TABLE {session.name(target)} AS SELECT 0 AS a")
    ended, seen = threading.Event(), set()

    def read() -> None:
        while not ended.is_set():
            seen.add(reader.fetch(f"SELECT count(*) FROM {reader.name(target)}")[0][0])

    thread = threading.Thread(target=read)
    thread.start()
    for number in range(20):
        other = ("a", "b")[number % 2]
        with session.transaction():
            session.apply(LoadPlan([Publish(target, Query(f"SELECT {number} AS {other}"))], idempotent=True))
    ended.set()
    thread.join()

    assert {1} == seen
