"""Markers: the row that a load that is not idempotent leaves with its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from interlace.contracts.connection import Marker
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Session
    from interlace.contracts.relation import Relation

FIRST = Marker("main.orders", "attempt-1", "run-1")
SECOND = Marker('main."it\'s"', "attempt-2", "run-1", "2024-01-01/2024-01-02")


class MarkerScenarios:
    """Scenarios of `mark`, `markers` and `forget_markers`."""

    def test_there_are_no_markers_in_a_database_that_never_had_one(self, session: Session) -> None:
        assert [] == session.markers()

    @requires("writes", "transactions")
    def test_markers_come_oldest_first(self, session: Session) -> None:
        for marker in (FIRST, SECOND):
            with session.transaction():
                session.mark(marker)

        assert [FIRST, SECOND] == session.markers()

    @requires("writes", "transactions")
    def test_a_marker_rolls_back_with_its_data(self, session: Session, orders: Relation) -> None:
        with session.transaction():
            session.mark(FIRST)
        with pytest.raises(LookupError), session.transaction():
            session.execute(f"DELETE FROM {session.name(orders)}")
            session.mark(SECOND)
            raise LookupError

        assert [FIRST] == session.markers()
        assert [(3,)] == session.fetch(f"SELECT count(*) FROM {session.name(orders)}")

    @requires("writes", "transactions")
    def test_forgotten_markers_are_gone_and_the_others_stay(self, session: Session) -> None:
        with session.transaction():
            session.mark(FIRST)
            session.mark(SECOND)
        session.forget_markers(["attempt-1", "attempt-unknown"])

        assert [SECOND] == session.markers()

    @requires("writes", "transactions")
    def test_forgetting_nothing_does_nothing(self, session: Session) -> None:
        with session.transaction():
            session.mark(FIRST)
        session.forget_markers([])

        assert [FIRST] == session.markers()

    @requires("writes", "transactions")
    def test_markers_are_not_in_the_catalogue(self, session: Session, schema: str | None) -> None:
        with session.transaction():
            session.mark(FIRST)

        assert {} == session.catalogue([schema])
