from __future__ import annotations

import threading

import psycopg
import pytest

from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import ConnectionFailure, QueryFailed
from interlace_postgres.failures import is_transient


def refused(connection):
    with pytest.raises(ConnectionFailure) as caught:
        connection.open()
    return caught.value


def test_a_server_that_is_down_may_come_back(connect):
    failure = refused(connect(host="127.0.0.1", port=9, database="w", user="me"))

    assert failure.transient
    assert "127.0.0.1:9/w" in failure.message
    assert "server up" in failure.hint


def test_a_database_that_is_not_there_is_named(connect, postgres_url):
    failure = refused(connect(url=postgres_url.replace("/test_", "/no_such_")))

    assert not failure.transient
    assert 'database "no_such_' in failure.message
    assert "createdb" in failure.hint


def test_a_user_that_is_not_there_is_named(connect, postgres_url):
    failure = refused(connect(url=postgres_url.replace("postgres:@", "nobody@")))

    assert not failure.transient
    assert 'role "nobody" does not exist' in failure.message


def test_a_wrong_setting_is_refused_when_connecting(connect):
    failure = refused(connect(settings={"no_such_setting": 1}))

    assert not failure.transient
    assert "no_such_setting" in failure.message


def test_a_failure_does_not_show_the_password(connect):
    failure = refused(connect(host="127.0.0.1", port=9, database="w", user="me", password="s3cr3t"))

    assert "s3cr3t" not in str(failure)


@pytest.mark.parametrize(
    ("sqlstate", "expected"),
    [
        ("08006", True), ("40001", True), ("40P01", True), ("53300", True), ("57P01", True), ("55P03", True),
        ("42P01", False), ("23505", False), ("57014", False), ("22012", False), (None, False),
    ],
)  # fmt: skip
def test_the_sqlstate_says_whether_trying_again_may_help(sqlstate, expected):
    assert expected is is_transient(sqlstate)


def test_a_refused_statement_has_its_sqlstate(session):
    with pytest.raises(QueryFailed) as caught:
        session.execute("SELECT 1 / 0")

    assert ("22012", False) == (caught.value.sqlstate, caught.value.transient)


def test_the_line_of_the_author_is_shown(session):
    query = Query("SELECT 1 AS a,\n       no_such AS b\nFROM (SELECT 2) AS t")
    with pytest.raises(QueryFailed) as caught, session.transaction():
        session.apply(LoadPlan([Publish(Relation("target"), query)], idempotent=True))

    assert "LINE 2:        no_such AS b\n               ^" in caught.value.message


def test_the_first_line_is_shown_without_what_stands_before_it(session):
    with pytest.raises(QueryFailed) as caught, session.transaction():
        session.apply(LoadPlan([Publish(Relation("target"), Query("SELECT no_such AS b"))], idempotent=True))

    assert "LINE 1: SELECT no_such AS b\n               ^" in caught.value.message


def test_a_lock_that_is_held_is_transient(connect):
    holder, waiter = connect().session(), connect(lock_timeout="100ms").session()
    holder.execute("CREATE TABLE t (n integer)")
    with holder.transaction():
        holder.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(QueryFailed) as caught:
            waiter.execute("INSERT INTO t VALUES (1)")

    assert ("55P03", True) == (caught.value.sqlstate, caught.value.transient)
    assert "lock_timeout" in caught.value.hint


def test_a_deadlock_is_transient(connect):
    one, other = connect().session(), connect().session()
    one.execute("CREATE TABLE a (n integer); CREATE TABLE b (n integer)")
    failures = []

    def lock(session, first, second, barrier):
        try:
            with session.transaction():
                session.execute(f"LOCK TABLE {first}")
                barrier.wait(10)
                session.execute(f"LOCK TABLE {second}")
        except QueryFailed as failure:
            failures.append(failure)

    barrier = threading.Barrier(2)
    thread = threading.Thread(target=lock, args=(other, "b", "a", barrier))
    thread.start()
    lock(one, "a", "b", barrier)
    thread.join(30)

    assert [("40P01", True)] == [(f.sqlstate, f.transient) for f in failures]


def end(session, url):
    pid = session.fetch("SELECT pg_backend_pid()")[0][0]
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"SELECT pg_terminate_backend({pid}, 5000)")


def insert_and_lose(session, url):
    session.execute("INSERT INTO t VALUES (1)")
    end(session, url)
    session.execute("INSERT INTO t VALUES (2)")


def test_a_connection_that_is_lost_is_transient_and_wrote_nothing(connect, postgres_url):
    session = connect().session()
    session.execute("CREATE TABLE t (n integer)")
    with pytest.raises(ConnectionFailure) as caught, session.transaction():
        insert_and_lose(session, postgres_url)

    assert (True, False) == (caught.value.transient, caught.value.in_doubt)
    assert [] == connect().session().fetch("SELECT n FROM t")


def test_a_connection_that_is_lost_during_the_commit_leaves_it_in_doubt(connect, postgres_url):
    session = connect().session()
    with pytest.raises(ConnectionFailure, match="COMMIT") as caught, session.transaction():
        end(session, postgres_url)

    assert (False, True) == (caught.value.transient, caught.value.in_doubt)
    assert "_interlace.commits" in caught.value.hint


def test_the_pool_replaces_a_connection_that_was_lost(connect, postgres_url):
    connection = connect()
    session = connection.session()
    end(session, postgres_url)
    session.close()

    assert [(1,)] == connection.session().fetch("SELECT 1")


def test_a_pool_without_a_free_connection_says_so(connect):
    connection = connect(pool={"max": 2, "timeout": 0.2})
    held = [connection.session(), connection.session()]
    with pytest.raises(ConnectionFailure, match="All 2 connections") as caught:
        connection.session()

    assert 2 == len(held)
    assert "pool.max" in caught.value.hint


@pytest.fixture
def loader(session):
    session.execute("CREATE ROLE loader LOGIN")
    yield "loader"
    session.execute("DROP OWNED BY loader; DROP ROLE loader")


@pytest.mark.parametrize(
    ("made", "sql", "grant"),
    [
        (
            "CREATE SCHEMA marts",
            "CREATE TABLE marts.t AS SELECT 1 AS id",
            'GRANT USAGE, CREATE ON SCHEMA "marts" TO "loader"',
        ),
        (
            "CREATE TABLE t (n integer)",
            "SELECT * FROM t",
            'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "t" TO "loader"',
        ),
    ],
)
def test_a_missing_right_is_named_with_the_statement_that_grants_it(connect, session, loader, made, sql, grant):
    session.execute(made)
    with pytest.raises(QueryFailed, match="permission denied") as caught:
        connect(role=loader).session().execute(sql)

    assert grant in caught.value.hint


def test_a_schema_that_may_not_be_made_is_named_with_the_grant(connect, loader):
    with pytest.raises(QueryFailed, match="permission denied for database") as caught:
        connect(role=loader).session().create_schema("marts")

    assert "GRANT CREATE ON DATABASE" in caught.value.hint
