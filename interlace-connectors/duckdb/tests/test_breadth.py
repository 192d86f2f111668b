"""How many threads DuckDB computes with, by what its sessions said they would read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interlace_duckdb.breadth import LITTLE
from interlace_duckdb.config import DuckDBOptions
from interlace_duckdb.connection import DuckDBConnection
from interlace_duckdb.session import DuckDBSession


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[DuckDBConnection]:
    made = DuckDBConnection("default", DuckDBOptions(path="a.duckdb", threads=3), root=tmp_path)
    yield made
    made.close()


@pytest.fixture
def session(connection: DuckDBConnection) -> Callable[[], DuckDBSession]:
    return connection.session


def threads(session: DuckDBSession) -> int:
    ((found,),) = session.fetch("SELECT current_setting('threads')")
    return int(found)


def test_a_session_begins_with_all_threads(session):
    assert 3 == threads(session())


def test_one_thread_computes_while_little_is_read(session):
    one = session()
    one.expect(LITTLE)

    assert 1 == threads(one)


@pytest.mark.parametrize("rows", [None, LITTLE + 1])
def test_all_threads_come_back_for_what_may_be_much(session, rows):
    one = session()
    one.expect(10)
    one.expect(rows)

    assert 3 == threads(one)


def test_nothing_is_left_out_while_another_session_may_read_much(session):
    one, other = session(), session()
    other.execute("SELECT 1")
    one.expect(10)

    assert 3 == threads(one)


def test_a_session_that_did_nothing_yet_changes_nothing(session):
    one = session()
    one.expect(10)
    session()

    assert 1 == threads(one)


def test_a_new_session_brings_all_threads_back_with_its_first_statement(session):
    one = session()
    one.expect(10)
    session().execute("SELECT 1")

    assert 3 == threads(one)


def test_threads_are_left_out_once_those_that_read_much_are_closed(session):
    one, other = session(), session()
    other.execute("SELECT 1")
    one.expect(10)
    other.close()

    assert 1 == threads(one)


def test_a_number_of_threads_that_was_set_meanwhile_comes_back(session):
    one = session()
    one.execute("SET threads = 2")
    one.expect(10)
    one.expect(None)

    assert 2 == threads(one)


def test_the_threads_change_inside_a_transaction_and_it_commits(session):
    one = session()
    with one.transaction():
        one.execute("CREATE TABLE a AS SELECT 1 AS x")
        one.expect(10)
        one.execute("INSERT INTO a SELECT 2")
        one.expect(None)
        one.execute("INSERT INTO a SELECT 3")

    assert [(1,), (2,), (3,)] == session().fetch("FROM a ORDER BY x")
