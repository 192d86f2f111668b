"""Opening, closing, and what survives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlglot

from interlace.contracts.connection import Connection
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation


class OpeningScenarios:
    """Scenarios of `Connection`."""

    def test_opening_twice_does_nothing(self, connection: Connection) -> None:
        connection.open()

        assert [(1,)] == connection.session().fetch("SELECT 1")

    def test_closing_twice_does_nothing(self, connect: Callable[[], Connection]) -> None:
        connection = connect()
        connection.open()
        connection.close()
        connection.close()

    def test_closing_what_was_never_opened_does_nothing(self, connect: Callable[[], Connection]) -> None:
        connect().close()

    def test_a_session_opens_the_connection_if_need_be(self, connect: Callable[[], Connection]) -> None:
        connection = connect()
        try:
            assert [(1,)] == connection.session().fetch("SELECT 1")
        finally:
            connection.close()

    def test_a_closed_connection_can_be_opened_again(self, connect: Callable[[], Connection]) -> None:
        connection = connect()
        connection.open()
        connection.close()
        connection.open()
        try:
            assert [(1,)] == connection.session().fetch("SELECT 1")
        finally:
            connection.close()

    @requires("persistent")
    def test_what_was_committed_is_there_for_the_next_connection(
        self, connect: Callable[[], Connection], connection: Connection, session: Session, orders: Relation
    ) -> None:
        session.close()
        connection.close()
        again = connect()
        try:
            rows = again.session().fetch(f"SELECT id FROM {session.name(orders)} ORDER BY id")
        finally:
            again.close()

        assert [(1,), (2,), (3,)] == rows

    def test_it_keeps_its_name_and_says_where_it_writes(self, connection: Connection) -> None:
        assert connection.name
        assert connection.where()

    def test_its_dialect_is_one_that_sqlglot_knows(self, connection: Connection) -> None:
        assert sqlglot.Dialect.get(connection.dialect) is not None

    def test_a_session_knows_its_connection(self, connection: Connection, session: Session) -> None:
        assert connection is session.connection

    def test_closing_a_session_twice_does_nothing(self, connection: Connection) -> None:
        session = connection.session()
        session.close()
        session.close()
