"""Copies of a database file, read beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from interlace.errors import QueryFailed
from interlace.testing.conformance.base import requires

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session
    from interlace.contracts.relation import Relation

__all__ = ["BesideScenarios"]

NAME = "interlace_beside"


class BesideScenarios:
    """Scenarios of `Connection.copy_to` and `Connection.read_beside`."""

    @requires("beside")
    def test_a_copy_of_its_database_is_read_beside_it(
        self, connection: Connection, session: Session, orders: Relation, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy"
        connection.copy_to(copy)
        session.execute(f"DELETE FROM {session.name(orders)} WHERE id > 1")
        connection.read_beside({NAME: copy})
        there = replace(orders, catalog=NAME)

        assert [(1,), (2,), (3,)] == session.fetch(f"SELECT id FROM {session.name(there)} ORDER BY id")
        assert session.columns(orders) == session.columns(there)
        assert [orders] == list(session.catalogue([orders.schema]))

    @requires("beside")
    def test_nothing_is_written_to_what_is_beside_it(
        self, connection: Connection, session: Session, orders: Relation, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy"
        connection.copy_to(copy)
        connection.read_beside({NAME: copy})

        with pytest.raises(QueryFailed):
            session.execute(f"DELETE FROM {session.name(replace(orders, catalog=NAME))}")

    @requires("beside")
    def test_what_is_not_named_any_more_is_not_there(
        self, connection: Connection, session: Session, orders: Relation, tmp_path: Path
    ) -> None:
        copy = tmp_path / "copy"
        connection.copy_to(copy)
        connection.read_beside({NAME: copy})
        connection.read_beside({})

        with pytest.raises(QueryFailed):
            session.fetch(f"SELECT id FROM {session.name(replace(orders, catalog=NAME))}")
