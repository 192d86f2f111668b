"""Who may write: rows in ``_interlace.leases`` (`loading.md` 11)."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import psycopg
import pytest

from interlace.contracts.connection import Marker
from interlace.contracts.load import LoadPlan, Publish, Query
from interlace.contracts.relation import Relation
from interlace.errors import RunUnderWay

NAME = "environment/dev"
LONG = timedelta(minutes=1)
SHORT = timedelta(milliseconds=50)
TARGET = Relation("target", "public")


def publish(connection, value):
    session = connection.session()
    with session.transaction():
        session.apply(LoadPlan([Publish(TARGET, Query(f"SELECT {value} AS n"))], idempotent=True))
    session.close()


def test_a_lease_is_taken_once(connect):
    one, other = connect(), connect()

    assert one.take_lease(NAME, "one", LONG) is None
    assert "one" == other.take_lease(NAME, "other", LONG)


def test_leases_of_different_names_do_not_meet(connect):
    assert connect().take_lease(NAME, "one", LONG) is None
    assert connect().take_lease("environment/prod", "other", LONG) is None


def test_its_holder_takes_it_again(connect):
    one = connect()
    one.take_lease(NAME, "one", LONG)

    assert one.take_lease(NAME, "one", LONG) is None


def test_a_lease_that_was_given_back_is_free(connect):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", LONG)
    one.release_lease(NAME, "one")

    assert other.take_lease(NAME, "other", LONG) is None


def test_a_lease_that_is_over_is_free(connect):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", SHORT)
    time.sleep(0.1)

    assert other.take_lease(NAME, "other", LONG) is None
    assert not one.renew_lease(NAME, "one", LONG)


def test_a_renewed_lease_is_not_over(connect):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", timedelta(milliseconds=200))

    assert one.renew_lease(NAME, "one", LONG)
    time.sleep(0.3)
    assert "one" == other.take_lease(NAME, "other", LONG)


def test_a_dead_holder_gives_way_before_its_time_is_over(connect):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", LONG)

    assert "one" == other.take_lease(NAME, "other", LONG, instead_of="a third")
    assert other.take_lease(NAME, "other", LONG, instead_of="one") is None


def test_who_was_taken_over_from_writes_nothing(connect):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", LONG)
    publish(one, 1)
    other.take_lease(NAME, "other\nrun-2", LONG, instead_of="one")
    with pytest.raises(RunUnderWay, match="took over") as caught:
        publish(one, 2)
    publish(other, 3)

    assert ("run-2", False) == (caught.value.run, caught.value.transient)
    assert [(3,)] == other.session().fetch("SELECT n FROM target")


def test_a_taker_waits_for_the_transaction_that_has_looked(connect):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", LONG)
    order = []

    def take():
        other.take_lease(NAME, "other", LONG, instead_of="one")
        order.append("taken")

    session = one.session()
    session.execute("CREATE TABLE target (n integer)")
    thread = threading.Thread(target=take)
    with session.transaction():
        session.execute("INSERT INTO target VALUES (1)")
        one.leases.check(session.fetch)
        thread.start()
        thread.join(0.3)
        order.append("committing")
    thread.join(20)

    assert ["committing", "taken"] == order
    assert [(1,)] == other.session().fetch("SELECT n FROM target")


def test_threads_of_the_holder_do_not_wait_for_each_other(connect):
    one = connect()
    one.take_lease(NAME, "one", LONG)
    first, second = one.session(), one.session()
    with first.transaction():
        one.leases.check(first.fetch)
        with second.transaction():
            one.leases.check(second.fetch)
            second.execute("CREATE TABLE target AS SELECT 1 AS n")

    assert [(1,)] == first.fetch("SELECT n FROM target")


def test_of_many_at_once_one_takes_it(connect):
    takers = [connect() for _ in range(6)]
    results = []
    threads = [
        threading.Thread(target=lambda c=c, n=n: results.append(c.take_lease(NAME, f"taker {n}", LONG)))
        for n, c in enumerate(takers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert 6 == len(results)
    assert 1 == results.count(None)


def test_a_marker_holds_the_token(connect, postgres_url):
    one, other = connect(), connect()
    one.take_lease(NAME, "one", LONG)
    other.take_lease(NAME, "other", LONG, instead_of="one")
    session = other.session()
    with session.transaction():
        session.mark(Marker("public.target", "attempt", "run"))
    with psycopg.connect(postgres_url) as plain:
        assert [(2,)] == plain.execute("SELECT fence FROM _interlace.commits").fetchall()


def test_without_a_lease_nothing_is_made(connect, postgres_url):
    publish(connect(), 1)
    with psycopg.connect(postgres_url) as plain:
        assert [] == plain.execute("SELECT 1 FROM pg_namespace WHERE nspname = '_interlace'").fetchall()
