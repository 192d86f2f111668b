"""Transactions: all or nothing, dead on any exception."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.relation import Relation
from interlace.errors import InterlaceError, QueryFailed
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session


class _Interrupted(BaseException):
    """Like KeyboardInterrupt: no `Exception`."""


def _count(session: Session, relation: Relation) -> int:
    return int(session.fetch(f"SELECT count(*) FROM {session.name(relation)}")[0][0])


class TransactionScenarios:
    """Scenarios of `transaction`."""

    @requires("writes", "transactions")
    def test_a_block_that_ends_commits(self, connection: Connection, session: Session, orders: Relation) -> None:
        with session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)} WHERE id = 1")
        other = connection.session()

        assert 2 == _count(other, orders)
        other.close()

    @requires("writes", "transactions")
    def test_a_block_that_raises_rolls_back_and_the_exception_passes(self, session: Session, orders: Relation) -> None:
        with pytest.raises(LookupError, match="mine"), session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            raise LookupError("mine")

        assert 3 == _count(session, orders)

    @requires("writes", "transactions")
    def test_a_block_that_is_interrupted_rolls_back(self, session: Session, orders: Relation) -> None:
        with pytest.raises(_Interrupted), session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            raise _Interrupted

        assert 3 == _count(session, orders)

    def test_a_transaction_in_which_a_statement_failed_cannot_commit(self, session: Session, orders: Relation) -> None:
        with pytest.raises(InterlaceError), session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            with contextlib.suppress(QueryFailed):
                session.execute("SELECT * FROM no_such_table")

        assert 3 == _count(session, orders)

    @requires("writes", "transactions")
    def test_a_transaction_in_which_a_row_was_refused_cannot_commit(self, session: Session, schema: str | None) -> None:
        keyed = Relation("keyed", schema)
        session.execute(f"CREATE TABLE {session.name(keyed)} (id INTEGER NOT NULL)")
        with pytest.raises(InterlaceError), session.transaction():
            session.execute(f"INSERT INTO {session.name(keyed)} VALUES (1)")
            with contextlib.suppress(QueryFailed):
                session.execute(f"INSERT INTO {session.name(keyed)} VALUES (NULL)")

        assert 0 == _count(session, keyed)

    def test_a_dead_transaction_takes_no_more_statements(self, session: Session, orders: Relation) -> None:
        with pytest.raises(InterlaceError), session.transaction():
            with contextlib.suppress(QueryFailed):
                session.execute("SELECT * FROM no_such_table")
            with pytest.raises(InterlaceError):
                session.execute(f"DELETE FROM {session.name(orders)}")

        assert 3 == _count(session, orders)

    @requires("writes", "transactions")
    def test_a_session_is_usable_after_a_dead_transaction(self, session: Session, orders: Relation) -> None:
        with pytest.raises(QueryFailed), session.transaction():
            session.execute("SELECT * FROM no_such_table")
        with session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)} WHERE id = 1")

        assert 2 == _count(session, orders)

    def test_transactions_do_not_nest(self, session: Session, orders: Relation) -> None:
        with pytest.raises(InterlaceError), session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            with session.transaction():
                pass

        assert 3 == _count(session, orders)

    @requires("writes", "transactions")
    def test_another_session_sees_nothing_before_the_commit(
        self, connection: Connection, session: Session, orders: Relation
    ) -> None:
        other = connection.session()
        with session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            seen = _count(other, orders)
        other.close()

        assert 3 == seen

    def test_closing_a_session_rolls_an_open_transaction_back(
        self, connection: Connection, session: Session, orders: Relation
    ) -> None:
        leaving = connection.session()
        with contextlib.suppress(InterlaceError), leaving.transaction():
            leaving.execute(f"DELETE FROM {session.name(orders)}")
            leaving.close()

        assert 3 == _count(session, orders)

    @requires("writes", "transactional_ddl")
    def test_a_created_table_rolls_back(self, session: Session, schema: str | None) -> None:
        new = Relation("new_table", schema)
        with pytest.raises(LookupError), session.transaction():
            session.execute(f"CREATE TABLE {session.name(new)} AS SELECT 1 AS id")
            raise LookupError

        with pytest.raises(QueryFailed):
            session.columns(new)

    @requires("writes", "transactional_ddl")
    def test_a_dropped_table_comes_back(self, session: Session, orders: Relation) -> None:
        with pytest.raises(LookupError), session.transaction():
            session.drop(orders, "table")
            raise LookupError

        assert 3 == _count(session, orders)

    @requires("writes")
    def test_sessions_of_several_threads_write_at_once(self, connection: Connection, schema: str | None) -> None:
        tables = [Relation(f"part_{n}", schema) for n in range(min(4, connection.capabilities.max_sessions or 4))]
        failures: list[BaseException] = []

        def write(relation: Relation) -> None:
            session = connection.session()
            try:
                with session.transaction():
                    session.execute(f"CREATE TABLE {session.name(relation)} AS SELECT 1 AS id")
                with session.transaction():
                    session.execute(f"INSERT INTO {session.name(relation)} VALUES (2)")
            except BaseException as error:  # noqa: BLE001  a thread's failure is judged below
                failures.append(error)
            finally:
                session.close()

        threads = [threading.Thread(target=write, args=(table,)) for table in tables]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)

        for failure in failures:
            raise failure
        reader = connection.session()
        assert [2] * len(tables) == [_count(reader, table) for table in tables]
        reader.close()
