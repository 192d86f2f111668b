"""A connection that the suites of materialisers, exporters and checks work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from interlace.contracts.relation import Relation

if TYPE_CHECKING:
    from interlace.contracts.connection import Connection, Session

__all__ = ["OnConnection"]


class OnConnection:
    """The fixtures of a suite that needs a database: override `connect`."""

    @pytest.fixture
    def connect(self) -> Callable[[], Connection]:
        """A function that makes a connection to an empty database, not opened yet."""
        raise NotImplementedError("override the fixture `connect`: return a function that makes a connection")

    @pytest.fixture
    def session(self, connect: Callable[[], Connection]) -> Iterator[Session]:
        """A session on an open connection."""
        connection = connect()
        connection.open()
        session = connection.session()
        yield session
        session.close()
        connection.close()

    @pytest.fixture
    def schema(self, session: Session) -> str | None:
        """The schema that the scenarios write to."""
        return session.connection.default_schema()

    @pytest.fixture
    def target(self, schema: str | None) -> Relation:
        """A relation that does not exist, of an odd name."""
        return Relation('out of "order" – »bestellt«', schema)
